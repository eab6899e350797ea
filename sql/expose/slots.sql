-- Replication slots: what they hold back, in bytes and in time.

CREATE VIEW dbops.slots AS
SELECT now.slot_name,
       now.slot_type,
       now.datname,
       now.plugin,
       now.active = 1 AS active,
       now.wal_status,
       dbops._bytes(now.restart_lag_bytes) AS wal_kept,
       pg_catalog.date_trunc('milliseconds', dbops.lsn_age('0/0'::pg_lsn OPERATOR(pg_catalog.+) now.restart_lsn::numeric)) AS wal_kept_for,
       dbops._bytes(now.safe_wal_size) AS wal_left,
       dbops._bytes(now.confirmed_flush_lag_bytes) AS not_received,
       pg_catalog.date_trunc('milliseconds', dbops.lsn_age('0/0'::pg_lsn OPERATOR(pg_catalog.+) now.confirmed_flush_lsn::numeric)) AS not_received_for,
       GREATEST(now.xmin_age, now.catalog_xmin_age) AS xmin_age,
       now.invalidation_reason,
       now.inactive_since,
       now.active_pid,
       CASE WHEN now.wal_status = 'lost'
            THEN pg_catalog.format('set up its receiver anew, and SELECT pg_drop_replication_slot(%L)', now.slot_name)
            WHEN now.active = 0
            THEN pg_catalog.format('start its receiver, or SELECT pg_drop_replication_slot(%L)', now.slot_name)
       END AS what_to_do,
       now.restart_lag_bytes,
       now.confirmed_flush_lag_bytes,
       now.safe_wal_size
  FROM dbops.slot_now AS now
 ORDER BY now.wal_status = 'lost' DESC NULLS LAST, now.safe_wal_size NULLS LAST,
          now.restart_lag_bytes DESC NULLS LAST, now.slot_name;

COMMENT ON VIEW dbops.slots IS
    'Replication slots: WAL they keep in bytes and in time, WAL that can still be written before it is lost, and what a logical receiver lacks; lost ones first, then those nearest to it, then those that keep most';
COMMENT ON COLUMN dbops.slots.wal_kept IS 'WAL from the slot''s restart_lsn on';
COMMENT ON COLUMN dbops.slots.wal_kept_for IS 'Age of the oldest WAL that it keeps';
COMMENT ON COLUMN dbops.slots.wal_left IS 'WAL that can be written before the slot is lost; NULL without max_slot_wal_keep_size';
COMMENT ON COLUMN dbops.slots.not_received IS 'WAL that its logical receiver has not confirmed';
COMMENT ON COLUMN dbops.slots.not_received_for IS 'How long ago what it confirmed was the latest';
COMMENT ON COLUMN dbops.slots.xmin_age IS 'Transactions since the oldest whose deleted rows it keeps from VACUUM';
REVOKE ALL ON dbops.slots FROM PUBLIC;
GRANT SELECT ON dbops.slots TO pg_monitor;
