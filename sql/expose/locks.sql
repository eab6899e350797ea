-- Heavyweight locks as they are, for people: what somebody waits for first.

CREATE VIEW dbops.locks AS
SELECT now.datname,
       now.locktype,
       now.mode,
       now.waiting,
       dbops._rounded(now.longest_wait_ms, 0) AS longest_wait_ms,
       now.granted,
       now.fastpath,
       now.datid
  FROM dbops.lock_now AS now
 ORDER BY now.waiting > 0 DESC, now.longest_wait_ms DESC, now.granted DESC, now.datid, now.locktype, now.mode;

COMMENT ON VIEW dbops.locks IS
    'Locks of all databases by kind and mode, without those of the calling session: the longest wait first, then the most held';
REVOKE ALL ON dbops.locks FROM PUBLIC;
GRANT SELECT ON dbops.locks TO pg_monitor;
