-- What sessions recorded about plans, live from shared memory.

CREATE FUNCTION dbops._tracked_plans(
    changed_since bigint DEFAULT 0,
    OUT datid oid,
    OUT userid oid,
    OUT queryid bigint,
    OUT toplevel boolean,
    OUT planid bigint,
    OUT first_seen_at timestamptz,
    OUT last_seen_at timestamptz,
    OUT calls bigint,
    OUT total_exec_ms double precision,
    OUT exec_histogram dbops.histogram,
    OUT plan text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_tracked_plans';
COMMENT ON FUNCTION dbops._tracked_plans(bigint) IS
    'Plans of statements as recorded by sessions since the server started, or an epoch of recording; a plan may have several rows';
REVOKE ALL ON FUNCTION dbops._tracked_plans(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._tracked_plans(bigint) TO pg_monitor;

CREATE FUNCTION dbops._plan_state(
    OUT plans bigint,
    OUT max_plans bigint,
    OUT evicted bigint,
    OUT not_admitted bigint,
    OUT texts_exhausted bigint)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_plan_state';
COMMENT ON FUNCTION dbops._plan_state() IS
    'How full the table of recorded plans is, and how many texts of plans found no room';
REVOKE ALL ON FUNCTION dbops._plan_state() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._plan_state() TO pg_monitor;
