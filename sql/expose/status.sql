-- Is dbops itself well?

CREATE FUNCTION dbops.status(
    OUT component text,
    OUT status text,
    OUT detail text,
    OUT what_to_do text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_status'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops.status() IS
    'Parts of dbops, worst first: whether each works (ok, unknown, warning, critical), and what to do if not';

REVOKE ALL ON FUNCTION dbops.status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.status() TO pg_monitor;
