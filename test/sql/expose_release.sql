-- Library and extension part in every update: status() says so, and the tables can follow.
-- covers: expose/release
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

SELECT status FROM dbops.status() WHERE component = 'extension';
SELECT dbops._refresh_history() AS nothing_to_do;
SELECT dbops.take_sample() IS NOT NULL AS taken;

BEGIN;
-- a table of an older extension: a column less, which the function for steps has not either
ALTER EXTENSION dbops DROP FUNCTION dbops.filesystem_history(interval);
DROP FUNCTION dbops.filesystem_history(interval);
ALTER FOREIGN TABLE dbops.filesystem_history DROP COLUMN total_bytes, DROP COLUMN inodes_used_percent;
CREATE VIEW of_a_user AS SELECT at, free_bytes FROM dbops.filesystem_history;
-- and a family less
ALTER EXTENSION dbops DROP FUNCTION dbops.slru_history(interval);
DROP FUNCTION dbops.slru_history(interval);
ALTER EXTENSION dbops DROP FOREIGN TABLE dbops.slru_history;
DROP FOREIGN TABLE dbops.slru_history;
SELECT status, detail, what_to_do FROM dbops.status() WHERE component = 'extension';
SELECT count(*) >= 0 AS still_read FROM dbops.filesystem_history;

SELECT dbops._refresh_history();
SELECT status FROM dbops.status() WHERE component = 'extension';
SELECT dbops._refresh_history() AS nothing_more;

-- what was added is the last, has its comment, its rights, and is part of the extension
SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum) <> '' AS described
FROM pg_attribute AS a
WHERE a.attrelid = 'dbops.filesystem_history'::regclass AND a.attnum > 0
ORDER BY a.attnum DESC
LIMIT 2;
SELECT p.object, has_table_privilege('pg_monitor', p.object, 'SELECT') AS monitor,
       obj_description(p.object, 'pg_class') <> '' AS described, d.deptype
FROM (VALUES ('dbops.filesystem_history'::regclass), ('dbops.slru_history')) AS p (object)
    LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = p.object AND d.deptype = 'e';
SELECT p.object, has_function_privilege('pg_monitor', p.object, 'EXECUTE') AS monitor, d.deptype
FROM (VALUES ('dbops.filesystem_history(interval)'::regprocedure), ('dbops.slru_history(interval)')) AS p (object)
    LEFT JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.object AND d.deptype = 'e';

-- the function gives each column its own, whatever their order
SELECT count(*) > 0 AS compared, count(*) FILTER (WHERE to_jsonb(f) <> to_jsonb(t)) AS differ
FROM dbops.filesystem_history('1 min') AS f
    JOIN dbops.filesystem_history AS t ON t.step = '1 min' AND t.node = f.node AND t.at = f.at AND t.mount = f.mount;
SELECT count(*) >= 0 AS still_read FROM of_a_user;

-- versions are numbers, not texts
UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'dbops';
SELECT status, replace(detail, v.version, 'V') AS detail, what_to_do
FROM dbops.status(), (SELECT default_version AS version FROM pg_available_extensions WHERE name = 'dbops') AS v
WHERE component = 'extension';
UPDATE pg_extension SET extversion = '999.10.1' WHERE extname = 'dbops';
SELECT status, replace(detail, v.version, 'V') AS detail, what_to_do
FROM dbops.status(), (SELECT default_version AS version FROM pg_available_extensions WHERE name = 'dbops') AS v
WHERE component = 'extension';
ROLLBACK;

-- nobody else
CREATE ROLE regress_dbops_monitor IN ROLE pg_monitor;
SET ROLE regress_dbops_monitor;
SELECT dbops._refresh_history();
SELECT status FROM dbops.status() WHERE component = 'extension';
RESET ROLE;
DROP ROLE regress_dbops_monitor;
