-- How the server fared over time, on one screen: for a terminal, and the figures of the report.

CREATE FUNCTION dbops._server_steps(
    since timestamptz,
    until timestamptz,
    step interval,
    OUT at timestamptz,
    OUT known boolean,
    OUT seconds float8,
    OUT connections float8,
    OUT idle_in_transaction float8,
    OUT oldest_transaction_ms float8,
    OUT wal_bytes float8,
    OUT checkpoints_requested float8)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 150
    SET search_path = pg_catalog, pg_temp
AS $$
WITH bound AS (
    SELECT date_bin(step, since, '2000-01-01 00:00:00+00') AS since
), server AS MATERIALIZED (
    -- An idle server is sampled now and then: such a sample stands for the steps around it.
    SELECT h.at, h.at - GREATEST(max(h.covers), _server_steps.step) / 2 AS from_at, h.at + GREATEST(max(h.covers), _server_steps.step) / 2 AS to_at,
           NULLIF(sum(EXTRACT(epoch FROM h.covers)), 0)::float8 AS seconds,
           max(h.connections)::float8 AS connections,
           max(h.idle_in_transaction + h.idle_in_transaction_aborted)::float8 AS idle_in_transaction,
           max(h.oldest_transaction_ms)::float8 AS oldest_transaction_ms,
           sum(h.wal_bytes)::float8 AS wal_bytes,
           sum(h.checkpoints_requested)::float8 AS checkpoints_requested
      FROM dbops.server_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _server_steps.step AND h.node = dbops.node_name()
     GROUP BY h.at
)
SELECT s.at, covering.at IS NOT NULL, own.seconds, covering.connections, covering.idle_in_transaction,
       covering.oldest_transaction_ms, own.wal_bytes, own.checkpoints_requested
  FROM bound AS b
 CROSS JOIN generate_series(b.since, until - interval '1 microsecond', step) AS s(at)
  LEFT JOIN server AS own ON own.at = s.at
  LEFT JOIN LATERAL (
    SELECT v.at, v.connections, v.idle_in_transaction, v.oldest_transaction_ms
      FROM server AS v
     WHERE s.at BETWEEN v.from_at AND v.to_at
     ORDER BY v.at <> s.at, v.at
     LIMIT 1) AS covering ON true
 ORDER BY s.at
$$;
COMMENT ON FUNCTION dbops._server_steps(timestamptz, timestamptz, interval) IS
    'The steps of a time, of which something is known or not, with figures of the server: gauges that did not change are carried on, counts are those of the seconds that were seen';
REVOKE ALL ON FUNCTION dbops._server_steps(timestamptz, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._server_steps(timestamptz, timestamptz, interval) TO pg_monitor;

CREATE FUNCTION dbops._trends(
    since timestamptz,
    until timestamptz,
    step interval,
    OUT "position" integer,
    OUT name text,
    OUT unit text,
    OUT bad text,
    OUT series float8[])
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 20
    SET search_path = pg_catalog, pg_temp
AS $$
WITH bound AS (
    SELECT date_bin(step, since, '2000-01-01 00:00:00+00') AS since
), sampled AS MATERIALIZED (
    SELECT s.at, s.known, s.seconds, s.connections, s.idle_in_transaction, s.oldest_transaction_ms, s.wal_bytes, s.checkpoints_requested
      FROM dbops._server_steps(since, until, step) AS s
), wait AS (
    SELECT h.at, sum(h.session_seconds)::float8 AS active,
           sum(h.session_seconds) FILTER (WHERE h.wait_event_type = 'CPU')::float8 AS cpu,
           sum(h.session_seconds) FILTER (WHERE h.wait_event_type = 'IO')::float8 AS io,
           sum(h.session_seconds) FILTER (WHERE h.wait_event_type = 'Lock')::float8 AS lock
      FROM dbops.wait_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _trends.step AND h.node = dbops.node_name()
       AND h.state IN ('active', 'blocked', 'fastpath function call')
     GROUP BY h.at
), database AS (
    SELECT h.at, sum(h.xact_commit + h.xact_rollback)::float8 AS transactions, sum(h.xact_rollback)::float8 AS rollbacks,
           sum(h.blks_read)::float8 AS blks_read, sum(h.blks_hit)::float8 AS blks_hit,
           sum(h.temp_bytes)::float8 AS temp_bytes, sum(h.deadlocks)::float8 AS deadlocks
      FROM dbops.database_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _trends.step AND h.node = dbops.node_name()
     GROUP BY h.at
), error AS (
    SELECT h.at, sum(h.count)::float8 AS errors
      FROM dbops.error_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _trends.step AND h.node = dbops.node_name()
     GROUP BY h.at
), system AS (
    SELECT h.at, avg(h.busy_percent) AS busy_percent, avg(h.pressure_io_some_percent) AS pressure_io,
           avg(h.memory_available_percent) AS memory_available_percent
      FROM dbops.system_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _trends.step AND h.node = dbops.node_name()
     GROUP BY h.at
), replication AS (
    SELECT h.at, max(h.behind_ms)::float8 AS behind_ms
      FROM dbops.replication_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _trends.step AND h.node = dbops.node_name()
     GROUP BY h.at
)
SELECT figure."position", figure.name, figure.unit, figure.bad,
       array_agg(CASE WHEN sampled.known THEN figure.value END ORDER BY sampled.at)
  FROM sampled
  LEFT JOIN wait USING (at)
  LEFT JOIN database USING (at)
  LEFT JOIN error USING (at)
  LEFT JOIN system USING (at)
  LEFT JOIN replication USING (at)
 CROSS JOIN LATERAL (VALUES
        (1, 'active sessions', '', 'high', COALESCE(wait.active / sampled.seconds, 0)),
        (2, 'on CPU', '', '', COALESCE(wait.cpu / sampled.seconds, 0)),
        (3, 'waiting for a lock', '', 'high', COALESCE(wait.lock / sampled.seconds, 0)),
        (4, 'waiting for disk', '', 'high', COALESCE(wait.io / sampled.seconds, 0)),
        (5, 'transactions', '/s', '', COALESCE(database.transactions / sampled.seconds, 0)),
        (6, 'errors', '/min', 'high', COALESCE(60 * error.errors / sampled.seconds, 0)),
        (7, 'rolled back', 'percent', 'high', 100 * database.rollbacks / NULLIF(database.transactions, 0)),
        (8, 'deadlocks', '/min', 'high', COALESCE(60 * database.deadlocks / sampled.seconds, 0)),
        (9, 'connections', '', '', sampled.connections),
        (10, 'idle in transaction', '', 'high', sampled.idle_in_transaction),
        (11, 'oldest transaction', 'ms', 'high', sampled.oldest_transaction_ms),
        (12, 'CPU of the machine', 'percent', 'high', system.busy_percent),
        (13, 'stalled by disk', 'percent', 'high', system.pressure_io),
        (14, 'memory available', 'percent', 'low', system.memory_available_percent),
        (15, 'read from disk', 'bytes/s', 'high', COALESCE(database.blks_read * current_setting('block_size')::float8 / sampled.seconds, 0)),
        (16, 'found in cache', 'percent', 'low', 100 * database.blks_hit / NULLIF(database.blks_hit + database.blks_read, 0)),
        (17, 'temporary files', 'bytes/s', 'high', COALESCE(database.temp_bytes / sampled.seconds, 0)),
        (18, 'WAL', 'bytes/s', '', COALESCE(sampled.wal_bytes / sampled.seconds, 0)),
        (19, 'forced checkpoints', '/h', 'high', COALESCE(3600 * sampled.checkpoints_requested / sampled.seconds, 0)),
        (20, 'replication lag', 'ms', 'high', replication.behind_ms)
     ) AS figure("position", name, unit, bad, value)
 GROUP BY figure."position", figure.name, figure.unit, figure.bad
 ORDER BY figure."position"
$$;
COMMENT ON FUNCTION dbops._trends(timestamptz, timestamptz, interval) IS
    'Figures of the server, a value for each step; NULL where nobody looked, or there is none';
REVOKE ALL ON FUNCTION dbops._trends(timestamptz, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._trends(timestamptz, timestamptz, interval) TO pg_monitor;

CREATE FUNCTION dbops._latencies(
    since timestamptz,
    until timestamptz,
    step interval,
    OUT "position" integer,
    OUT name text,
    OUT unit text,
    OUT bad text,
    OUT series float8[])
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 2
    SET search_path = pg_catalog, pg_temp
AS $$
WITH bound AS (
    SELECT date_bin(step, since, '2000-01-01 00:00:00+00') AS since
), statement AS MATERIALIZED (
    SELECT h.at, sum(h.total_exec_ms) / NULLIF(sum(h.calls), 0)::float8 AS mean_ms,
           dbops.quantile(dbops.merge(h.exec_histogram), 0.95) AS p95_ms
      FROM dbops.statement_history AS h
     WHERE h.at >= (SELECT b.since FROM bound AS b) AND h.at < until AND h.step = _latencies.step AND h.node = dbops.node_name()
       AND h.toplevel
     GROUP BY h.at
)
SELECT figure."position", figure.name, 'ms', 'high', array_agg(figure.value ORDER BY s.at)
  FROM bound AS b
 CROSS JOIN generate_series(b.since, until - interval '1 microsecond', step) AS s(at)
  LEFT JOIN statement USING (at)
 CROSS JOIN LATERAL (VALUES (-1, 'latency, mean', statement.mean_ms), (0, 'latency, p95', statement.p95_ms))
        AS figure("position", name, value)
 GROUP BY figure."position", figure.name
 ORDER BY figure."position"
$$;
COMMENT ON FUNCTION dbops._latencies(timestamptz, timestamptz, interval) IS
    'Latency of what clients sent, a value for each step; NULL where they sent nothing';
REVOKE ALL ON FUNCTION dbops._latencies(timestamptz, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._latencies(timestamptz, timestamptz, interval) TO pg_monitor;

CREATE VIEW dbops.trends AS
WITH day AS MATERIALIZED (
    SELECT "position", name, unit, bad, series FROM dbops._trends(pg_catalog.now() - interval '23.5 hours', pg_catalog.now(), interval '30 minutes')
    UNION ALL
    SELECT "position", name, unit, bad, series FROM dbops._latencies(pg_catalog.now() - interval '23.5 hours', pg_catalog.now(), interval '30 minutes')
), hour AS MATERIALIZED (
    SELECT name, series FROM dbops._trends(pg_catalog.now() - interval '58 minutes', pg_catalog.now(), interval '2 minutes')
    UNION ALL
    SELECT name, series FROM dbops._latencies(pg_catalog.now() - interval '58 minutes', pg_catalog.now(), interval '2 minutes')
)
SELECT day.name AS figure,
       pg_catalog.format('%10s', COALESCE(dbops._amount(recent.value, day.unit), '')) AS now,
       pg_catalog.format('%10s', COALESCE(dbops._amount(hours.mean, day.unit), '')) AS hour_mean,
       pg_catalog.format('%10s', COALESCE(dbops._amount(days.mean, day.unit), '')) AS day_mean,
       pg_catalog.format('%10s', COALESCE(dbops._amount(days.worst, day.unit), '')) AS day_worst,
       dbops.sparkline(hour.series) AS last_hour,
       dbops.sparkline(day.series) AS last_24_hours
  FROM day
  JOIN hour USING (name)
 CROSS JOIN LATERAL (
    SELECT pg_catalog.avg(value) AS mean,
           CASE day.bad WHEN 'low' THEN pg_catalog.min(value) ELSE pg_catalog.max(value) END AS worst
      FROM pg_catalog.unnest(day.series) AS value) AS days
 CROSS JOIN LATERAL (
    SELECT pg_catalog.avg(value) AS mean
      FROM pg_catalog.unnest(hour.series) AS value) AS hours
  LEFT JOIN LATERAL (
    -- The step that is under way has hardly begun, perhaps.
    SELECT value
      FROM pg_catalog.unnest(hour.series) WITH ORDINALITY AS item(value, number)
     WHERE value IS NOT NULL AND number >= pg_catalog.cardinality(hour.series) - 2
     ORDER BY number DESC
     LIMIT 1) AS recent ON true
 WHERE days.mean IS NOT NULL
 ORDER BY day."position";
COMMENT ON VIEW dbops.trends IS
    'How the server fared in the last hour and the last 24 hours, on one screen: load, latency, waits, connections, machine; '
    'a character stands for two minutes, or for half an hour, a blank for a time of which nothing is known';
COMMENT ON COLUMN dbops.trends.now IS 'In the latest two minutes of which something is known; empty if that is longer ago than six';
COMMENT ON COLUMN dbops.trends.hour_mean IS 'Mean of the last hour';
COMMENT ON COLUMN dbops.trends.day_mean IS 'Mean of the last 24 hours';
COMMENT ON COLUMN dbops.trends.day_worst IS 'The highest half hour of the last 24 hours; the lowest, where less is worse';
COMMENT ON COLUMN dbops.trends.last_hour IS 'Oldest first; from 0 to the highest of these';
COMMENT ON COLUMN dbops.trends.last_24_hours IS 'Oldest first; from 0 to the highest of these';
REVOKE ALL ON dbops.trends FROM PUBLIC;
GRANT SELECT ON dbops.trends TO pg_monitor;
