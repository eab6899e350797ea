-- What is kept of index advice: what an index is whatever its name, who may see and dismiss, what is refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- an index is known by what the server shows of it, however it was asked for
CREATE SCHEMA il_schema;
CREATE TABLE il_schema."Il table" (i int, "odd, (name" text, t text, n numeric);
CREATE TABLE il_part (i int, t text) PARTITION BY RANGE (i);
CREATE TEMP TABLE asked (ddl text);
INSERT INTO asked VALUES
    ('CREATE INDEX il_1 ON il_schema."Il table" (i)'),
    ('CREATE UNIQUE INDEX il_2 ON il_schema."Il table" (i DESC, t)'),
    ('CREATE INDEX il_3 ON il_schema."Il table" ((lower(t)), ((i + 1)) DESC NULLS LAST)'),
    ('CREATE INDEX "il ON 4" ON il_schema."Il table" ("odd, (name") INCLUDE (n, t) WHERE ((i > 5) AND ("odd, (name" = ''it''''s (;''::text))'),
    ('CREATE INDEX il_5 ON il_schema."Il table" USING hash (t) WITH (fillfactor=50)'),
    ('CREATE INDEX il_6 ON il_schema."Il table" (t COLLATE "C" text_pattern_ops) WHERE (t IS NOT NULL)'),
    ('CREATE INDEX il_7 ON public.il_part (i)');
SELECT format('%s', ddl) FROM asked \gexec
SELECT dbops._index_identity(a.ddl) COLLATE "C" AS identity, count(c.oid) AS indexes
  FROM asked AS a LEFT JOIN (pg_class AS c JOIN pg_index AS x ON x.indexrelid = c.oid)
       ON c.relname ~ '^il (ON )?\d|^il_\d' AND dbops._index_identity(pg_get_indexdef(c.oid)) = dbops._index_identity(a.ddl)
 GROUP BY 1 ORDER BY 1;
SELECT dbops._index_identity('DROP TABLE x') IS NULL AS none;

-- nothing by itself for a day; nothing in the views but databases
SELECT name, setting, unit, min_val, max_val, context FROM pg_settings WHERE name LIKE 'dbops.advise%' ORDER BY name;
SELECT count(*) FROM dbops.index_recommendations WHERE status IS NULL;

-- refused
SELECT dbops.dismiss_recommendation(-1, 'not there');
SELECT dbops.dismiss_recommendation(-1, NULL);
SELECT dbops.advise_now('no such database');
SELECT dbops.advise_now('template1');
SELECT dbops.advise_now(NULL) IS NULL AS nothing;

-- who may
CREATE ROLE il_viewer IN ROLE pg_monitor;
CREATE ROLE il_nobody;
SELECT r.rolname, has_table_privilege(r.rolname, o.name, 'SELECT') AS reads, has_table_privilege(r.rolname, o.name, 'INSERT, UPDATE, DELETE') AS writes, o.name
  FROM (VALUES ('il_viewer'), ('il_nobody')) AS r (rolname),
       (VALUES ('dbops.index_recommendations'), ('dbops.index_advice_runs'), ('dbops.dismissed_recommendations'), ('dbops.index_recommendation'), ('dbops.index_advice_run')) AS o (name)
 ORDER BY 4, 1;
SELECT p.oid::regprocedure AS function, has_function_privilege('il_viewer', p.oid, 'EXECUTE') AS viewer, has_function_privilege('il_nobody', p.oid, 'EXECUTE') AS nobody
  FROM pg_proc AS p WHERE p.pronamespace = 'dbops'::regnamespace AND p.proname IN ('dismiss_recommendation', 'advise_now', '_index_identity') ORDER BY 1::text;

-- texts of statements only for those who see them elsewhere
INSERT INTO dbops.index_recommendation (datid, datname, identity, action, ddl, undo_ddl, table_name, benefit_ms_per_day, improved, regressed, writers, confidence, reason, first_seen, last_seen, times_seen, status)
SELECT d.oid, d.datname, 'il ' || n, 'create', 'CREATE INDEX', 'DROP INDEX', 'public.t', n, '[{"query": "SELECT 1"}]', '[]', '{}', 'high', 'test', now(), now(), 1, s
  FROM pg_database AS d, (VALUES (1, 'gone'), (2, 'open'), (3, 'neutral'), (4, 'open'), (5, 'regressed'), (6, 'created')) AS v (n, s)
 WHERE d.datname = current_database();
CREATE ROLE il_reader;
GRANT USAGE ON SCHEMA dbops TO il_reader;
GRANT SELECT ON dbops.index_recommendations TO il_reader;
SET ROLE il_viewer;
SELECT status, benefit_ms_per_day, improved FROM dbops.index_recommendations WHERE reason = 'test';
SET ROLE il_reader;
SELECT count(*), count(improved) AS improved, count(regressed) AS regressed FROM dbops.index_recommendations WHERE reason = 'test';
RESET ROLE;

-- dismissed is what is open or gone; who and why is kept, and can be corrected or taken back
CREATE ROLE il_boss;
GRANT USAGE ON SCHEMA dbops TO il_boss;
GRANT EXECUTE ON FUNCTION dbops.dismiss_recommendation TO il_boss;
CREATE TEMP TABLE il_ids AS SELECT id, identity FROM dbops.index_recommendation WHERE reason = 'test';
GRANT SELECT ON il_ids TO il_boss;
SET ROLE il_boss;
SELECT count(dbops.dismiss_recommendation(id, 'first')) FROM il_ids WHERE identity IN ('il 1', 'il 4', 'il 6');
SELECT count(dbops.dismiss_recommendation(id, 'second')) FROM il_ids WHERE identity = 'il 4';
RESET ROLE;
SELECT status, benefit_ms_per_day, dismissed_reason, dismissed_by = session_user AS by_me, dismissed_at <= now() AS dated
  FROM dbops.index_recommendations WHERE reason = 'test';
DELETE FROM dbops.dismissed_recommendations WHERE reason = 'second';
SELECT status, benefit_ms_per_day FROM dbops.index_recommendations WHERE reason = 'test' AND status = 'open';
SELECT 'dbops.dismissed_recommendations'::regclass::oid = ANY (extconfig) AS is_dumped, 'dbops.index_recommendation'::regclass::oid = ANY (extconfig) AS is_not
  FROM pg_extension WHERE extname = 'dbops';

DELETE FROM dbops.index_recommendation WHERE reason = 'test';
DELETE FROM dbops.dismissed_recommendations WHERE datname = current_database();
DROP SCHEMA il_schema CASCADE;
DROP TABLE il_part;
REVOKE ALL ON SCHEMA dbops FROM il_reader, il_boss;
REVOKE ALL ON dbops.index_recommendations FROM il_reader;
REVOKE ALL ON FUNCTION dbops.dismiss_recommendation FROM il_boss;
DROP ROLE il_viewer, il_nobody, il_reader;
DROP OWNED BY il_boss;
DROP ROLE il_boss;
