-- How fast WAL was replayed, for people.

CREATE VIEW dbops.recovery_rates AS
SELECT node, source, name,
       dbops._bytes(bytes / seconds) AS replayed_per_second,
       dbops._bytes(bytes) AS replayed,
       measured_at,
       bytes / seconds AS bytes_per_second
  FROM dbops.recovery_rate
 ORDER BY measured_at DESC;

COMMENT ON VIEW dbops.recovery_rates IS
    'How fast this server and its standbys were seen to replay WAL: what the times to recover in dbops.recovery are told by';
COMMENT ON COLUMN dbops.recovery_rates.source IS 'crash: when the server last started after one; standby: while that caught up';
REVOKE ALL ON dbops.recovery_rates FROM PUBLIC;
GRANT SELECT ON dbops.recovery_rates TO pg_monitor;
