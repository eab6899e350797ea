-- What an operator asks first: one view per thing, worst first, in human units.
--
-- Views only project and round.  Rates and shares are those of the latest sample, one that covers
-- more than a moment if there is any; counts of tables and indexes are those of the last hour;
-- statements and errors count since the server started.

CREATE FUNCTION dbops._bytes(amount float8) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT pg_catalog.pg_size_pretty(amount::bigint);
    END;
COMMENT ON FUNCTION dbops._bytes(float8) IS 'Bytes for people';
REVOKE ALL ON FUNCTION dbops._bytes(float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._bytes(float8) TO pg_monitor;

CREATE FUNCTION dbops._rounded(amount float8, digits integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT pg_catalog.round(amount::numeric, digits);
    END;
COMMENT ON FUNCTION dbops._rounded(float8, integer) IS 'A number for people';
REVOKE ALL ON FUNCTION dbops._rounded(float8, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._rounded(float8, integer) TO pg_monitor;

CREATE VIEW dbops.system AS
WITH system AS (
    SELECT cpus, busy_percent, user_percent, system_percent, iowait_percent, steal_percent, load_1,
           memory_available_percent, memory_available_bytes, memory_total_bytes, server_memory_bytes,
           swap_total_bytes, swap_free_bytes, cgroup_memory_used_percent, cgroup_memory_used_bytes,
           cgroup_memory_limit_bytes, cgroup_oom_kills, cgroup_cpu_limit, cgroup_throttled_percent,
           pressure_cpu_some_percent, pressure_memory_some_percent, pressure_io_some_percent
      FROM dbops.system_history
     WHERE at > pg_catalog.now() - interval '10 minutes' AND node = dbops.node_name()
       AND covers > interval '0'
     ORDER BY covers > interval '0.5 seconds' DESC, at DESC
     LIMIT 1
), server AS (
    SELECT connections_percent, connections, connection_limit, active, idle, idle_in_transaction,
           idle_in_transaction_aborted, lock_waiters, workers_percent, workers, worker_limit
      FROM dbops.server_history
     WHERE at > pg_catalog.now() - interval '10 minutes' AND node = dbops.node_name()
     ORDER BY at DESC
     LIMIT 1
), device AS (
    SELECT DISTINCT ON (device) device, utilization_percent, reads_per_second, read_latency_ms,
           writes_per_second, write_latency_ms
      FROM dbops.device_history
     WHERE at > pg_catalog.now() - interval '10 minutes' AND node = dbops.node_name()
       AND covers > interval '0'
     ORDER BY device, covers > interval '0.5 seconds' DESC, at DESC
), network AS (
    SELECT DISTINCT ON (interface) interface, received_percent, sent_percent,
           received_bytes_per_second, sent_bytes_per_second
      FROM dbops.network_history
     WHERE at > pg_catalog.now() - interval '10 minutes' AND node = dbops.node_name()
       AND covers > interval '0'
     ORDER BY interface, covers > interval '0.5 seconds' DESC, at DESC
)
SELECT resource, dbops._rounded(used_percent, 1) AS used_percent, detail
  FROM (
    SELECT 'cpu', busy_percent,
           pg_catalog.format('%s CPUs: user %s %%, system %s %%, waiting for disk %s %%, stolen %s %%; load %s',
               cpus, dbops._rounded(user_percent, 0), dbops._rounded(system_percent, 0),
               dbops._rounded(iowait_percent, 0), dbops._rounded(steal_percent, 0), load_1)
      FROM system
    UNION ALL
    SELECT 'memory', 100 - memory_available_percent,
           pg_catalog.format('%s of %s available; the server''s processes take %s',
               dbops._bytes(memory_available_bytes), dbops._bytes(memory_total_bytes),
               dbops._bytes(server_memory_bytes))
      FROM system
    UNION ALL
    SELECT 'swap', 100.0 * (swap_total_bytes - swap_free_bytes) / swap_total_bytes,
           pg_catalog.format('%s of %s free', dbops._bytes(swap_free_bytes), dbops._bytes(swap_total_bytes))
      FROM system
     WHERE swap_total_bytes > 0
    UNION ALL
    SELECT 'cgroup memory', cgroup_memory_used_percent,
           pg_catalog.format('%s of %s used; OOM kills %s', dbops._bytes(cgroup_memory_used_bytes),
               dbops._bytes(cgroup_memory_limit_bytes), cgroup_oom_kills)
      FROM system
     WHERE cgroup_memory_limit_bytes IS NOT NULL
    UNION ALL
    SELECT 'cgroup cpu', cgroup_throttled_percent,
           pg_catalog.format('limit %s CPUs; throttled in %s %% of periods', cgroup_cpu_limit,
               dbops._rounded(cgroup_throttled_percent, 1))
      FROM system
     WHERE cgroup_cpu_limit IS NOT NULL
    UNION ALL
    SELECT 'pressure ' OPERATOR(pg_catalog.||) kind, stalled,
           'share of time in which somebody waited for it'
      FROM system,
           LATERAL (VALUES ('cpu', pressure_cpu_some_percent), ('memory', pressure_memory_some_percent),
                           ('io', pressure_io_some_percent)) AS pressure(kind, stalled)
     WHERE stalled IS NOT NULL
    UNION ALL
    SELECT 'connections', connections_percent,
           pg_catalog.format('%s of %s: %s active, %s idle, %s idle in transaction; %s waiting for locks',
               connections, connection_limit, active, idle,
               idle_in_transaction + idle_in_transaction_aborted, lock_waiters)
      FROM server
    UNION ALL
    SELECT 'worker processes', workers_percent,
           pg_catalog.format('%s of %s (max_worker_processes)', workers, worker_limit)
      FROM server
    UNION ALL
    SELECT 'device ' OPERATOR(pg_catalog.||) device, utilization_percent,
           pg_catalog.format('reads %s/s at %s ms, writes %s/s at %s ms',
               dbops._rounded(reads_per_second, 0),
               COALESCE(dbops._rounded(read_latency_ms, 2)::text, '-'),
               dbops._rounded(writes_per_second, 0),
               COALESCE(dbops._rounded(write_latency_ms, 2)::text, '-'))
      FROM device
    UNION ALL
    SELECT 'file system ' OPERATOR(pg_catalog.||) mount, used_percent,
           pg_catalog.format('%s of %s available; inodes %s %% used', dbops._bytes(available_bytes),
               dbops._bytes(total_bytes),
               COALESCE(dbops._rounded(inodes_used_percent, 0)::text, '-'))
      FROM dbops.filesystem_now
    UNION ALL
    SELECT 'network ' OPERATOR(pg_catalog.||) interface, GREATEST(received_percent, sent_percent),
           pg_catalog.format('in %s/s, out %s/s', dbops._bytes(received_bytes_per_second),
               dbops._bytes(sent_bytes_per_second))
      FROM network
  ) AS resources(resource, used_percent, detail)
 ORDER BY used_percent DESC NULLS LAST, resource;

COMMENT ON VIEW dbops.system IS
    'Resources of the machine and the server as of the latest sample, the fullest first';
REVOKE ALL ON dbops.system FROM PUBLIC;
GRANT SELECT ON dbops.system TO pg_monitor;

CREATE VIEW dbops.databases AS
WITH latest AS (
    SELECT DISTINCT ON (datid) datid, size_bytes
      FROM dbops.database_history
     WHERE at > pg_catalog.now() - interval '70 minutes' AND node = dbops.node_name()
       AND size_bytes IS NOT NULL
     ORDER BY datid, at DESC
)
SELECT now.datname,
       dbops._bytes(latest.size_bytes) AS size,
       now.connections,
       now.xact_commit,
       dbops._rounded(now.rollback_percent, 1) AS rollback_percent,
       dbops._rounded(now.hit_percent, 1) AS hit_percent,
       dbops._bytes(now.temp_bytes) AS temp_files_written,
       now.deadlocks,
       now.confl_tablespace + now.confl_lock + now.confl_snapshot + now.confl_bufferpin
           + now.confl_deadlock AS recovery_conflicts,
       now.checksum_failures,
       now.xid_age,
       dbops._rounded(now.xid_age * 100.0 / 2147483648, 1) AS xid_used_percent,
       latest.size_bytes
  FROM dbops.database_now AS now
  LEFT JOIN latest USING (datid)
 WHERE now.datid <> 0
 ORDER BY latest.size_bytes DESC NULLS LAST, now.datname;

COMMENT ON VIEW dbops.databases IS
    'Databases, the largest first; counts are those since the statistics were reset, sizes as last inspected';
COMMENT ON COLUMN dbops.databases.temp_files_written IS 'By sorts and hashes that did not fit into work_mem';
COMMENT ON COLUMN dbops.databases.xid_used_percent IS 'How near its oldest transaction is to wraparound';
REVOKE ALL ON dbops.databases FROM PUBLIC;
GRANT SELECT ON dbops.databases TO pg_monitor;

CREATE VIEW dbops.tables AS
WITH hour AS (
    SELECT datid, relid,
           pg_catalog.sum(seq_scan) AS seq_scan, pg_catalog.sum(seq_tup_read) AS seq_tup_read, pg_catalog.sum(idx_scan) AS idx_scan,
           pg_catalog.sum(n_tup_ins) AS n_tup_ins, pg_catalog.sum(n_tup_upd) AS n_tup_upd, pg_catalog.sum(n_tup_del) AS n_tup_del,
           pg_catalog.sum(n_tup_hot_upd) AS n_tup_hot_upd,
           pg_catalog.sum(blks_hit) AS blks_hit, pg_catalog.sum(blks_read) AS blks_read, pg_catalog.max(at) AS latest_at
      FROM dbops.table_history
     WHERE at > pg_catalog.now() - interval '1 hour' AND node = dbops.node_name()
     GROUP BY datid, relid
), latest AS (
    SELECT DISTINCT ON (datid, relid)
           datid, relid, datname, schemaname, relname, total_bytes, n_live_tup, n_dead_tup,
           dead_percent, bloat_percent, last_vacuum_at, last_autovacuum_at, last_analyze_at, last_autoanalyze_at, xid_age
      FROM dbops.table_history
     WHERE at > pg_catalog.now() - interval '70 minutes' AND node = dbops.node_name()
     ORDER BY datid, relid, at DESC
)
SELECT latest.datname, latest.schemaname, latest.relname,
       dbops._bytes(latest.total_bytes) AS size,
       latest.n_live_tup,
       dbops._rounded(latest.dead_percent, 1) AS dead_percent,
       dbops._rounded(latest.bloat_percent, 0) AS bloat_percent,
       COALESCE(hour.seq_scan, 0) AS seq_scan,
       COALESCE(hour.seq_tup_read, 0) AS seq_tup_read,
       COALESCE(hour.idx_scan, 0) AS idx_scan,
       COALESCE(hour.n_tup_ins, 0) AS n_tup_ins,
       COALESCE(hour.n_tup_upd, 0) AS n_tup_upd,
       COALESCE(hour.n_tup_del, 0) AS n_tup_del,
       pg_catalog.round(100 * hour.n_tup_hot_upd / NULLIF(hour.n_tup_upd, 0), 1) AS hot_percent,
       pg_catalog.round(100 * hour.blks_hit / NULLIF(hour.blks_hit + hour.blks_read, 0), 1) AS hit_percent,
       GREATEST(latest.last_vacuum_at, latest.last_autovacuum_at) AS last_vacuum_at,
       GREATEST(latest.last_analyze_at, latest.last_autoanalyze_at) AS last_analyze_at,
       latest.xid_age, latest.total_bytes, latest.datid, latest.relid
  FROM latest
  LEFT JOIN hour USING (datid, relid)
  LEFT JOIN dbops.object AS o
    ON o.class = 'r' AND o.datid = latest.datid AND o.objid = latest.relid::bigint
 WHERE o.dropped_at IS NULL
 ORDER BY COALESCE(hour.seq_tup_read, 0) DESC, latest.total_bytes DESC NULLS LAST;

COMMENT ON VIEW dbops.tables IS
    'Tables of all databases, those most read by sequential scans first; counts of the last hour, sizes as last inspected';
COMMENT ON COLUMN dbops.tables.size IS 'With its indexes and TOAST';
COMMENT ON COLUMN dbops.tables.dead_percent IS 'Share of dead rows among all, as the server estimates';
COMMENT ON COLUMN dbops.tables.bloat_percent IS 'Share of the table, without TOAST, that VACUUM FULL would give back, estimated; NULL below 1 MB or before ANALYZE';
COMMENT ON COLUMN dbops.tables.hot_percent IS 'Share of updates that needed no new index entries';
COMMENT ON COLUMN dbops.tables.hit_percent IS 'Share of blocks found in shared buffers';
COMMENT ON COLUMN dbops.tables.last_vacuum_at IS 'Last VACUUM, by hand or by autovacuum';
COMMENT ON COLUMN dbops.tables.last_analyze_at IS 'Last ANALYZE, by hand or by autovacuum';
REVOKE ALL ON dbops.tables FROM PUBLIC;
GRANT SELECT ON dbops.tables TO pg_monitor;

CREATE VIEW dbops.indexes AS
WITH hour AS (
    SELECT datid, relid, pg_catalog.sum(idx_scan) AS idx_scan, pg_catalog.sum(idx_tup_read) AS idx_tup_read,
           pg_catalog.sum(blks_hit) AS blks_hit, pg_catalog.sum(blks_read) AS blks_read
      FROM dbops.index_history
     WHERE at > pg_catalog.now() - interval '1 hour' AND node = dbops.node_name()
     GROUP BY datid, relid
), latest AS (
    SELECT DISTINCT ON (datid, relid) datid, relid, datname, schemaname, relname, total_bytes, bloat_percent
      FROM dbops.index_history
     WHERE at > pg_catalog.now() - interval '70 minutes' AND node = dbops.node_name()
     ORDER BY datid, relid, at DESC
)
SELECT latest.datname, latest.schemaname, indexed.objname AS relname, latest.relname AS indexrelname,
       dbops._bytes(latest.total_bytes) AS size,
       dbops._rounded(latest.bloat_percent, 0) AS bloat_percent,
       COALESCE(hour.idx_scan, 0) AS idx_scan,
       COALESCE(hour.idx_tup_read, 0) AS idx_tup_read,
       pg_catalog.round(100 * hour.blks_hit / NULLIF(hour.blks_hit + hour.blks_read, 0), 1) AS hit_percent,
       index.is_valid, index.is_unique, index.has_constraint,
       index.definition,
       latest.total_bytes, latest.datid, latest.relid AS indexrelid
  FROM latest
  LEFT JOIN hour USING (datid, relid)
  LEFT JOIN dbops.object AS index
    ON index.class = 'r' AND index.datid = latest.datid AND index.objid = latest.relid::bigint
  LEFT JOIN dbops.object AS indexed
    ON indexed.class = 'r' AND indexed.datid = latest.datid AND indexed.objid = index.parentid::bigint
 WHERE index.dropped_at IS NULL
 ORDER BY index.is_valid, latest.schemaname IN ('pg_catalog', 'pg_toast', 'dbops'), COALESCE(hour.idx_scan, 0), index.is_unique, latest.total_bytes DESC NULLS LAST;

COMMENT ON VIEW dbops.indexes IS
    'Indexes of all databases: invalid ones first, then the least used; of those, the ones that enforce nothing, and the largest; those of the system and of dbops last; counts of the last hour';
COMMENT ON COLUMN dbops.indexes.bloat_percent IS 'Share of the index that REINDEX would give back, estimated; NULL below 1 MB, before ANALYZE, and for what is no B-tree of columns';
COMMENT ON COLUMN dbops.indexes.is_valid IS 'False when CREATE INDEX CONCURRENTLY failed or is under way: it costs writes and serves nobody';
COMMENT ON COLUMN dbops.indexes.has_constraint IS 'Whether a constraint needs it';
REVOKE ALL ON dbops.indexes FROM PUBLIC;
GRANT SELECT ON dbops.indexes TO pg_monitor;

CREATE VIEW dbops.statements AS
SELECT d.datname, r.rolname, s.calls, s.rows,
       pg_catalog.round(100 * (s.total_exec_ms / NULLIF(pg_catalog.sum(s.total_exec_ms) FILTER (WHERE s.toplevel) OVER (), 0))::numeric, 1)
           AS time_percent,
       dbops._rounded(s.total_exec_ms, 1) AS total_ms,
       dbops._rounded(s.total_exec_ms / NULLIF(s.calls, 0), 3) AS mean_ms,
       dbops._rounded(dbops.quantile(s.exec_histogram, 0.5), 3) AS p50_ms,
       dbops._rounded(dbops.quantile(s.exec_histogram, 0.95), 3) AS p95_ms,
       dbops._rounded(dbops.quantile(s.exec_histogram, 0.99), 3) AS p99_ms,
       dbops._rounded(dbops.quantile(s.exec_histogram, 0.999), 3) AS p999_ms,
       s.errors, s.timeouts, s.cancels,
       s.first_seen_at, s.last_seen_at, s.toplevel, s.queryid,
       COALESCE(o.definition, captured.query) AS query
  FROM dbops._tracked_statements() AS s
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.datid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
  LEFT JOIN dbops.object AS o ON o.class = 's' AND o.datid = s.datid AND o.objid = s.queryid
  LEFT JOIN dbops._captured_statements() AS captured
    ON captured.datid = s.datid AND captured.userid = s.userid AND captured.queryid = s.queryid AND captured.toplevel = s.toplevel
 ORDER BY s.total_exec_ms DESC;

COMMENT ON VIEW dbops.statements IS
    'Statements since the server started, those that took most time first; time_percent is the share among top-level statements, errors include timeouts and cancels';
COMMENT ON COLUMN dbops.statements.time_percent IS 'Share of the time of all top-level statements';
COMMENT ON COLUMN dbops.statements.errors IS 'Executions that failed, timeouts and cancels among them; calls are those that did not';
COMMENT ON COLUMN dbops.statements.toplevel IS 'False for what functions run';
COMMENT ON COLUMN dbops.statements.query IS 'Text as pg_stat_statements has it, or else as it was sent once';
REVOKE ALL ON dbops.statements FROM PUBLIC;
GRANT SELECT ON dbops.statements TO pg_monitor;

CREATE VIEW dbops.errors AS
WITH latest AS (
    SELECT DISTINCT ON (datid, queryid, sqlstate) datid, queryid, sqlstate, message, query
      FROM dbops._recent_errors()
     ORDER BY datid, queryid, sqlstate, at DESC
)
SELECT d.datname, r.rolname, e.sqlstate, e.kind, e.count, e.last_at, latest.message,
       e.toplevel, e.queryid, COALESCE(o.definition, captured.query, latest.query) AS query
  FROM dbops._tracked_errors() AS e
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = e.datid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = e.userid
  LEFT JOIN latest ON latest.datid = e.datid AND latest.queryid = e.queryid AND latest.sqlstate = e.sqlstate
  LEFT JOIN dbops.object AS o ON o.class = 's' AND o.datid = e.datid AND o.objid = e.queryid
  LEFT JOIN dbops._captured_statements() AS captured
    ON captured.datid = e.datid AND captured.userid = e.userid AND captured.queryid = e.queryid AND captured.toplevel = e.toplevel
 ORDER BY e.count DESC, e.last_at DESC;

COMMENT ON VIEW dbops.errors IS
    'Failures since the server started by SQLSTATE and statement, the most frequent first, caught ones too; the message is the latest one logged, queryid 0 is outside any statement and shows the text that failed last';
COMMENT ON COLUMN dbops.errors.kind IS 'error, or why it was cancelled: which timeout, a request, a conflict with recovery, …';
COMMENT ON COLUMN dbops.errors.message IS 'The latest one logged; NULL when a function caught it, or none was logged lately';
REVOKE ALL ON dbops.errors FROM PUBLIC;
GRANT SELECT ON dbops.errors TO pg_monitor;

CREATE VIEW dbops.self AS
SELECT DISTINCT ON (process)
       process,
       dbops._rounded(cpu_percent, 2) AS cpu_percent,
       dbops._bytes(private_bytes) AS private_memory,
       dbops._rounded(mean_cycle_ms, 1) AS mean_cycle_ms,
       dbops._bytes(wal_bytes_per_second) AS wal_per_second,
       dbops._bytes(ring_used_bytes) AS ring_used,
       dbops._bytes(history_bytes) AS history,
       ticks_dropped, ticks_lost, at
  FROM dbops.self_history
 WHERE at > pg_catalog.now() - interval '10 minutes' AND node = dbops.node_name()
   AND covers > interval '0'
 ORDER BY process, at DESC;

COMMENT ON VIEW dbops.self IS
    'What dbops itself costs, by worker, as of the latest sample; drops and losses are those of that sample';
COMMENT ON COLUMN dbops.self.cpu_percent IS 'Share of one CPU';
COMMENT ON COLUMN dbops.self.private_memory IS 'Memory that it shares with no other process';
COMMENT ON COLUMN dbops.self.mean_cycle_ms IS 'Time that a round of its work took';
COMMENT ON COLUMN dbops.self.ring_used IS 'Memory taken by samples not stored yet, and those kept for reading';
COMMENT ON COLUMN dbops.self.history IS 'Disk taken by the history';
COMMENT ON COLUMN dbops.self.ticks_dropped IS 'Samples larger than the memory for them';
COMMENT ON COLUMN dbops.self.ticks_lost IS 'Samples overwritten before they were stored';
REVOKE ALL ON dbops.self FROM PUBLIC;
GRANT SELECT ON dbops.self TO pg_monitor;
