-- The README names every function, view, table and setting there is for users, and none that does not exist.
-- covers: core/guc
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
\set readme `cat "$PG_ABS_SRCDIR"/../README.md`
CREATE TEMP TABLE readme AS SELECT :'readme'::text AS content;
CREATE TEMP TABLE named AS
SELECT DISTINCT n[1] AS name
  FROM readme, regexp_matches(content, '\mdbops\.([a-z][a-z_0-9]*)', 'g') AS n;
-- What users may use: not the input and output of types, nor what begins with _.
CREATE TEMP TABLE offered AS
SELECT c.relname::text AS name,
       c.relkind = 'f' AND c.relname ~ '_history$' AS is_history, c.relkind = 'f' AND c.relname ~ '_now$' AS is_now
  FROM pg_class AS c
 WHERE c.relnamespace = 'dbops'::regnamespace AND c.relname !~ '^_' AND has_table_privilege('pg_monitor', c.oid, 'SELECT')
UNION
SELECT p.proname, p.proname ~ '_history$', false
  FROM pg_proc AS p
 WHERE p.pronamespace = 'dbops'::regnamespace AND p.proname !~ '^(_|histogram_)'
UNION
SELECT substr(s.name, 7), false, false
  FROM pg_settings AS s
 WHERE s.name LIKE 'dbops.%';
SELECT count(*) > 30 AS there_is_something FROM offered;

-- Tables of the present share one line; histories may be named without the schema, in a list.
SELECT name AS not_in_the_readme
  FROM offered, readme
 WHERE NOT is_now AND name NOT IN (SELECT name FROM named)
   AND NOT (is_history AND content ~ ('`' || name || '`'))
 ORDER BY 1;
SELECT name AS does_not_exist
  FROM named
 WHERE name NOT IN (SELECT name FROM offered)
 ORDER BY 1;
-- So do histories in a list.
SELECT n[1] AS does_not_exist
  FROM readme, regexp_matches(content, '`([a-z_]+_(history|now))`', 'g') AS n
 WHERE n[1] NOT IN (SELECT name FROM offered);

-- Every setting has a line with its default, in its own unit.
SELECT s.name AS not_in_the_table_of_settings
  FROM pg_settings AS s, readme
 WHERE s.name LIKE 'dbops.%' AND content !~ ('\| `' || s.name || '` \|')
 ORDER BY 1;
SELECT s.name, stated[1] AS stated, s.boot_val, s.unit
  FROM readme, regexp_matches(content, '\n\| `(dbops\.[a-z_]+)` \| `([^`]+)`', 'g') AS line,
       LATERAL (SELECT ARRAY[line[2]] AS stated) AS l,
       pg_settings AS s
 WHERE s.name = line[1]
   AND CASE s.unit
           WHEN 's' THEN extract(epoch FROM stated[1]::interval) <> s.boot_val::bigint
           WHEN 'min' THEN extract(epoch FROM stated[1]::interval) <> s.boot_val::bigint * 60
           WHEN 'ms' THEN extract(epoch FROM stated[1]::interval) * 1000 <> s.boot_val::numeric
           WHEN 'kB' THEN pg_size_bytes(stated[1]) <> s.boot_val::bigint * 1024
           WHEN 'MB' THEN pg_size_bytes(stated[1]) <> s.boot_val::bigint * 1024 * 1024
           ELSE stated[1] <> s.boot_val
       END;
-- Its last column says when a change takes effect.
SELECT s.name, s.context, line[2] AS stated
  FROM readme, regexp_matches(content, '\n\| `(dbops\.[a-z_]+)` \|[^\n]*\| ([^|\n]+) \|', 'g') AS line,
       pg_settings AS s
 WHERE s.name = line[1]
   AND line[2] IS DISTINCT FROM CASE s.context
           WHEN 'postmaster' THEN 'restart'
           WHEN 'sighup' THEN 'reload'
           WHEN 'superuser' THEN 'session, superuser'
       END;
