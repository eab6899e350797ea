-- One execution of each statement as it was sent.

CREATE FUNCTION dbops.statement_sample(
    queryid bigint,
    OUT datname text,
    OUT rolname text,
    OUT toplevel boolean,
    OUT query text,
    OUT truncated boolean,
    OUT session_rolname text,
    OUT search_path text,
    OUT parameter_types text[],
    OUT parameter_values text[],
    OUT duration_ms double precision,
    OUT captured_at timestamptz,
    OUT explain text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_statement_sample';
COMMENT ON FUNCTION dbops.statement_sample(bigint) IS
    'A statement as it was sent, with what is needed to plan it again; the texts of others are for pg_read_all_stats, values are there if dbops.capture_values was on, and explain is to be pasted into psql in that database';
REVOKE ALL ON FUNCTION dbops.statement_sample(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.statement_sample(bigint) TO pg_monitor;

CREATE FUNCTION dbops._captured_statements(
    OUT datid oid,
    OUT userid oid,
    OUT queryid bigint,
    OUT toplevel boolean,
    OUT query text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_captured_statements';
COMMENT ON FUNCTION dbops._captured_statements() IS
    'Texts of statements as they were sent, as far as the user may see them';
REVOKE ALL ON FUNCTION dbops._captured_statements() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._captured_statements() TO pg_monitor;

CREATE FUNCTION dbops._capture_state(
    OUT captures bigint,
    OUT used_bytes bigint,
    OUT capacity_bytes bigint,
    OUT not_captured bigint)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_capture_state';
COMMENT ON FUNCTION dbops._capture_state() IS
    'How full the memory for captured statements is, and how many found no room';
REVOKE ALL ON FUNCTION dbops._capture_state() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._capture_state() TO pg_monitor;
