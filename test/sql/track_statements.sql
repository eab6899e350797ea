-- Every statement is accounted for once: at its own level, whatever carries it.
-- covers: track/hooks track/nesting track/cursors

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- Texts come from pg_stat_statements, which must know nested statements for that.
SET pg_stat_statements.track = 'all';

CREATE VIEW recorded AS
SELECT s.toplevel,
       s.calls,
       s.rows,
       s.errors,
       dbops.count(s.exec_histogram) AS latencies,
       s.total_exec_ms > 0 AS timed,
       left(regexp_replace(p.query, '\s+', ' ', 'g'), 60) AS query
  FROM dbops._tracked_statements() AS s
  JOIN pg_stat_statements AS p USING (queryid, toplevel, userid)
 WHERE s.datid = p.dbid AND p.query ~ 'trk_' AND p.query !~ 'recorded'
   AND s.datid = (SELECT oid FROM pg_database WHERE datname = current_database());

CREATE TABLE trk_table AS SELECT i, i AS j FROM generate_series(1, 1000) AS i;
ALTER TABLE trk_table ADD CONSTRAINT trk_key PRIMARY KEY (i);

-- plain statements, and one that differs by a constant only
SELECT count(*) AS trk_plain FROM trk_table WHERE i <= 3;
SELECT count(*) AS trk_plain FROM trk_table WHERE i <= 5;
UPDATE trk_table SET j = j + 1 WHERE i BETWEEN 1 AND 7;
-- (from 18 on the query inside CREATE TABLE AS is a nested statement of its own)
SELECT * FROM recorded WHERE toplevel ORDER BY query COLLATE "C";

-- a nested statement is recorded at its own level, not at that of its caller
CREATE FUNCTION trk_nested(n int) RETURNS bigint LANGUAGE plpgsql AS
    $$BEGIN RETURN (SELECT count(*) AS trk_inner FROM trk_table WHERE i > n); END$$;
SELECT trk_nested(1) > 0 AS yes, trk_nested(2) > 0 AS yes;
SELECT * FROM recorded WHERE query ~ 'trk_inner|SELECT trk_nested' ORDER BY query COLLATE "C";

-- the statement of a trigger is nested in what fired it
CREATE TABLE trk_log (i int);
CREATE FUNCTION trk_fire() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO trk_log VALUES (new.i); RETURN NULL; END$$;
CREATE TRIGGER trk_trigger AFTER INSERT ON trk_table FOR EACH ROW EXECUTE FUNCTION trk_fire();
INSERT INTO trk_table SELECT i FROM generate_series(1001, 1004) AS i;
SELECT * FROM recorded WHERE query ~ '^INSERT' ORDER BY query COLLATE "C";

-- a prepared statement is recorded in the place of its EXECUTE
PREPARE trk_prepared AS SELECT j AS trk_prep FROM trk_table WHERE i = $1;
EXECUTE trk_prepared(1);
EXECUTE trk_prepared(2);
DEALLOCATE trk_prepared;
SELECT * FROM recorded WHERE query ~* 'trk_prep' ORDER BY query COLLATE "C";

-- what a cursor fetches belongs to its query, however it is fetched and ended
BEGIN;
DECLARE trk_cursor CURSOR FOR SELECT i FROM trk_table ORDER BY i;
FETCH 2 FROM trk_cursor;
MOVE 10 IN trk_cursor;
FETCH 3 FROM trk_cursor;
CLOSE trk_cursor;
DECLARE trk_open CURSOR FOR SELECT j FROM trk_table ORDER BY i;
FETCH 1 FROM trk_open;
COMMIT;
BEGIN;
DECLARE trk_hold CURSOR WITH HOLD FOR SELECT i + j FROM trk_table;
COMMIT;
FETCH 1 FROM trk_hold;
CLOSE trk_hold;
SELECT calls, rows, latencies, left(query, 40) AS query FROM recorded
 WHERE query ~* 'cursor' ORDER BY query COLLATE "C";
SELECT count(*) FROM dbops._tracked_statements() AS s JOIN pg_stat_statements AS p USING (queryid)
 WHERE p.query ~* '^(fetch|move|close)';

-- COPY, and the query in it
COPY trk_table TO '/dev/null';
COPY (SELECT i AS trk_copied FROM trk_table WHERE i <= 10) TO '/dev/null';
SELECT * FROM recorded WHERE query ~* '^copy|trk_copied' ORDER BY query COLLATE "C", toplevel;

-- utility statements; EXPLAIN runs its query only with ANALYZE
CREATE TABLE trk_utility (i int);
EXPLAIN (costs off) SELECT i AS trk_explained, i FROM trk_utility;
\o /dev/null
EXPLAIN (analyze) SELECT i AS trk_analyzed FROM trk_utility;
\o
DROP TABLE trk_utility;
SELECT * FROM recorded WHERE query ~* 'trk_(utility|explained|analyzed)'
 ORDER BY query COLLATE "C", toplevel;

-- a procedure that commits keeps its level
CREATE PROCEDURE trk_procedure() LANGUAGE plpgsql AS $$
BEGIN
    FOR k IN 1..3 LOOP
        UPDATE trk_table SET j = k WHERE i = k;
        COMMIT;
    END LOOP;
END$$;
CALL trk_procedure();
SELECT i AS trk_after FROM trk_table WHERE i = 1;
SELECT * FROM recorded WHERE query ~ 'CALL|SET j = k|trk_after' ORDER BY query COLLATE "C";

-- parallel workers run the hooks too, and are not counted
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT sum(j) > 0 AS trk_parallel FROM trk_table;
RESET max_parallel_workers_per_gather;
SELECT * FROM recorded WHERE query ~ 'trk_parallel';

-- a very long text is one statement like any other
DO $$BEGIN EXECUTE 'SELECT /* ' || repeat('x', 200000) || ' */ i AS trk_long, j, i FROM trk_table'; END$$;
SELECT s.calls, s.toplevel, length(p.query) > 200000 AS long
  FROM dbops._tracked_statements() AS s JOIN pg_stat_statements AS p USING (queryid, toplevel)
 WHERE p.query ~ 'trk_long' AND p.query !~ '_tracked|^DO';

-- the setting
SET dbops.track = off;
SELECT 1 AS trk_untracked FROM trk_table WHERE i = 1;
SET dbops.track = on;
SELECT count(*) FROM recorded WHERE query ~ 'trk_untracked';
SET dbops.track_planning = off;
SELECT 2 AS trk_a, 3 AS trk_unplanned FROM trk_table WHERE i = 1;
RESET dbops.track_planning;
SELECT 3 AS trk_a, 3 AS trk_b, 3 AS trk_planned FROM trk_table WHERE i = 1;
SELECT s.calls, s.plans, dbops.count(s.plan_histogram) AS latencies, p.query
  FROM dbops._tracked_statements() AS s JOIN pg_stat_statements AS p USING (queryid)
 WHERE p.query ~ 'trk_(un)?planned' AND p.query !~ '_tracked' ORDER BY p.query COLLATE "C";

-- counters and histogram agree for every statement
SELECT count(*) FILTER (WHERE calls <> coalesce(dbops.count(exec_histogram), 0)) AS differ,
       count(*) FILTER (WHERE plans <> coalesce(dbops.count(plan_histogram), 0)) AS differ_plan,
       count(*) > 0 AS some
  FROM dbops._tracked_statements() AS s
 WHERE s.datid = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT statements <= max_statements AS fits, not_admitted, pages_exhausted, order_is_right
  FROM dbops._track_state();

-- nobody but pg_monitor
CREATE ROLE trk_nobody;
SELECT has_function_privilege('trk_nobody', 'dbops._tracked_statements()', 'EXECUTE') AS nobody,
       has_function_privilege('pg_monitor', 'dbops._tracked_statements()', 'EXECUTE') AS monitor;
DROP ROLE trk_nobody;

DROP VIEW recorded;
DROP TABLE trk_table, trk_log;
DROP FUNCTION trk_nested(int), trk_fire();
DROP PROCEDURE trk_procedure();
