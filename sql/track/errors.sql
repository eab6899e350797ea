-- Failures of statements and sessions, live from shared memory.

CREATE FUNCTION dbops._tracked_errors(
    OUT datid oid,
    OUT userid oid,
    OUT queryid bigint,
    OUT toplevel boolean,
    OUT sqlstate text,
    OUT kind text,
    OUT count bigint,
    OUT last_at timestamptz)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_tracked_errors';
COMMENT ON FUNCTION dbops._tracked_errors() IS
    'Failures since the server started, by statement (queryid 0: outside any) and SQLSTATE';
REVOKE ALL ON FUNCTION dbops._tracked_errors() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._tracked_errors() TO pg_monitor;

CREATE FUNCTION dbops._recent_errors(
    OUT at timestamptz,
    OUT datid oid,
    OUT userid oid,
    OUT queryid bigint,
    OUT toplevel boolean,
    OUT sqlstate text,
    OUT kind text,
    OUT pid integer,
    OUT message text,
    OUT query text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_recent_errors';
COMMENT ON FUNCTION dbops._recent_errors() IS
    'The latest failures that were logged, newest first, at most 256; the text, clipped, of those that belong to no statement';
REVOKE ALL ON FUNCTION dbops._recent_errors() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._recent_errors() TO pg_monitor;
