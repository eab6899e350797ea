-- The views an operator asks first: each says what it claims to, worst first.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
CREATE TABLE regress_now (id int PRIMARY KEY, filler text);
CREATE FUNCTION regress_now_work(n int) RETURNS bigint LANGUAGE plpgsql AS
$$BEGIN RETURN (SELECT count(*) FROM generate_series(1, n)); END$$;
ALTER SYSTEM SET dbops.wide_interval = '1s';
SELECT pg_reload_conf();
SELECT now() AS started_at FROM dbops.take_sample() \gset

-- ---- statements ---------------------------------------------------------------------------------
INSERT INTO regress_now SELECT g, repeat('x', 100) FROM generate_series(1, 2000) AS g;
SELECT regress_now_work(1000000);
SELECT regress_now_work(100);
SELECT regress_now_work(100);
SELECT 1 / (id - 1) FROM regress_now WHERE id = 1;
SELECT 1 / (id - 1) FROM regress_now WHERE id = 1;
-- What goes with the message differs by version.
\set VERBOSITY terse
SELECT regress_missing();
\set VERBOSITY default
DO $$BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END$$;
-- Texts are learned after a sample that met a statement, once every dbops.wide_interval.
DO $$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        PERFORM dbops.take_sample();
        EXIT WHEN EXISTS (SELECT FROM dbops.statements WHERE query ~ '^SELECT regress_now_work\(\$1');
    END LOOP;
END$$;

SELECT query, calls, rows, errors, toplevel, datname = current_database() AS here, rolname = current_user AS me,
       p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms <= p999_ms AS percentiles_ascend,
       p50_ms < mean_ms AS few_calls_make_the_mean, p99_ms BETWEEN total_ms / 3 AND total_ms * 1.03 AS the_slow_one,
       time_percent > 0 AND time_percent < 100 AS has_share
  FROM dbops.statements WHERE query ~ '^SELECT regress_now_work';
SELECT query, calls, rows, errors FROM dbops.statements WHERE query ~ '(INSERT INTO|FROM) regress_now( |$)' ORDER BY query;
SELECT abs(sum(time_percent) FILTER (WHERE toplevel) - 100) < count(*) * 0.05 + 0.1 AS shares_sum_to_100
  FROM dbops.statements;
SELECT count(*) AS wrong_share
  FROM (SELECT time_percent, 100 * total_ms / sum(total_ms) FILTER (WHERE toplevel) OVER () AS share FROM dbops.statements) AS s
 WHERE abs(time_percent - share) > 0.5;
SELECT count(*) AS out_of_order
  FROM (SELECT total_ms, lag(total_ms) OVER () AS previous FROM dbops.statements) AS s WHERE total_ms > previous;

-- ---- errors -------------------------------------------------------------------------------------
SELECT sqlstate, kind, count, message, toplevel, queryid <> 0 AS has_queryid, rolname = current_user AS me, last_at < now() AS past
  FROM dbops.errors
 WHERE last_at > :'started_at' AND datname = current_database()
 ORDER BY count DESC, sqlstate, toplevel;
SELECT count(*) AS out_of_order
  FROM (SELECT count, lag(count) OVER () AS previous FROM dbops.errors) AS e WHERE count > previous;

-- ---- the machine and the server -----------------------------------------------------------------
-- (Between samples at short distance no CPU time is known.)
SELECT resource, coalesce(used_percent BETWEEN 0 AND 100, resource = 'cpu') AS percent, detail ~ '[0-9]' AS detail
  FROM dbops.system WHERE resource IN ('cpu', 'memory', 'connections', 'worker processes') ORDER BY resource;
SELECT detail ~ ('^[1-9] of ' || (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)
                 || ': [0-9] active, [0-9] idle, [0-9] idle in transaction; [0-9] waiting for locks$') AS connections
  FROM dbops.system WHERE resource = 'connections';
SELECT count(*) > 0 AS has_file_systems FROM dbops.system WHERE resource LIKE 'file system /%';
SELECT count(*) AS out_of_order
  FROM (SELECT used_percent, lag(used_percent) OVER () AS previous, row_number() OVER () AS n FROM dbops.system) AS s
 WHERE used_percent > previous OR (previous IS NULL AND used_percent IS NOT NULL AND n > 1);

-- ---- databases and tables ----------------------------------------------------------------------
SELECT d.datname FROM pg_database AS d FULL JOIN dbops.databases AS n USING (datname)
 WHERE d.datname IS NULL OR n.datname IS NULL;
SELECT connections, xact_commit > 5 AS commits, hit_percent BETWEEN 0 AND 100 AS hits, xid_used_percent BETWEEN 0 AND 100 AS xids
  FROM dbops.databases WHERE datname = current_database();
SELECT count(*) AS out_of_order
  FROM (SELECT seq_tup_read, lag(seq_tup_read) OVER () AS previous FROM dbops.tables) AS t WHERE seq_tup_read > previous;

-- ---- dbops itself -------------------------------------------------------------------------------
SELECT process, cpu_percent >= 0 AS cpu, private_memory ~ 'B$' AS memory, at > now() - interval '1 minute' AS lately
  FROM dbops.self WHERE process IN ('sampler', 'keeper');

-- ---- every object says what it is, and PUBLIC may use none of them ------------------------------
SELECT pg_describe_object(d.classid, d.objid, 0) AS has_no_comment
  FROM pg_depend AS d
  JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'dbops'
 WHERE d.deptype = 'e'
   AND d.classid NOT IN ('pg_cast'::regclass, 'pg_operator'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass)
   AND obj_description(d.objid, d.classid::regclass::name) IS NULL
   AND NOT (d.classid = 'pg_type'::regclass
            AND EXISTS (SELECT FROM pg_type AS t WHERE t.oid = d.objid AND (t.typrelid <> 0 OR t.typelem <> 0)))
 ORDER BY 1;
SELECT c.relname || '.' || a.attname AS has_no_comment
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind = 'f' AND col_description(c.oid, a.attnum) IS NULL;
SELECT c.relname AS granted_to_public
  FROM pg_class AS c, aclexplode(c.relacl) AS acl
 WHERE c.relnamespace = 'dbops'::regnamespace AND acl.grantee = 0
 UNION ALL
SELECT p.proname
  FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
 WHERE p.pronamespace = 'dbops'::regnamespace AND acl.grantee = 0
 UNION ALL
SELECT n.nspname
  FROM pg_namespace AS n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS acl
 WHERE n.nspname = 'dbops' AND acl.grantee = 0
 UNION ALL
SELECT s.srvname
  FROM pg_foreign_server AS s, aclexplode(coalesce(s.srvacl, acldefault('S', s.srvowner))) AS acl
 WHERE s.srvname = 'dbops' AND acl.grantee = 0;
-- What is granted to pg_monitor are views, foreign tables and functions, and of the tables what operators edit.
SELECT c.relname AS table_that_pg_monitor_reads
  FROM pg_class AS c, aclexplode(c.relacl) AS acl
 WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind = 'r' AND acl.grantee = 'pg_monitor'::regrole
 ORDER BY 1;
SELECT c.relname AS view_that_pg_monitor_does_not_read
  FROM pg_class AS c
 WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind IN ('v', 'f') AND NOT has_table_privilege('pg_monitor', c.oid, 'SELECT');

ALTER SYSTEM RESET dbops.wide_interval;
SELECT pg_reload_conf();
DROP TABLE regress_now;
DROP FUNCTION regress_now_work;
