-- Who keeps VACUUM from cleaning up, for people: with what would end it.
--
-- Beside the function, which needs no view of sessions, since it is installed before those.

CREATE VIEW dbops.xmin_holders AS
SELECT h.kind,
       h.name,
       h.datname,
       h.rolname,
       h.xmin_age,
       dbops._elapsed(h.since) AS held_for,
       s.state,
       s.query,
       CASE WHEN h.kind = 'prepared transaction' THEN pg_catalog.format('ROLLBACK PREPARED %L', h.name)
            WHEN h.kind LIKE 'replication slot%' THEN pg_catalog.format('SELECT pg_drop_replication_slot(%L)', h.name)
            WHEN h.kind = 'session' THEN dbops._stop_sql(h.pid, s.state)
       END AS stop_sql,
       h.since,
       h.xmin,
       h.pid
  FROM dbops._xmin_holders() AS h
  LEFT JOIN dbops._sessions() AS s ON s.pid = h.pid
 ORDER BY h.xmin_age DESC, h.since;

COMMENT ON VIEW dbops.xmin_holders IS
    'Sessions, prepared transactions, replication slots and standbys that keep VACUUM from removing old row versions, worst first';
COMMENT ON COLUMN dbops.xmin_holders.name IS 'Of the prepared transaction or the slot';
COMMENT ON COLUMN dbops.xmin_holders.xmin_age IS 'Transactions since the oldest whose deleted rows it keeps';
COMMENT ON COLUMN dbops.xmin_holders.held_for IS 'How old its transaction is';
COMMENT ON COLUMN dbops.xmin_holders.stop_sql IS
    'The statement that would end it; a slot that is dropped leaves its receiver to be set up anew';
REVOKE ALL ON dbops.xmin_holders FROM PUBLIC;
GRANT SELECT ON dbops.xmin_holders TO pg_monitor;
