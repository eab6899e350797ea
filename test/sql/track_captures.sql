-- One execution of each statement as it was sent, for those who may see it.
-- covers: track/capture_arena track/capture_reader track/capture_explain track/parameters track/utility core/encoding

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

CREATE VIEW samples AS
SELECT s.*
  FROM (SELECT DISTINCT t.queryid FROM dbops._tracked_statements() AS t) AS q,
       dbops.statement_sample(q.queryid) AS s
 WHERE s.datname = current_database();

CREATE SCHEMA cap_schema;
CREATE TABLE cap_table (i int PRIMARY KEY, word text);
CREATE TABLE cap_schema.cap_other (i int);
INSERT INTO cap_table SELECT i, 'w' || i FROM generate_series(1, 100) AS i;

-- the text as it was sent, literals and all; the first execution stays until one is slower
SELECT count(*) AS cap_first FROM cap_table WHERE word = 'w7';
SELECT query, toplevel, truncated, rolname = current_user AS mine, session_rolname = session_user AS by_me,
       search_path, parameter_types, parameter_values, duration_ms > 0 AS timed,
       captured_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS lately
  FROM samples WHERE query ~ '^SELECT count.*cap_first';

-- of several statements in a string, each has its own part
SELECT 1, 1, 1, 1 AS cap_one\; /* before */ SELECT 2 AS cap_two, 'a;b' /* inside */ AS s -- after
 \; SELECT 3 AS cap_one, 3, 3 ;
-- (a comment before it is part of it before 18)
SELECT regexp_replace(query, '^/[*] before [*]/ ', '') AS query FROM samples WHERE query ~ 'SELECT \d AS cap_'
 ORDER BY substring(query FROM 'AS cap.*') COLLATE "C";

-- a slower execution takes the place of a quick one
CREATE FUNCTION cap_work(n int) RETURNS bigint LANGUAGE plpgsql AS
    $$DECLARE r bigint := 0; BEGIN FOR k IN 1..n LOOP r := r + k % 7; END LOOP; RETURN r; END$$;
SELECT cap_work(1) > 0 AS yes;
SELECT cap_work(300000) > 0 AS yes;
SELECT cap_work(2) > 0 AS yes;
SELECT query FROM samples WHERE query ~ '^SELECT cap_work';

-- search_path and role
CREATE ROLE cap_role;
GRANT USAGE ON SCHEMA cap_schema TO cap_role;
GRANT SELECT ON cap_schema.cap_other TO cap_role;
SET search_path = cap_schema, "$user", public;
SET ROLE cap_role;
SELECT i AS cap_path FROM cap_other;
RESET ROLE;
RESET search_path;
SELECT query, search_path, rolname, session_rolname = session_user AS by_me, explain
  FROM samples WHERE query ~ '^SELECT i AS cap_path';

-- (the test's own role has any name)
SET search_path = public;

-- parameters: their types always, their values when asked for
PREPARE cap_plain(int, text) AS SELECT word AS cap_prepared FROM cap_table WHERE i = $1 AND word = $2;
EXECUTE cap_plain(7, 'w7');
SET dbops.capture_values = on;
CREATE TYPE cap_type AS ENUM ('a', 'b');
PREPARE cap_values(int, text, numeric, date, int[], text[], cap_type, boolean, bytea, numeric, int) AS
SELECT word AS cap_valued FROM cap_table
 WHERE i = $1 AND word <> $2 AND i < $3 AND current_date > $4 AND i = ANY ($5) AND word <> ALL ($6)
   AND $7 = 'a' AND $8 AND $9 IS NOT NULL AND $10 IS NOT NULL AND $11 IS NULL;
EXECUTE cap_values(7, E'it''s "a" \\ back', 12.50, '2020-02-29', '{7,8}', ARRAY['x', E'q"\\', NULL], 'a', true,
                   '\x00ff', 1e100000, NULL);
PREPARE cap_few(int, text) AS SELECT i AS cap_few, word FROM cap_table WHERE i = $1 AND word <> $2;
EXECUTE cap_few(3, E'o''clock');
RESET dbops.capture_values;
SELECT query, parameter_types, parameter_values, explain FROM samples
 WHERE query ~ '^PREPARE cap_(plain|few)' ORDER BY query COLLATE "C";
SELECT v.*
  FROM samples, unnest(parameter_types, parameter_values) WITH ORDINALITY AS v(type, value, number)
 WHERE query ~ '^PREPARE cap_values' ORDER BY number;
DEALLOCATE ALL;

-- what explain offers runs
SELECT replace(explain, 'EXPLAIN', 'EXPLAIN (COSTS OFF)') AS explain FROM samples WHERE query ~ '^PREPARE cap_few' \gset
SET enable_seqscan = off;
:explain
SELECT replace(explain, 'EXPLAIN', 'EXPLAIN (COSTS OFF)') AS explain FROM samples WHERE query ~ '^PREPARE cap_plain' \gset
:explain
RESET enable_seqscan;
-- and it has nothing to offer for what EXPLAIN does not take, or what names variables
SELECT count(*) FILTER (WHERE explain IS NOT NULL) AS offered, count(*) > 3 AS some
  FROM samples WHERE query ~* '^(CREATE|ALTER|SET|RESET|DEALLOCATE)';
SELECT max(i) AS cap_commented FROM cap_table /* last */;
SELECT replace(explain, 'EXPLAIN', 'EXPLAIN (COSTS OFF)') AS explain FROM samples WHERE query ~ '^SELECT max.*cap_commented' \gset
\echo :explain

-- statements in functions, with the text their function has
CREATE FUNCTION cap_nested(n int) RETURNS bigint LANGUAGE plpgsql AS
    $$BEGIN RETURN (SELECT count(*) AS cap_inner FROM cap_table WHERE i > n); END$$;
SELECT cap_nested(50);
DO $$BEGIN PERFORM count(*) AS cap_block FROM cap_table; END$$;
CREATE FUNCTION cap_sql(int) RETURNS bigint LANGUAGE sql VOLATILE AS
    $$SELECT 1; SELECT count(*) AS cap_function FROM cap_table WHERE i < $1$$;
SELECT cap_sql(50);
SELECT toplevel, query, parameter_types, explain IS NOT NULL AS explained FROM samples
 WHERE query ~ 'AS cap_(inner|block|function)' AND query !~* '^CREATE'
 ORDER BY query COLLATE "C";

-- a function in SQL may end after the arguments it was given are gone: of those only numbers are kept
SET dbops.capture_values = on;
CREATE FUNCTION cap_rows(int, text) RETURNS SETOF text LANGUAGE sql VOLATILE AS
    $$SELECT word AS cap_lazy FROM cap_table WHERE i < $1 AND word <> $2$$;
SELECT cap_rows(50, word) FROM cap_table LIMIT 1;
RESET dbops.capture_values;
SELECT parameter_types, parameter_values FROM samples WHERE query ~ '^SELECT word AS cap_lazy';
DROP FUNCTION cap_rows(int, text);

-- cursors
BEGIN;
DECLARE cap_cursor CURSOR FOR SELECT i AS cap_fetched FROM cap_table ORDER BY i;
FETCH 2 FROM cap_cursor;
COMMIT;
SELECT toplevel, query FROM samples WHERE query ~ 'AS cap_fetched';

-- statements that only ever fail: while they are planned, started and run, and nested ones
SELECT 1 AS cap_f1 FROM cap_table WHERE i = 1 / 0;
SET ROLE cap_role;
SELECT 2 AS cap_f2 FROM public.cap_table;
RESET ROLE;
SELECT 3 AS cap_f3, i / (i - i) FROM cap_table\; SELECT 4 AS cap_never;
INSERT INTO cap_table VALUES (1, 'cap_f5');
DROP TABLE cap_f6;
PREPARE cap_f7(int) AS SELECT 7 AS cap_f7, 1 / $1;
EXECUTE cap_f7(0);
DO $$
BEGIN
    PERFORM 8 AS cap_f8, i / (i - i) FROM cap_table;
EXCEPTION WHEN division_by_zero THEN
    NULL;
END$$;
-- and those that are no statement at all
SELEC 9 AS cap_f9;
SELECT cap_f10 FROM cap_table;
SELECT e.sqlstate, e.queryid <> 0 AS statement, e.toplevel, e.query FROM dbops.errors AS e
 WHERE e.datname = current_database() AND e.query ~ 'cap_f\d' AND e.query !~* '^DO'
 ORDER BY substring(e.query FROM 'cap_f\d+') COLLATE "C";
SELECT query, duration_ms FROM samples WHERE query ~ 'cap_f3';

-- once it ends well that is what is shown
CREATE TABLE cap_later AS SELECT 0 AS divisor;
SELECT 100 / divisor AS cap_mended FROM cap_later WHERE divisor < 1000;
UPDATE cap_later SET divisor = 1;
SELECT 100 / divisor AS cap_mended FROM cap_later WHERE divisor < 2000;
SELECT query, duration_ms > 0 AS ended FROM samples WHERE query ~ '^SELECT.*cap_mended';

-- passwords are not kept
CREATE ROLE cap_secret PASSWORD 'cap_password';
ALTER ROLE cap_secret PASSWORD 'cap_password';
ALTER SYSTEM SET cap_conninfo = 'password=cap_password';
SELECT count(*) FROM samples WHERE query ~ '^(CREATE|ALTER).*cap_password';
DROP ROLE cap_secret;

-- a very long text is cut, and then not to be explained
DO $$BEGIN EXECUTE 'SELECT /* ' || repeat('z', 200000) || ' */ i AS cap_long FROM cap_table'; END$$;
SELECT length(query), truncated, explain FROM samples WHERE query ~ '^SELECT /. zzz';

-- three roles: one that reads all statistics, the statement's own, and one that has nothing to do with it
CREATE ROLE cap_monitor IN ROLE pg_monitor;
CREATE ROLE cap_stranger;
GRANT USAGE ON SCHEMA dbops TO cap_role, cap_stranger;
GRANT EXECUTE ON FUNCTION dbops.statement_sample(bigint), dbops._captured_statements() TO cap_role, cap_stranger;
SELECT queryid AS id FROM dbops._captured_statements() WHERE query ~ '^SELECT i AS cap_path' \gset
SET ROLE cap_monitor;
SELECT rolname, query, search_path FROM dbops.statement_sample(:id);
SET ROLE cap_role;
SELECT rolname, query, search_path FROM dbops.statement_sample(:id);
SET ROLE cap_stranger;
SELECT * FROM (SELECT datname = current_database() AS here, rolname, toplevel, query, truncated, session_rolname, search_path,
       parameter_types, parameter_values, duration_ms, explain FROM dbops.statement_sample(:id)) AS s;
SELECT count(*) FILTER (WHERE userid <> 'cap_stranger'::regrole AND query <> '<insufficient privilege>') AS leaks
  FROM dbops._captured_statements();
SET dbops.capture_values = on;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION dbops.statement_sample(bigint), dbops._captured_statements() FROM cap_role, cap_stranger;
REVOKE USAGE ON SCHEMA dbops FROM cap_role, cap_stranger;
SET ROLE cap_stranger;
SELECT dbops.statement_sample(1);
RESET ROLE;

-- the memory
SELECT captures > 10 AS some, used_bytes BETWEEN 10 * 256 AND capacity_bytes AS used, capacity_bytes
  FROM dbops._capture_state();

-- not an id of anything
SELECT count(*) FROM dbops.statement_sample(0);
SELECT count(*) FROM dbops.statement_sample(-1234567890123);

DROP VIEW samples;
DROP TABLE cap_table, cap_later;
DROP TABLE cap_schema.cap_other;
DROP SCHEMA cap_schema;
DROP TYPE cap_type;
DROP FUNCTION cap_work(int), cap_nested(int), cap_sql(int);
DROP ROLE cap_role, cap_monitor, cap_stranger;
RESET search_path;
