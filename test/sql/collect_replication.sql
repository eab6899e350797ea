SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
-- covers: collect/replication collect/slot collect/receiver collect/recovery collect/conflict collect/subscription

-- A server on its own has no replication, and says so by having no rows.
SELECT (SELECT count(*) FROM dbops.replication_now) AS receivers,
       (SELECT count(*) FROM dbops.receiver_now) AS receives,
       (SELECT count(*) FROM dbops.recovery_now) AS replays,
       (SELECT count(*) FROM dbops.conflict_now) AS conflicts;

-- A slot has what the server's own view has; what is NULL there is NULL here.
SELECT slot_name FROM pg_create_physical_replication_slot('regress_reserved', true);
SELECT slot_name FROM pg_create_physical_replication_slot('regress_unused');
SELECT n.slot_name, n.slot_type, n.plugin, n.datid, n.datname, n.active, n.active_pid, n.temporary, n.wal_status,
       n.two_phase, n.conflicting, n.invalidation_reason, n.spill_txns, n.total_bytes, n.xmin_age, n.catalog_xmin_age
  FROM dbops.slot_now AS n ORDER BY n.slot_name;
SELECT slot_name, n.wal_status IS NOT DISTINCT FROM s.wal_status AS wal_status,
       n.restart_lsn IS NOT DISTINCT FROM s.restart_lsn - '0/0'::pg_lsn AS restart_lsn,
       n.restart_lag_bytes >= 0 AS lag, n.confirmed_flush_lsn, n.safe_wal_size IS NOT DISTINCT FROM s.safe_wal_size AS safe
  FROM dbops.slot_now AS n JOIN pg_replication_slots AS s USING (slot_name) ORDER BY slot_name;
SELECT slot_name, slot_type, active, wal_status, wal_kept IS NOT NULL AS keeps, wal_left FROM dbops.slots;

-- How much WAL is left before a slot is lost is known where that is limited (and a segment more).
ALTER SYSTEM SET max_slot_wal_keep_size = '64MB';
SELECT pg_reload_conf();
\i test/include/await.sql
CALL pg_temp.await($$safe_wal_size > 0 FROM dbops.slot_history WHERE slot_name = 'regress_reserved' ORDER BY at DESC LIMIT 1$$);
\c -
SELECT slot_name, n.safe_wal_size BETWEEN 1 AND 80 * 1024 * 1024 AS sane, n.safe_wal_size - s.safe_wal_size BETWEEN 0 AND 100000 AS as_the_server_has_it
  FROM dbops.slot_now AS n JOIN pg_replication_slots AS s USING (slot_name) WHERE slot_name = 'regress_reserved';
ALTER SYSTEM RESET max_slot_wal_keep_size;
SELECT pg_reload_conf();
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name ~ '^regress_';
SELECT count(*) FROM dbops.slot_now;
SELECT DISTINCT slot_name, slot_type, wal_status FROM dbops.slot_history WHERE slot_name ~ '^regress_' AND at > now() - interval '1 min' ORDER BY 1;

-- A subscription is there whether or not anything runs for it.
SET client_min_messages = error;
CREATE SUBSCRIPTION regress_sub CONNECTION 'dbname=regress_nowhere password=secret' PUBLICATION p
    WITH (connect = false, enabled = false, slot_name = NONE);
RESET client_min_messages;
SELECT subname, subid = (SELECT oid FROM pg_subscription) AS subid, datname = current_database() AS here, enabled, pid, sync_workers,
       received_lsn, apply_error_count, sync_error_count
  FROM dbops.subscription_now;
DROP SUBSCRIPTION regress_sub;
SELECT count(*) FROM dbops.subscription_now;

-- All of it is there for those who monitor.
SET ROLE pg_monitor;
SELECT count(*) FROM dbops.slots;
SELECT count(*) FROM dbops.replication_now;
RESET ROLE;
