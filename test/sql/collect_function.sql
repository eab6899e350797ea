-- Functions and the small caches: as the server counts them, for every database, with names.
-- covers: collect/slru expose/counters
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET stats_fetch_consistency = none;
SELECT now() AS started_at FROM dbops.take_sample() \gset

CREATE FUNCTION regress_inner(i int) RETURNS int LANGUAGE plpgsql AS
    $$DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM generate_series(1, 20000); RETURN i; END$$;
CREATE FUNCTION regress_outer(i int, "an argument" text DEFAULT '') RETURNS int LANGUAGE plpgsql AS
    $$BEGIN RETURN regress_inner(i); END$$;
SELECT sum(regress_outer(g)) FROM generate_series(1, 10) AS g;
SELECT regress_inner(1);
-- A relation nobody has seen yet calls for a visit, which finds the functions too.
CREATE TABLE regress_function AS SELECT 1 AS i;
SELECT pg_stat_force_next_flush();
SELECT 'flushed' AS statistics;

SELECT p.proname, n.calls, n.total_ms >= n.self_ms AS total, n.self_ms > 0 AS self, n.mean_ms = n.total_ms / n.calls AS mean,
       n.datname = current_database() AS here
  FROM dbops.function_now AS n JOIN pg_proc AS p ON p.oid = n.funcid
 WHERE n.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND p.proname LIKE 'regress_%'
 ORDER BY 1;
SELECT i.self_ms > o.self_ms AND o.total_ms > o.self_ms * 2 AS the_inner_took_the_time
  FROM dbops.function_now AS i, dbops.function_now AS o
 WHERE i.funcid = 'regress_inner'::regproc AND o.funcid = 'regress_outer'::regproc;

DO $$
BEGIN
    FOR i IN 1 .. 5000 LOOP
        PERFORM dbops.take_sample();
        EXIT WHEN (SELECT count(*) = 2 FROM dbops.functions WHERE funcname LIKE 'regress_%');
    END LOOP;
END$$;
SELECT datname = current_database() AS here, schemaname, funcname, arguments, calls
  FROM dbops.functions WHERE funcname LIKE 'regress_%' ORDER BY funcname;
SELECT funcname, sum(calls) AS calls, sum(total_ms) > 0 AS total, count(*) FILTER (WHERE calls_per_second > 0) > 0 AS rate
  FROM dbops.function_history WHERE at > :'started_at' AND funcname LIKE 'regress_%' GROUP BY funcname ORDER BY 1;
SELECT kind, objname, schemaname, definition, dropped_at FROM dbops.objects WHERE kind = 'function' AND objname LIKE 'regress_%' ORDER BY 2;
SELECT count(*) AS out_of_order
  FROM (SELECT self_ms, lag(self_ms) OVER () AS previous FROM dbops.functions) AS f WHERE self_ms > previous;

-- ---- the small caches ---------------------------------------------------------------------------
SET stats_fetch_consistency = cache;
SELECT coalesce(n.name, s.name) AS differs
  FROM dbops.slru_now AS n FULL JOIN pg_stat_slru AS s USING (name)
 WHERE (n.blks_zeroed, n.blks_hit, n.blks_read, n.blks_written, n.blks_exists, n.flushes, n.truncates, n.stats_reset_at)
       IS DISTINCT FROM
       (s.blks_zeroed, s.blks_hit, s.blks_read, s.blks_written, s.blks_exists, s.flushes, s.truncates, s.stats_reset);
SELECT count(*) > 5 AS caches, sum(blks_hit) > 0 AS hits, bool_and(hit_percent BETWEEN 0 AND 100) AS percent FROM dbops.slru_now;
SELECT sum(blks_hit) > 0 AS hits, bool_or(blks_hit_per_second > 0) AS rate FROM dbops.slru_history WHERE at > :'started_at';

DROP FUNCTION regress_outer;
DROP FUNCTION regress_inner;
DROP TABLE regress_function;
