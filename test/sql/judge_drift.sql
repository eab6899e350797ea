-- covers: judge/drift_facts
--
-- Settings are accepted as they are or by name, and what differs is told; only who may accepts.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
\i test/include/await.sql

CALL pg_temp.await($$status = 'unknown' AND evidence ~ 'accept_settings' FROM dbops.health WHERE check_name = 'settings drift'$$);
SELECT count(*) AS differ FROM dbops.setting_drift;

-- The first time all are accepted, whatever name is given.
SELECT scope, name, accepted_before, accepted FROM dbops.accept_settings('track_io_timing', 'first') WHERE name IN ('max_prepared_transactions', 'track_io_timing');
SELECT scope, name, setting, node = dbops.node_name() AS here, accepted_by = current_user AS by_me, note FROM dbops.accepted_settings WHERE name LIKE 'track_%' ORDER BY name;
SELECT count(*) AS changes FROM dbops.accept_settings();
CALL pg_temp.await($$status = 'ok' FROM dbops.health WHERE check_name = 'settings drift'$$);
SELECT evidence ~ '^[0-9]+ looked at$' AS looked_at, points FROM dbops.health WHERE check_name = 'settings drift';

-- What is accepted can be written by hand, as the shortest way to see a difference.
UPDATE dbops.accepted_settings SET setting = 'none' WHERE name = 'track_functions';
INSERT INTO dbops.accepted_settings (scope, datname, name, setting) VALUES ('database', 'contrib_regression', 'work_mem', '5MB');
DELETE FROM dbops.accepted_settings WHERE name = 'max_prepared_transactions';
CALL pg_temp.await($$count(*) = 3 FROM dbops.setting_drift$$);
SELECT difference, scope, datname, name, compared_with, expected, setting, accepted_by = current_user AS accepted FROM dbops.setting_drift ORDER BY name;
SELECT status, datname = current_database() AS here, object, split_part(evidence, ',', 1) AS evidence FROM dbops.health WHERE check_name = 'settings drift' ORDER BY object;
SELECT points FROM dbops.health WHERE check_name = 'settings drift' AND points > 0;

-- One of them is meant to differ, and the others are accepted.
INSERT INTO dbops.thresholds (check_name, object, enabled) VALUES ('settings drift', 'work_mem', false);
SELECT scope, name, accepted_before, accepted FROM dbops.accept_settings('track_functions');
SELECT scope, name, accepted_before, accepted FROM dbops.accept_settings('max_prepared_transactions');
SELECT scope, name, accepted_before, accepted FROM dbops.accept_settings('no_such_setting');
CALL pg_temp.await($$count(*) = 1 FROM dbops.setting_drift$$);
CALL pg_temp.await($$status = 'ok' FROM dbops.health WHERE check_name = 'settings drift'$$);
DELETE FROM dbops.thresholds;

-- Nonsense is refused.
\set VERBOSITY terse
INSERT INTO dbops.accepted_settings (scope, name, setting) VALUES ('table', 'work_mem', '5MB');
INSERT INTO dbops.accepted_settings (scope, name, setting) VALUES ('role', 'work_mem', '5MB');
INSERT INTO dbops.accepted_settings (scope, datname, name, setting) VALUES ('database', 'contrib_regression', 'work_mem', '6MB');
\set VERBOSITY default

-- Who monitors reads; who accepts must be granted it.
CREATE ROLE regress_dbops_monitor IN ROLE pg_monitor;
SET ROLE regress_dbops_monitor;
SELECT count(*) AS differ FROM dbops.setting_drift;
SELECT count(*) > 0 AS accepted FROM dbops.accepted_settings;
SELECT count(*) FROM dbops.accept_settings();
RESET ROLE;
GRANT EXECUTE ON FUNCTION dbops.accept_settings TO regress_dbops_monitor;
SET ROLE regress_dbops_monitor;
SELECT scope, name, accepted_before, accepted FROM dbops.accept_settings();
RESET ROLE;
DROP OWNED BY regress_dbops_monitor;
DROP ROLE regress_dbops_monitor;
DELETE FROM dbops.accepted_settings;
