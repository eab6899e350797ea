-- Why there is no advice for a statement.

CREATE FUNCTION dbops.why_not(
    statement text,
    OUT table_name text,
    OUT reason text,
    OUT next_step text)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_why_not'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 5 COST 1000000;
COMMENT ON FUNCTION dbops.why_not(text) IS
    'Why there is no index advice for the statement: one line for each reason, with the table it is about and what to do; and extended statistics that are missing';
REVOKE ALL ON FUNCTION dbops.why_not(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.why_not(text) TO pg_monitor;

CREATE FUNCTION dbops.why_not(
    queryid bigint,
    OUT table_name text,
    OUT reason text,
    OUT next_step text)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_why_not_of'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 5 COST 1000000;
COMMENT ON FUNCTION dbops.why_not(bigint) IS
    'The same for a statement that dbops tracks, as its user sends it, by its queryid in dbops.workload()';
REVOKE ALL ON FUNCTION dbops.why_not(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.why_not(bigint) TO pg_monitor;
