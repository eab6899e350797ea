-- covers: store/object_batch collect/dictionary worker/inspector worker/visit worker/relation_files
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
ALTER SYSTEM SET dbops.inspect_interval = '10s';
ALTER SYSTEM SET dbops.wide_interval = '1s';
SELECT pg_reload_conf();

\i test/include/await.sql

CREATE SCHEMA objects_test;
CREATE TABLE objects_test.parent (id integer PRIMARY KEY, word text);
CREATE INDEX parent_word ON objects_test.parent (lower(word)) WHERE id > 0;
CREATE TABLE objects_test.parted (a integer) PARTITION BY RANGE (a);
CREATE TABLE objects_test.part PARTITION OF objects_test.parted FOR VALUES FROM (0) TO (9);

-- Relations of this database are learned with kind, parent and definition.
CALL pg_temp.await($$ EXISTS (
    SELECT FROM dbops.objects WHERE schemaname = 'objects_test' AND objname = 'part') $$);
SELECT kind, objname, parentname, definition, is_unique, is_primary, is_valid, has_constraint
FROM dbops.objects
WHERE datname = current_database() AND schemaname = 'objects_test'
ORDER BY kind, objname;

-- TOAST tables have the table as parent.
SELECT kind FROM dbops.objects
WHERE datname = current_database() AND parentname = 'parent' AND schemaname = 'pg_toast';

-- Databases and roles are learned, templates too.
SELECT kind, objname FROM dbops.objects
WHERE objname IN ('template0', 'template1', 'pg_monitor') ORDER BY objname;

-- A renamed table keeps its row, a dropped one its name.
ALTER TABLE objects_test.parent RENAME TO renamed;
DROP TABLE objects_test.parted;
CALL pg_temp.await($$ (
    SELECT count(*) = 3 FROM dbops.objects
    WHERE datname = current_database() AND schemaname = 'objects_test'
        AND (objname = 'renamed' OR dropped_at IS NOT NULL)) $$);
SELECT kind, objname, dropped_at IS NOT NULL AS dropped
FROM dbops.objects
WHERE datname = current_database() AND schemaname = 'objects_test'
ORDER BY kind, objname;

-- The text of a statement is learned once it was seen.
SELECT 4711 AS objects_statement;
CALL pg_temp.await($$ EXISTS (
    SELECT FROM dbops.objects WHERE kind = 'statement'
        AND definition LIKE 'SELECT $1 AS objects_statement%') $$);

-- An object cannot be in the table twice, and the class keeps number spaces apart.
\set VERBOSITY terse
INSERT INTO dbops.object (class, datid, objid, kind, first_seen_at, last_seen_at)
SELECT 's', datid, objid, 'statement', now(), now() FROM dbops.object
WHERE class = 's' LIMIT 1;
INSERT INTO dbops.object (class, datid, objid, kind, first_seen_at, last_seen_at)
VALUES ('x', 1, 1, 'nothing', now(), now());

\set VERBOSITY default

-- Names are for those who monitor; texts of statements only with pg_read_all_stats.
CREATE ROLE objects_reader;
SET ROLE objects_reader;
SELECT count(*) FROM dbops.objects;
RESET ROLE;
GRANT USAGE ON SCHEMA dbops TO objects_reader;
GRANT SELECT ON dbops.objects TO objects_reader;
SET ROLE objects_reader;
SELECT count(*) > 0 AS names, count(definition) AS texts
FROM dbops.objects WHERE kind = 'statement';
SELECT count(*) FROM dbops.object;
RESET ROLE;
REVOKE ALL ON dbops.objects FROM objects_reader;
REVOKE ALL ON SCHEMA dbops FROM objects_reader;
GRANT pg_monitor TO objects_reader;
SET ROLE objects_reader;
SELECT count(definition) > 0 AS texts FROM dbops.objects WHERE kind = 'statement';
RESET ROLE;
DROP ROLE objects_reader;

ALTER SYSTEM RESET dbops.inspect_interval;
ALTER SYSTEM RESET dbops.wide_interval;
SELECT pg_reload_conf();
SET client_min_messages = warning;
DROP SCHEMA objects_test CASCADE;
