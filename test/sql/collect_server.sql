-- covers: collect/server collect/database collect/self collect/filesystem collect/processes collect/collectors core/databases
--
-- What is collected of the server is what happened: each fact is made here and then looked for, first
-- as it is at the moment, then in the history.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
CREATE TABLE regress_collect (id int, filler text);
SELECT pg_stat_force_next_flush();

SELECT now() AS started_at FROM dbops.take_sample() \gset
SELECT xact_commit, xact_rollback, tup_inserted, tup_updated, temp_files, temp_bytes
  FROM dbops.database_now WHERE datname = current_database() \gset before_
SELECT wal_lsn, wal_bytes, wal_records, next_xid, checkpoints_requested, checkpoint_buffers
  FROM dbops.server_now \gset before_
SELECT cycles, ticks, cpu_user_ms + cpu_system_ms AS cpu_ms, transactions
  FROM dbops.self_now WHERE process = 'sampler' \gset before_
SELECT server_cpu_ms FROM dbops.system_now \gset before_

-- ---- sessions and limits ------------------------------------------------------------------------
SELECT active >= 1 AS this_session_is_active,
       connections = active + idle + idle_in_transaction + idle_in_transaction_aborted + fastpath
           + state_unknown AS every_connection_has_a_state,
       workers = parallel_workers + logical_workers + other_workers AS every_worker_has_a_kind,
       other_workers >= 2 AS sampler_and_keeper_are_workers
  FROM dbops.server_now;
SELECT connection_limit = current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int AS connections,
       worker_limit = current_setting('max_worker_processes')::int AS workers,
       walsender_limit = current_setting('max_wal_senders')::int AS walsenders,
       prepared_transaction_limit = current_setting('max_prepared_transactions')::int AS prepared
  FROM dbops.server_now;
SELECT in_recovery, walsenders,
       abs(uptime_seconds - extract(epoch FROM now() - pg_postmaster_start_time())) < 5
           AND started_at = pg_postmaster_start_time() AS uptime
  FROM dbops.server_now;
SET max_parallel_workers = 3;
SELECT parallel_worker_limit FROM dbops.server_now;
RESET max_parallel_workers;

-- ---- what a prepared transaction holds ----------------------------------------------------------
BEGIN;
INSERT INTO regress_collect VALUES (0, 'prepared');
PREPARE TRANSACTION 'regress_collect';
SELECT pg_current_xact_id() IS NULL AS burned;
SELECT pg_current_xact_id() IS NULL AS burned;
SELECT pg_current_xact_id() IS NULL AS burned;
SELECT prepared_transactions, oldest_xmin_age >= 4 AS is_held, oldest_xmin_kind <> 'none' AS by_somebody
  FROM dbops.server_now;
SELECT kind, datname = current_database() AS here, xmin_age >= 4 AS is_old
  FROM dbops.xmin_holders WHERE kind = 'prepared transaction';
ROLLBACK PREPARED 'regress_collect';
SELECT prepared_transactions FROM dbops.server_now;

-- ---- a database counts what is done in it -------------------------------------------------------
INSERT INTO regress_collect SELECT g, repeat('x', 200) FROM generate_series(1, 5000) AS g;
UPDATE regress_collect SET filler = 'y' WHERE id <= 100;
BEGIN; INSERT INTO regress_collect VALUES (-1); ROLLBACK;
BEGIN; INSERT INTO regress_collect VALUES (-1); ROLLBACK;
SET work_mem = '64kB';
SELECT count(*) FROM (SELECT id FROM regress_collect ORDER BY filler, id OFFSET 0) AS sorted;
RESET work_mem;
SELECT pg_stat_force_next_flush();
SELECT xact_commit - :before_xact_commit >= 6 AS commits,
       xact_rollback - :before_xact_rollback >= 2 AS rollbacks,
       tup_inserted - :before_tup_inserted >= 5002 AS inserted,
       tup_updated - :before_tup_updated >= 100 AS updated,
       temp_files - :before_temp_files AS temp_files,
       temp_bytes - :before_temp_bytes > 100000 AS temp_bytes
  FROM dbops.database_now WHERE datname = current_database();

-- As the server's own statistics have it.
SELECT d.datname
  FROM pg_database AS d
  LEFT JOIN dbops.database_now AS n ON n.datid = d.oid
  LEFT JOIN pg_stat_database AS s ON s.datid = d.oid
 WHERE n.datid IS NULL
    OR (n.datname, n.temp_files, n.temp_bytes, n.deadlocks, n.sessions_abandoned, n.sessions_fatal, n.sessions_killed)
       IS DISTINCT FROM
       (d.datname, s.temp_files, s.temp_bytes, s.deadlocks, s.sessions_abandoned, s.sessions_fatal, s.sessions_killed)
    OR n.connections <> s.numbackends - (SELECT count(*) FROM pg_stat_activity AS a
                                          WHERE a.datid = d.oid AND backend_type <> 'client backend')
    OR abs(n.xid_age - age(d.datfrozenxid)) > 100
    OR abs(n.mxid_age - mxid_age(d.datminmxid)) > 100;
SELECT datname, connections, connection_limit FROM dbops.database_now WHERE datid = 0;
CREATE DATABASE regress_limited CONNECTION LIMIT 7;
SELECT datname, connections, connection_limit FROM dbops.database_now WHERE datname = 'regress_limited';
DROP DATABASE regress_limited;
SELECT count(*) FROM dbops.database_now WHERE datname = 'regress_limited';

-- ---- WAL and checkpoints ------------------------------------------------------------------------
SELECT wal_bytes - :before_wal_bytes > 1000000 AS wal_bytes,
       wal_records - :before_wal_records > 5000 AS wal_records,
       wal_lsn - :before_wal_lsn > 1000000 AS wal_lsn,
       next_xid - :before_next_xid >= 8 AS next_xid,
       xid_age > 0 AS xid_age
  FROM dbops.server_now;
SELECT wal_lsn::numeric <= pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS is_no_future FROM dbops.server_now;
CHECKPOINT;
-- The checkpointer tells of it a moment later.
SET stats_fetch_consistency = none;
\i test/include/await.sql
CALL pg_temp.await(format('checkpoints_requested > %s AND checkpoint_buffers > %s FROM dbops.server_now',
    :before_checkpoints_requested, :before_checkpoint_buffers));

-- ---- what dbops itself costs --------------------------------------------------------------------
SELECT dbops.take_sample() IS NOT NULL AS taken;
SELECT cycles > :before_cycles AS cycles,
       ticks - :before_ticks >= (SELECT count(DISTINCT family) FROM dbops.metrics()) AS ticks,
       cpu_user_ms + cpu_system_ms >= :before_cpu_ms AS cpu,
       transactions > :before_transactions AS transactions,
       ring_bytes = pg_size_bytes(current_setting('dbops.ring_size')) AS ring,
       ring_used_bytes BETWEEN 1000 AND ring_bytes AS ring_used,
       private_bytes BETWEEN 100000 AND 100000000 AS memory,
       wal_bytes < 100000 AS the_sampler_writes_hardly_any_wal, ticks_dropped, ticks_lost, starts
  FROM dbops.self_now WHERE process = 'sampler';
SELECT cycles > 0 AS cycles, wal_bytes > 10000 AS the_keeper_writes_wal, history_bytes > 0 AS history, starts > 0 AS starts
  FROM dbops.self_now WHERE process = 'keeper';

-- ---- the file system of the data directory, and the server's processes --------------------------
SELECT count(*) AS file_systems,
       bool_and(used_bytes <= total_bytes AND available_bytes <= free_bytes AND total_bytes = used_bytes + free_bytes)
           AS sizes_are_consistent,
       bool_and(used_percent BETWEEN 0 AND 100) AS percent
  FROM dbops.filesystem_now WHERE holds & 1 = 1;
SELECT server_processes >= (SELECT count(*) FROM pg_stat_activity) AS processes,
       server_memory_bytes BETWEEN server_private_bytes AND memory_total_bytes AS memory,
       server_shared_bytes > 1000000 AS shared,
       server_cpu_ms > :before_server_cpu_ms AS cpu
  FROM dbops.system_now;

-- ---- and the history has the same ---------------------------------------------------------------
SELECT sum(xact_commit) >= 6 AS commits, sum(tup_inserted) >= 5002 AS inserted, sum(temp_files) AS temp_files,
       max(xid_age) > 0 AS xid_age
  FROM dbops.database_history WHERE at > :'started_at' AND datname = current_database();
SELECT sum(wal_bytes) > 1000000 AS wal_bytes, sum(checkpoints_requested) >= 1 AS checkpoints,
       max(active) >= 1 AS active, max(prepared_transaction_limit) AS prepared_transaction_limit
  FROM dbops.server_history WHERE at > :'started_at';
SELECT process, sum(cycles) > 0 AS cycles, bool_or(cpu_percent > 0) AS cpu
  FROM dbops.self_history WHERE at > :'started_at' AND process IN ('sampler', 'keeper') GROUP BY process ORDER BY process;
SELECT bool_and(node = dbops.node_name()) AS is_this_node, count(*) > 0 AS is_there
  FROM dbops.filesystem_history WHERE at > :'started_at';

DROP TABLE regress_collect;
