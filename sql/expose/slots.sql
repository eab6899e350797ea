-- Replication slots: what they hold back, in bytes and in time.

CREATE VIEW dbops.slots AS
SELECT now.slot_name,
       now.slot_type,
       now.datname,
       now.plugin,
       now.active = 1 AS active,
       now.wal_status,
       dbops._bytes(now.restart_lag_bytes) AS wal_kept,
       dbops.lsn_age('0/0'::pg_lsn OPERATOR(pg_catalog.+) now.restart_lsn::numeric) AS wal_kept_since,
       dbops._bytes(now.safe_wal_size) AS wal_left,
       dbops._bytes(now.confirmed_flush_lag_bytes) AS not_received,
       dbops.lsn_age('0/0'::pg_lsn OPERATOR(pg_catalog.+) now.confirmed_flush_lsn::numeric) AS not_received_since,
       GREATEST(now.xmin_age, now.catalog_xmin_age) AS xmin_age,
       now.invalidation_reason,
       now.inactive_since,
       now.active_pid,
       now.restart_lag_bytes,
       now.confirmed_flush_lag_bytes,
       now.safe_wal_size
  FROM dbops.slot_now AS now
 ORDER BY now.wal_status = 'lost' DESC NULLS LAST, now.safe_wal_size NULLS LAST,
          now.restart_lag_bytes DESC NULLS LAST, now.slot_name;

COMMENT ON VIEW dbops.slots IS
    'Replication slots: WAL they keep in bytes and in time, WAL that can still be written before it is lost, and what a logical receiver lacks; lost ones first, then those nearest to it, then those that keep most';
REVOKE ALL ON dbops.slots FROM PUBLIC;
GRANT SELECT ON dbops.slots TO pg_monitor;
