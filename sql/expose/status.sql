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

CREATE FUNCTION dbops.tasks(
    OUT worker text,
    OUT task text,
    OUT last_at timestamptz,
    OUT last_ms float8,
    OUT skipped int8,
    OUT skips_left int4,
    OUT failures int8,
    OUT sqlstate text,
    OUT error text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_tasks'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops.tasks() IS
    'Tasks of the workers, failing ones first: when each last succeeded, how long the last run took in ms, how often it was left out as too expensive and for how many rounds it still is, and how often in a row it has failed since';

REVOKE ALL ON FUNCTION dbops.tasks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.tasks() TO pg_monitor;
