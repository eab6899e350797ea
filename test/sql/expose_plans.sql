-- Since when is this slow, and what changed.
-- covers: collect/plan collect/known_plans

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
ALTER SYSTEM SET dbops.wide_interval = '1s';
SELECT pg_reload_conf();

\i test/include/await.sql

-- What a plan has that another has not.
SELECT dbops._plan_difference(E'Limit\n  ->  Index Scan using a on t', E'Limit\n  ->  Seq Scan on t') AS change;
SELECT dbops._plan_difference(E'Hash Join\n  ->  Seq Scan on t\n  ->  Seq Scan on t', E'Nested Loop\n  ->  Seq Scan on t') AS change;
SELECT dbops._plan_difference(E'Result\n  ->  Limit', E'Limit\n        ->  Result') AS change;
SELECT dbops._plan_difference(E'Result', E'Result\n  SubPlan 1\n    ->  Seq Scan on t') AS change;
SELECT dbops._plan_difference(NULL, 'Result') IS NULL AS unknown;

-- An index goes: what found a row reads the whole table.
CREATE TABLE plans_test (id int PRIMARY KEY, a int);
INSERT INTO plans_test SELECT i, i FROM generate_series(1, 20000) AS i;
CREATE INDEX plans_test_a ON plans_test (a);
VACUUM ANALYZE plans_test;
SET enable_bitmapscan = off;
SET enable_seqscan = off;
DO $$BEGIN FOR i IN 1..90 LOOP PERFORM id AS plans_lost FROM plans_test WHERE a = i; END LOOP; END$$;
CALL pg_temp.await($$ (SELECT sum(h.calls) = 90 FROM dbops.plan_history AS h JOIN dbops.plan AS p USING (queryid, planid)
    WHERE p.definition ~ 'plans_test_a') $$);
DROP INDEX plans_test_a;
DO $$BEGIN FOR i IN 1..10 LOOP PERFORM id AS plans_lost FROM plans_test WHERE a = i; END LOOP; END$$;
-- One that has one plan only.
DO $$BEGIN FOR i IN 1..10 LOOP PERFORM a AS plans_kept FROM plans_test WHERE id = i; END LOOP; END$$;
CALL pg_temp.await($$ EXISTS (SELECT FROM dbops.plan_changes WHERE calls_after = 10 AND plan_before ~ 'plans_test_a') $$);
SELECT change, calls_before, calls_after, toplevel, plan_before, plan_after,
       mean_ms_after > mean_ms_before AS slower, times_slower > 1 AS times, p95_ms_after > p95_ms_before AS p95,
       cost_ms > 0 AS costs, last_used_at > changed_at AS used_since,
       changed_at BETWEEN now() - interval '5 minutes' AND now() AS recent,
       datname = current_database() AS here
  FROM dbops.plan_changes WHERE plan_before ~ 'plans_test';

-- It is made anew under another name: another plan, and a gain; a statement has one line.
CREATE INDEX plans_test_b ON plans_test (a);
DO $$BEGIN FOR i IN 1..50 LOOP PERFORM id AS plans_lost FROM plans_test WHERE a = i; END LOOP; END$$;
CALL pg_temp.await($$ (SELECT sum(h.calls) = 50 FROM dbops.plan_history AS h JOIN dbops.plan AS p USING (queryid, planid)
    WHERE p.definition ~ 'plans_test_b') $$);
SELECT change, calls_before, calls_after FROM dbops.plan_changes WHERE plan_before ~ 'plans_test';

-- All plans of these statements, and their history.
SELECT calls, plan, p50_ms <= p95_ms AND p95_ms <= p99_ms AS ordered, first_seen_at <= last_seen_at AS seen
  FROM dbops.plans WHERE plan ~ 'plans_test.* by' OR plan ~ '^Seq Scan on plans_test' ORDER BY first_seen_at;
SELECT p.definition, sum(h.calls) AS calls, sum(dbops.count(h.exec_histogram)) AS latencies, sum(h.total_exec_ms) > 0 AS timed
  FROM dbops.plan AS p JOIN dbops.plan_history AS h USING (datid, userid, queryid, toplevel, planid)
 WHERE p.definition ~ 'plans_test.* by' OR p.definition ~ '^Seq Scan on plans_test'
 GROUP BY p.definition, p.first_seen_at ORDER BY p.first_seen_at;

-- Nobody but pg_monitor, who reads no table for it.
CREATE ROLE plans_monitor IN ROLE pg_monitor;
CREATE ROLE plans_nobody;
SELECT has_table_privilege('plans_nobody', 'dbops.plan_changes', 'SELECT') AS changes,
       has_table_privilege('plans_nobody', 'dbops.plans', 'SELECT') AS plans,
       has_function_privilege('plans_nobody', 'dbops._tracked_plans(bigint)', 'EXECUTE') AS tracked,
       has_table_privilege('plans_monitor', 'dbops.plan', 'SELECT') AS stored;
SET ROLE plans_monitor;
SELECT count(*) > 0 AS some FROM dbops.plans;
SELECT count(*) > 0 AS some FROM dbops.plan_changes;
RESET ROLE;
DROP ROLE plans_monitor;
DROP ROLE plans_nobody;

DROP TABLE plans_test;
ALTER SYSTEM RESET dbops.wide_interval;
SELECT pg_reload_conf();
