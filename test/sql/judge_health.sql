-- covers: judge/judging judge/facts judge/term judge/thresholds judge/usual judge/subject judge/amount judge/checks
-- covers: judge/checks_machine judge/checks_server judge/checks_database judge/checks_relation
-- covers: judge/checks_statement judge/checks_setting judge/checks_self
-- covers: store/verdicts store/derived store/label_words collect/verdict
--
-- Verdicts come from facts and limits, and make a score that can be followed by hand.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
\i test/include/await.sql

-- Each check has a verdict, and a status that is one of four.
CALL pg_temp.await($$count(*) > 0 FROM dbops.health$$);
SELECT c.check_name AS not_judged FROM dbops.checks AS c LEFT JOIN dbops.health AS h USING (check_name) WHERE h.check_name IS NULL;
SELECT DISTINCT status FROM dbops.health WHERE status NOT IN ('ok', 'unknown', 'warning', 'critical');
SELECT check_name FROM dbops.checks WHERE about IS NULL OR why IS NULL OR what_to_do IS NULL OR family IS NULL OR points <= 0;
SELECT failures, error FROM dbops.tasks() WHERE task = 'judge';

-- The score is 100 less the points, and at most 49 with anything critical.
CREATE VIEW pg_temp.score AS
SELECT dbops.health_score() AS score,
       greatest(least(100 - sum(points), CASE WHEN bool_or(status = 'critical') THEN 49 ELSE 100 END), 0) AS by_hand
  FROM dbops.health;
SELECT score = by_hand AS follows FROM pg_temp.score;
CREATE VIEW pg_temp.connections AS
SELECT status, datname, object, "limit", points, evidence ~ '^connections [0-9]+, connection_limit [0-9]+' AS has_evidence,
       what_to_do, value ~ '^[0-9.]+ %$' AS has_value
  FROM dbops.health WHERE check_name = 'connections';
SELECT * FROM pg_temp.connections;

-- Limits are what the operator says.
INSERT INTO dbops.thresholds (check_name, warning) VALUES ('connections', 0);
CALL pg_temp.await($$status = 'warning' FROM pg_temp.connections$$);
SELECT * FROM pg_temp.connections;
UPDATE dbops.thresholds SET critical = 0 WHERE check_name = 'connections';
CALL pg_temp.await($$status = 'critical' FROM pg_temp.connections$$);
SELECT * FROM pg_temp.connections;
SELECT score = by_hand AS follows, score <= 49 AS hides_nothing FROM pg_temp.score;
SELECT check_name, since > now() - interval '5 minutes' AS lately FROM dbops.health WHERE check_name = 'connections';
CALL pg_temp.await($$count(*) > 0 FROM dbops.verdict_history WHERE check_name = 'connections' AND status = 'critical'$$);
SELECT DISTINCT datid, relid, object FROM dbops.verdict_history WHERE check_name = 'connections';
SELECT min(score) <= 49 AS score_went_down, max(critical) > 0 AS for_a_reason FROM dbops.health_history WHERE datid = 0;

-- Infinity is never reached, and a check can be switched off.
UPDATE dbops.thresholds SET warning = 'Infinity', critical = 'Infinity' WHERE check_name = 'connections';
CALL pg_temp.await($$status = 'ok' FROM pg_temp.connections$$);
UPDATE dbops.thresholds SET enabled = false WHERE check_name = 'connections';
CALL pg_temp.await($$count(*) = 0 FROM pg_temp.connections$$);
DELETE FROM dbops.thresholds WHERE check_name = 'connections';
CALL pg_temp.await($$count(*) = 1 FROM pg_temp.connections$$);
SELECT * FROM pg_temp.connections;

-- A database has limits and a score of its own.
INSERT INTO dbops.thresholds (check_name, datname, warning, critical) VALUES ('sessions lost', current_database(), 0, 1000000);
CALL pg_temp.await($$count(*) = 1 FROM dbops.health WHERE check_name = 'sessions lost' AND status = 'warning'$$);
SELECT status, datname = current_database() AS here, "limit", points FROM dbops.health WHERE check_name = 'sessions lost';
SELECT dbops.health_score(current_database()) = 100 - sum(database_points) AS follows
  FROM dbops.verdicts WHERE datname = current_database() HAVING bool_and(status <> 'critical');
SELECT dbops.health_score('template0');
SELECT dbops.health_score('no such database');
DELETE FROM dbops.thresholds;

-- So has an object, the closest row winning.
INSERT INTO dbops.thresholds (check_name, object, warning, critical, for_seconds) VALUES ('dbops cpu', 'sampler', 0, 1000, 0);
CALL pg_temp.await($$count(*) > 0 FROM dbops.health WHERE check_name = 'dbops cpu' AND status = 'warning'$$);
SELECT status, object, "limit" FROM dbops.health WHERE check_name = 'dbops cpu';
INSERT INTO dbops.thresholds (check_name, warning, critical, for_seconds) VALUES ('dbops cpu', 0, 1000, 0);
UPDATE dbops.thresholds SET enabled = false WHERE object = 'sampler';
CALL pg_temp.await($$bool_and(object <> 'sampler') AND bool_or(object = 'keeper') FROM dbops.health WHERE check_name = 'dbops cpu'$$);
DELETE FROM dbops.thresholds;

-- What is beyond a limit counts once it has lasted.
INSERT INTO dbops.thresholds (check_name, warning, critical, for_seconds) VALUES ('xid wraparound', 0, 'Infinity', 86400);
SELECT dbops.take_sample() IS NOT NULL AS taken;
SELECT status FROM dbops.health WHERE check_name = 'xid wraparound';
UPDATE dbops.thresholds SET for_seconds = 0;
CALL pg_temp.await($$status = 'warning' FROM dbops.health WHERE check_name = 'xid wraparound'$$);
DELETE FROM dbops.thresholds;

-- Tables are named, and gone when they are dropped.
ALTER SYSTEM SET dbops.inspect_interval = '10s';
SELECT pg_reload_conf();
INSERT INTO dbops.thresholds (check_name, for_seconds) VALUES ('dead rows', 0);
CREATE TABLE "Dead" (id int) WITH (autovacuum_enabled = off);
INSERT INTO "Dead" SELECT generate_series(1, 60000);
DELETE FROM "Dead" WHERE id <= 55000;
SELECT pg_stat_force_next_flush();
CALL pg_temp.await($$count(*) > 0 FROM dbops.health WHERE check_name = 'dead rows' AND object = 'public."Dead"'$$);
SELECT status, datname = current_database() AS here, object, value, "limit", what_to_do
  FROM dbops.health WHERE check_name = 'dead rows' AND object = 'public."Dead"';
DROP TABLE "Dead";
CALL pg_temp.await($$count(*) = 0 FROM dbops.health WHERE check_name = 'dead rows' AND object = 'public."Dead"'$$);
DELETE FROM dbops.thresholds;

ALTER SYSTEM RESET dbops.inspect_interval;
SELECT pg_reload_conf();

-- Statements that fail are named by their id and SQLSTATE.
INSERT INTO dbops.thresholds (check_name, warning) VALUES ('errors', 1);
SELECT 1 / 0 AS fails;
CALL pg_temp.await($$count(*) > 0 FROM dbops.health WHERE check_name = 'errors' AND object ~ '22012$'$$);
SELECT DISTINCT status, datname = current_database() AS here FROM dbops.health WHERE check_name = 'errors' AND object ~ '22012$';
DELETE FROM dbops.thresholds;

-- Settings that endanger data are told with the file they are in.
SELECT status, object = 'fsync' AS named, evidence ~ '^"off" in .*conf' AS told, value, "limit", points FROM dbops.health WHERE check_name = 'unsafe settings';

-- Nonsense is refused.
INSERT INTO dbops.thresholds (check_name) VALUES ('conections');
INSERT INTO dbops.thresholds (check_name) VALUES (NULL);
INSERT INTO dbops.thresholds (check_name, datname) VALUES ('connections', 'postgres');
INSERT INTO dbops.thresholds (check_name, object) VALUES ('sessions lost', 'x');
INSERT INTO dbops.thresholds (check_name, warning, critical) VALUES ('connections', 90, 80);
INSERT INTO dbops.thresholds (check_name, critical) VALUES ('connections', 70);
INSERT INTO dbops.thresholds (check_name, for_seconds) VALUES ('connections', -1);
INSERT INTO dbops.thresholds (check_name) VALUES ('connections'), ('connections');
SELECT count(*) FROM dbops.thresholds;

-- Only those who monitor may read.
CREATE ROLE regress_dbops_nobody;
CREATE ROLE regress_dbops_monitor IN ROLE pg_monitor;
SET ROLE regress_dbops_nobody;
SELECT count(*) FROM dbops.health;
SELECT dbops.health_score();
SET ROLE regress_dbops_monitor;
SELECT count(*) > 0 AS may_read, (SELECT count(*) > 0 FROM dbops.verdicts) AS numbers, (SELECT count(*) > 0 FROM dbops.checks) AS checks FROM dbops.health;
INSERT INTO dbops.thresholds (check_name) VALUES ('connections');
RESET ROLE;
DROP ROLE regress_dbops_nobody, regress_dbops_monitor;
