-- Input and output, as pg_stat_io has it where there is one: from PostgreSQL 16 on.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SELECT now() AS started_at FROM dbops.take_sample() \gset
SELECT current_setting('server_version_num')::int >= 160000 AS has_io,
       current_setting('server_version_num')::int >= 180000 AS has_bytes \gset

CREATE TABLE regress_io AS SELECT g AS i, repeat('x', 100) AS filler FROM generate_series(1, 5000) AS g;
CHECKPOINT;
SELECT count(*) FROM regress_io;
SELECT pg_stat_force_next_flush();
SELECT dbops.take_sample() IS NOT NULL AS taken;

SELECT (count(*) > 10) = :'has_io'::boolean AS has_rows FROM dbops.io_now;
SELECT (count(*) > 0) = :'has_io'::boolean AS has_history, (sum(hits) > 0) IS NOT DISTINCT FROM NULLIF(:'has_io'::boolean, false) AS hits,
       (max(hits_per_second) > 0) IS NOT DISTINCT FROM NULLIF(:'has_io'::boolean, false) AS rates
  FROM dbops.io_history WHERE at > :'started_at';
SELECT (count(*) > 0) = :'has_io'::boolean AS is_seen, count(*) FILTER (WHERE read IS NOT NULL AND extended !~ '(B|bytes)$') AS without_unit,
       (bool_or(hit_percent > 0 AND hit_percent <= 100)) IS NOT DISTINCT FROM NULLIF(:'has_io'::boolean, false) AS hits
  FROM dbops.io;
-- One statement sees one state of the statistics, so all numbers agree.
\if :has_bytes
    SELECT 'n.read_bytes IS DISTINCT FROM s.read_bytes OR n.write_bytes IS DISTINCT FROM s.write_bytes' AS bytes \gset
\else
    SELECT 'n.read_bytes IS DISTINCT FROM s.reads * 8192 OR n.write_bytes IS DISTINCT FROM s.writes * 8192' AS bytes \gset
\endif
\if :has_io
    SELECT 'FROM dbops.io_now AS n FULL JOIN pg_stat_io AS s USING (backend_type, object, context)
             WHERE (n.reads, n.writes, n.writebacks, n.extends, n.hits, n.evictions, n.reuses, n.fsyncs)
                   IS DISTINCT FROM (s.reads, s.writes, s.writebacks, s.extends, s.hits, s.evictions, s.reuses, s.fsyncs)
                OR abs(n.read_ms - s.read_time) > 0.01 OR n.stats_reset_at <> s.stats_reset OR ' || :'bytes' AS comparison \gset
\else
    SELECT 'FROM dbops.io_now' AS comparison \gset
\endif
SELECT count(*) AS differ :comparison;
DROP TABLE regress_io;
