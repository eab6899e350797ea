-- The time of an LSN.

CREATE FUNCTION dbops.lsn_time(lsn pg_lsn) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'dbops_lsn_time'
    LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops.lsn_time(pg_lsn) IS
    'When the primary''s WAL reached the LSN: to the second for two hours, to 1/128 of its age before, as fine as the history from before the start; NULL if older than all that is known, or ahead of the present';
REVOKE ALL ON FUNCTION dbops.lsn_time(pg_lsn) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.lsn_time(pg_lsn) TO pg_monitor;

CREATE FUNCTION dbops.lsn_age(lsn pg_lsn) RETURNS interval
    AS 'MODULE_PATHNAME', 'dbops_lsn_age'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops.lsn_age(pg_lsn) IS
    'For how long WAL that matters has existed beyond the LSN: 0 if there is none, so it does not grow while the server idles; on a standby without a living connection the time since it was last known to be the latest; NULL if older than all that is known';
REVOKE ALL ON FUNCTION dbops.lsn_age(pg_lsn) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.lsn_age(pg_lsn) TO pg_monitor;

CREATE FUNCTION dbops._lsn_points(
    OUT lsn pg_lsn,
    OUT important_lsn pg_lsn,
    OUT first_at timestamptz,
    OUT last_at timestamptz,
    OUT timeline integer)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__lsn_points'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops._lsn_points() IS
    'WAL positions that were the latest, and from when to when, since the server started';
REVOKE ALL ON FUNCTION dbops._lsn_points() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._lsn_points() TO pg_monitor;
