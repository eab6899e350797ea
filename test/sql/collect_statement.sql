-- The families "statement" and "error": what a sample keeps of what sessions recorded.
-- covers: collect/statement collect/statement_source collect/error

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

CREATE TABLE sampled_table (i int PRIMARY KEY, j int);
INSERT INTO sampled_table SELECT i, 0 FROM generate_series(1, 100) AS i;
CREATE FUNCTION sampled_nested(n int) RETURNS bigint LANGUAGE plpgsql AS
    $$BEGIN RETURN (SELECT sum(j) FROM sampled_table WHERE i > n); END$$;
CREATE TEMP TABLE start AS SELECT dbops.take_sample() IS NOT NULL AS taken, clock_timestamp() AS at;
SELECT taken FROM start;

SELECT i AS sampled FROM sampled_table WHERE i = 1;
SELECT i AS sampled FROM sampled_table WHERE i = 2;
SELECT i AS sampled FROM sampled_table WHERE i BETWEEN 1 AND 0;
UPDATE sampled_table SET j = i WHERE i < 51;
SELECT sampled_nested(99), sampled_nested(98);
SELECT i / j FROM sampled_table WHERE i > 50;
SELECT i / j FROM sampled_table WHERE i > 50;
SELECT dbops.take_sample() IS NOT NULL AS taken;

CREATE TEMP TABLE nested AS SELECT queryid FROM dbops._tracked_statements()
 WHERE NOT toplevel AND calls = 2 AND rows = 2 AND last_seen_at >= (SELECT at FROM start) - interval '1 minute'
   AND datid = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY first_seen_at DESC LIMIT 1;
CREATE TEMP TABLE failed AS SELECT queryid FROM dbops._tracked_errors()
 WHERE sqlstate = '22012' ORDER BY last_at DESC LIMIT 1;

-- a client's statement: counters of pg_stat_statements, latencies and planning of dbops
CREATE TEMP VIEW sampled AS
SELECT h.*, p.query
  FROM dbops.statement_history AS h
  JOIN (SELECT DISTINCT ON (queryid) queryid, query FROM pg_stat_statements) AS p USING (queryid)
 WHERE h.at > (SELECT at FROM start) AND p.query ~ 'sampled_' AND p.query !~ 'start|sampled$';
-- (sums, as a sample of the server's own may fall in between)
SELECT bool_and(toplevel) AS toplevel, sum(calls) AS calls, sum(rows) AS rows, sum(plans) AS plans,
       sum(errors) AS errors, sum(total_exec_ms) > 0 AS timed, sum(dbops.count(exec_histogram)) AS latencies,
       min(p95_ms) > 0 AS p95, bool_and(min_exec_ms <= max_exec_ms) AS extremes,
       sum(shared_blks_hit) > 0 AS hits,
       sum(wal_records) FILTER (WHERE query ~ 'UPDATE') > 0 AS wal, left(query, 60) AS query
  FROM sampled GROUP BY query ORDER BY query COLLATE "C";

-- a nested one, which pg_stat_statements ignores: dbops' own counters, no blocks
SELECT bool_or(toplevel) AS toplevel, sum(calls) AS calls, sum(rows) AS rows,
       sum(dbops.count(exec_histogram)) AS latencies, sum(shared_blks_hit) AS hits
  FROM dbops.statement_history
 WHERE at > (SELECT at FROM start) AND queryid = (SELECT queryid FROM nested);

-- a statement that only ever failed is there too, and its failures by SQLSTATE
SELECT bool_and(toplevel) AS toplevel, sum(calls) AS calls, sum(plans) AS plans, sum(errors) AS errors,
       max(error_ratio) AS error_ratio
  FROM dbops.statement_history
 WHERE at > (SELECT at FROM start) AND queryid = (SELECT queryid FROM failed);
SELECT bool_and(datname = current_database()) AS here, sqlstate, sum(count) AS count,
       sum(statement_timeouts) AS statement_timeouts
  FROM dbops.error_history
 WHERE at > (SELECT at FROM start) AND queryid = (SELECT queryid FROM failed) GROUP BY sqlstate;

-- what did not run since is not in the next sample
CREATE TEMP TABLE second AS SELECT clock_timestamp() AS at;
SELECT dbops.take_sample() IS NOT NULL AS taken;
SELECT count(*) FROM sampled WHERE at > (SELECT at FROM second);

DROP VIEW sampled;
DROP TABLE sampled_table;
DROP FUNCTION sampled_nested(int);
