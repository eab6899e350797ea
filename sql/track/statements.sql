-- What sessions recorded about statements, live from shared memory.

CREATE FUNCTION dbops._tracked_statements(
    OUT datid oid,
    OUT userid oid,
    OUT queryid bigint,
    OUT toplevel boolean,
    OUT first_seen_at timestamptz,
    OUT last_seen_at timestamptz,
    OUT calls bigint,
    OUT rows bigint,
    OUT total_exec_ms double precision,
    OUT plans bigint,
    OUT total_plan_ms double precision,
    OUT errors bigint,
    OUT timeouts bigint,
    OUT cancels bigint,
    OUT exec_histogram dbops.histogram,
    OUT plan_histogram dbops.histogram)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_tracked_statements';
COMMENT ON FUNCTION dbops._tracked_statements() IS
    'Statements as recorded by sessions since the server started; errors include timeouts and cancels';
REVOKE ALL ON FUNCTION dbops._tracked_statements() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._tracked_statements() TO pg_monitor;

CREATE FUNCTION dbops._track_state(
    OUT statements bigint,
    OUT max_statements bigint,
    OUT evicted bigint,
    OUT not_admitted bigint,
    OUT pages bigint,
    OUT max_pages bigint,
    OUT pages_exhausted bigint,
    OUT order_is_right boolean)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_track_state';
COMMENT ON FUNCTION dbops._track_state() IS
    'How full the table of recorded statements is, and whether pg_stat_statements is preloaded first';
REVOKE ALL ON FUNCTION dbops._track_state() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._track_state() TO pg_monitor;
