-- Heavyweight locks as they are, for people: what somebody waits for first.

CREATE VIEW dbops.locks AS
SELECT now.datname,
       now.locktype,
       now.mode,
       now.waiting,
       CASE WHEN now.waiting > 0
            THEN pg_catalog.make_interval(secs => pg_catalog.round(now.longest_wait_ms::numeric / 1000, 3)::float8) END
           AS waiting_for,
       now.granted,
       now.fastpath,
       now.datid
  FROM dbops.lock_now AS now
 ORDER BY now.waiting > 0 DESC, now.longest_wait_ms DESC, now.granted DESC, now.datid, now.locktype, now.mode;

COMMENT ON VIEW dbops.locks IS
    'Locks of all databases by kind and mode, without those of the calling session: the longest wait first, then the most held';
COMMENT ON COLUMN dbops.locks.waiting IS 'Sessions that wait for such a lock; dbops.blocking says whom for';
COMMENT ON COLUMN dbops.locks.waiting_for IS 'For how long the one that has waited longest does';
COMMENT ON COLUMN dbops.locks.granted IS 'Such locks that are held, those of the fast path among them';
REVOKE ALL ON dbops.locks FROM PUBLIC;
GRANT SELECT ON dbops.locks TO pg_monitor;
