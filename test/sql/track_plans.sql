-- Which plans statements run by: the shapes, their texts, and what counts as the same plan.
-- covers: track/plan_text track/plan_columns track/text_cells

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- Texts of statements come from pg_stat_statements, which must know nested statements for that.
SET pg_stat_statements.track = 'all';
SET max_parallel_workers_per_gather = 0;

-- The plans of statements of this test in the order they began.
CREATE VIEW pln AS
SELECT s.toplevel,
       sum(t.calls) AS calls,
       sum(dbops.count(t.exec_histogram)) AS latencies,
       bool_and(t.total_exec_ms > 0) AS timed,
       substring(s.query FROM 'pln_[a-z_]+') AS statement,
       t.planid, t.queryid, max(t.plan) AS plan, min(t.first_seen_at) AS first_seen_at
  FROM dbops._tracked_plans() AS t
  JOIN pg_stat_statements AS s USING (queryid, userid, toplevel)
 WHERE s.dbid = t.datid AND s.query ~ 'pln_' AND s.query !~ 'FROM pln$|FROM pln |_tracked_plans'
   AND t.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
 GROUP BY s.toplevel, substring(s.query FROM 'pln_[a-z_]+'), t.planid, t.queryid;

CREATE TABLE tracked (i int PRIMARY KEY, a int, b text);
INSERT INTO tracked SELECT i, i % 100, 'x' FROM generate_series(1, 10000) AS i;
CREATE INDEX tracked_a ON tracked (a);
CREATE TABLE other (i int PRIMARY KEY, k int);
INSERT INTO other SELECT i, i FROM generate_series(1, 1000) AS i;
VACUUM ANALYZE tracked, other;

-- one plan, whatever the constant; another when the index is gone
SET enable_bitmapscan = off;
SET enable_seqscan = off;
SELECT count(b) AS pln_point FROM tracked WHERE a = 5;
SELECT count(b) AS pln_point FROM tracked WHERE a = 7;
DROP INDEX tracked_a;
SELECT count(b) AS pln_point FROM tracked WHERE a = 5;
RESET enable_bitmapscan;
RESET enable_seqscan;
SELECT calls, latencies, timed, plan FROM pln WHERE statement = 'pln_point' ORDER BY first_seen_at;
CREATE INDEX tracked_a ON tracked (a);

-- with an index made anew under its name the plan is the same
SELECT b AS pln_anew FROM other JOIN tracked USING (i) WHERE i = 5;
REINDEX INDEX CONCURRENTLY tracked_pkey;
SELECT b AS pln_anew FROM other JOIN tracked USING (i) WHERE i = 5;
SELECT calls, latencies, plan FROM pln WHERE statement = 'pln_anew';

-- methods of joins, sorts and groups; names of columns from below
\o /dev/null
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT t.a, o.k AS pln_outer FROM other AS o LEFT JOIN tracked AS t ON t.i = o.k ORDER BY o.k;
SELECT count(*) AS pln_inner FROM other JOIN tracked USING (i);
SET enable_hashjoin = on; SET enable_nestloop = off;
SELECT count(*) AS pln_inner FROM other JOIN tracked USING (i);
SET enable_hashjoin = off; SET enable_mergejoin = on;
SELECT count(*) AS pln_inner FROM other JOIN tracked USING (i);
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop; RESET enable_memoize;
SET enable_hashagg = off;
SELECT a, count(*) AS pln_grouped FROM tracked GROUP BY a;
SET enable_hashagg = on; SET enable_sort = off; SET enable_indexscan = off; SET enable_indexonlyscan = off;
SELECT a, count(*) AS pln_grouped FROM tracked GROUP BY a;
RESET enable_hashagg; RESET enable_sort; RESET enable_indexscan; RESET enable_indexonlyscan;
SELECT i AS pln_backward FROM tracked ORDER BY i DESC LIMIT 3;
SET enable_seqscan = off;
SET enable_indexscan = off;
SELECT b AS pln_bitmap FROM tracked WHERE a = 3 OR i = 9;
RESET enable_indexscan;
RESET enable_seqscan;
WITH pln_subplans AS MATERIALIZED (SELECT * FROM other WHERE k < 9)
SELECT (SELECT count(*) FROM other) FROM pln_subplans AS p;
\o
SELECT substring(plan FROM 'Nested Loop|Hash Join|Merge Join') AS method, count(*) FROM pln
 WHERE statement = 'pln_inner' GROUP BY 1 ORDER BY min(first_seen_at);
SELECT statement, plan FROM pln WHERE statement ~ 'outer|grouped|backward|bitmap|subplans' ORDER BY first_seen_at;

-- changes
UPDATE tracked SET b = 'pln_update' WHERE i = 6;
DELETE FROM other WHERE i = 6 AND k <> 0 AND 'pln_delete' <> '';
INSERT INTO other VALUES (6, length('pln_insert'));
INSERT INTO other VALUES (6, length('pln_upsert')) ON CONFLICT (i) DO UPDATE SET k = 6;
SELECT o.plan FROM dbops._tracked_plans() AS o JOIN pg_stat_statements AS s USING (queryid, userid, toplevel)
 WHERE s.query ~ '^(UPDATE tracked|DELETE FROM other|INSERT INTO other VALUES)' AND o.toplevel ORDER BY o.first_seen_at;

-- partitions are not told apart: which and how many are read, and when that was found out
CREATE TABLE parted (d int, k int) PARTITION BY RANGE (d);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
CREATE TABLE parted_3 PARTITION OF parted FOR VALUES FROM (200) TO (300);
INSERT INTO parted SELECT i % 300, i FROM generate_series(1, 30000) AS i;
CREATE INDEX ON parted (k);
VACUUM ANALYZE parted;
SET enable_seqscan = off; SET enable_bitmapscan = off;
\o /dev/null
SELECT k AS pln_parted FROM parted WHERE d >= 5 AND d < 6 AND k = 5;
SELECT k AS pln_parted FROM parted WHERE d >= 105 AND d < 106 AND k = 5;
SELECT k AS pln_parted FROM parted WHERE d >= 5 AND d < 106 AND k = 5;
SELECT k AS pln_parted FROM parted WHERE d >= 5 AND d < 1000 AND k = 5;
PREPARE of_partitions(int) AS SELECT k AS pln_pruned FROM parted WHERE d = $1 AND k = 5;
SET plan_cache_mode = force_generic_plan;
EXECUTE of_partitions(5); EXECUTE of_partitions(105); EXECUTE of_partitions(205); EXECUTE of_partitions(1000);
SET plan_cache_mode = force_custom_plan;
EXECUTE of_partitions(5); EXECUTE of_partitions(105);
DEALLOCATE of_partitions;
\o
RESET enable_seqscan; RESET enable_bitmapscan;
SELECT sum(calls) AS calls, statement, plan FROM pln WHERE statement ~ 'parted|pruned'
 GROUP BY statement, plan ORDER BY min(first_seen_at);

-- the generic and the custom plan of a prepared statement; a cached one is counted each time, and
-- one that was made anew is another
PREPARE prepared(int) AS SELECT count(*) AS pln_prepared FROM tracked WHERE i < $1;
\o /dev/null
SET enable_bitmapscan = off; SET enable_indexonlyscan = off;
SET plan_cache_mode = force_custom_plan;
EXECUTE prepared(3); EXECUTE prepared(4);
SET plan_cache_mode = force_generic_plan; SET enable_indexscan = off;
EXECUTE prepared(3); EXECUTE prepared(4); EXECUTE prepared(5);
RESET enable_indexscan;
EXECUTE prepared(6);
SET enable_seqscan = off;
ALTER TABLE tracked ADD COLUMN c int;
EXECUTE prepared(7); EXECUTE prepared(8);
RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_indexonlyscan; RESET plan_cache_mode;
\o
DEALLOCATE prepared;
SELECT calls, latencies, plan FROM pln WHERE statement = 'pln_prepared' ORDER BY first_seen_at;

-- plans in functions, and of cursors
CREATE FUNCTION in_function(n int) RETURNS text LANGUAGE plpgsql AS
    $$DECLARE r text; BEGIN SELECT b AS pln_function INTO r FROM tracked WHERE i = n; RETURN r; END$$;
SELECT count(in_function(i)) FROM generate_series(1, 9) AS i;
BEGIN;
DECLARE pln_cursor CURSOR FOR SELECT i FROM tracked ORDER BY i;
FETCH 2 FROM pln_cursor;
MOVE 5 IN pln_cursor;
CLOSE pln_cursor;
COMMIT;
SELECT toplevel, calls, plan FROM pln WHERE statement ~ 'function|cursor' ORDER BY first_seen_at;

-- parallel workers do not count
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT sum(a) > 0 AS pln_parallel FROM tracked;
SET max_parallel_workers_per_gather = 0;
SELECT calls, plan FROM pln WHERE statement = 'pln_parallel';

-- what was only explained, failed, or was not to be recorded has no plan
EXPLAIN (costs off) SELECT i AS pln_explained FROM other WHERE i = 1;
SELECT 1 / (i - i) AS pln_failed FROM other;
SET dbops.track_plans = off;
SELECT i AS pln_off FROM other WHERE i = 1;
RESET dbops.track_plans;
SELECT count(*) FROM pln WHERE statement ~ 'explained|failed|off';

-- names as they are, and a text that is too long is cut
CREATE TABLE "a ""size"", in cm" (i int);
SELECT count(*) AS pln_name FROM "a ""size"", in cm" AS "x y";
SELECT plan FROM pln WHERE statement = 'pln_name';
SET join_collapse_limit = 1;
DO $$
BEGIN
    EXECUTE 'SELECT count(*) AS pln_long FROM other AS o1' ||
        (SELECT string_agg(format(' JOIN other AS o%s USING (k)', n), '') FROM generate_series(2, 60) AS n);
END$$;
RESET join_collapse_limit;
SELECT calls, length(plan), left(plan, 9) AS begins, planid <> 0 AS has_id FROM pln
 WHERE statement = 'pln_long' AND NOT toplevel;

-- each execution of a statement is one of its plans
SELECT count(*) FILTER (WHERE s.calls <> p.calls) AS differ, count(*) > 20 AS some
  FROM (
    SELECT datid, userid, queryid, toplevel, sum(calls) AS calls, sum(dbops.count(exec_histogram)) AS latencies
      FROM dbops._tracked_plans() GROUP BY datid, userid, queryid, toplevel) AS p
  JOIN dbops._tracked_statements() AS s USING (datid, userid, queryid, toplevel)
 WHERE s.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND s.errors = 0 AND p.calls = p.latencies;
SELECT plans > 20 AS some, max_plans = 2 * max_statements AS two_each, texts_exhausted, p.not_admitted
  FROM dbops._plan_state() AS p, dbops._track_state();

DROP VIEW pln;
DROP TABLE tracked, other, parted, "a ""size"", in cm";
DROP FUNCTION in_function(int);
