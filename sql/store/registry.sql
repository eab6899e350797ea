-- The registry of metrics as SQL sees it.

CREATE FUNCTION dbops.metrics(
    OUT family text,
    OUT name text,
    OUT type text,
    OUT kind text,
    OUT unit text,
    OUT rollup text,
    OUT cadence text,
    OUT help text
)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL SAFE
ROWS 500
AS 'MODULE_PATHNAME', 'dbops_metrics';
COMMENT ON FUNCTION dbops.metrics() IS
    'Every label and metric of every family: what it is, its unit, how samples of it become one, '
    'how often it is taken';
REVOKE ALL ON FUNCTION dbops.metrics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.metrics() TO pg_monitor;

CREATE FUNCTION dbops._columns(
    OUT family text,
    OUT kind text,
    OUT table_name text,
    OUT family_help text,
    OUT column_name text,
    OUT column_type text,
    OUT column_comment text,
    OUT column_number int
)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL SAFE
ROWS 1000
AS 'MODULE_PATHNAME', 'dbops_columns';
COMMENT ON FUNCTION dbops._columns() IS
    'The foreign tables that the registry asks for, a row per column';
REVOKE ALL ON FUNCTION dbops._columns() FROM PUBLIC;
