-- Which indexes the advisor would think of: to look into it.

CREATE FUNCTION dbops._candidates(
    statement text,
    max_columns integer DEFAULT 4,
    OUT table_name text,
    OUT ddl text,
    OUT bytes bigint,
    OUT used boolean,
    OUT cost_before float8,
    OUT cost_after float8)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__candidates'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops._candidates(text, integer) IS
    'Indexes that could serve the statement, whether the planner takes them when all of them are there, and what the statement costs without and with them';
REVOKE ALL ON FUNCTION dbops._candidates(text, integer) FROM PUBLIC;
