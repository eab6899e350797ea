-- Who keeps old row versions from being removed.

CREATE FUNCTION dbops._xmin_holders(
    OUT kind text,
    OUT pid integer,
    OUT name text,
    OUT datname text,
    OUT rolname text,
    OUT xmin xid,
    OUT xmin_age bigint,
    OUT since timestamptz
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dbops__xmin_holders'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops._xmin_holders() IS 'Holders of the oldest row versions, without the calling session, worst first';
REVOKE ALL ON FUNCTION dbops._xmin_holders() FROM PUBLIC;

CREATE VIEW dbops.xmin_holders AS
SELECT
    h.kind,
    h.pid,
    h.name,
    h.datname,
    h.rolname,
    h.xmin,
    h.xmin_age,
    h.since
FROM dbops._xmin_holders() AS h
ORDER BY h.xmin_age DESC;

COMMENT ON VIEW dbops.xmin_holders IS 'Sessions, prepared transactions, replication slots and standbys that keep VACUUM from removing old row versions, worst first';
REVOKE ALL ON dbops.xmin_holders FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._xmin_holders() TO pg_monitor;
GRANT SELECT ON dbops.xmin_holders TO pg_monitor;
