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
GRANT EXECUTE ON FUNCTION dbops._xmin_holders() TO pg_monitor;
