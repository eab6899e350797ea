-- Which extended statistics to have.

CREATE FUNCTION dbops.recommend_statistics(
    workload text[] DEFAULT NULL,
    weights float8[] DEFAULT NULL,
    time_limit interval DEFAULT '30 s',
    OUT rank int,
    OUT ddl text,
    OUT undo_ddl text,
    OUT table_name text,
    OUT columns text[],
    OUT estimated_rows float8,
    OUT actual_rows float8,
    OUT factor float8,
    OUT statements int,
    OUT calls_per_day float8,
    OUT ms_per_day float8,
    OUT confidence text,
    OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_recommend_statistics'
    LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10 COST 1000000;
COMMENT ON FUNCTION dbops.recommend_statistics(text[], float8[], interval) IS
    'CREATE STATISTICS for the statements dbops tracked in this database, or for those of workload (weights: calls a day), where the planner expects three times too many or too few rows or groups because columns depend on each other or nothing is known of an expression; what concerns most time first; estimated_rows and actual_rows, from a sample of rows, are of the worst of the statements';
REVOKE ALL ON FUNCTION dbops.recommend_statistics(text[], float8[], interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.recommend_statistics(text[], float8[], interval) TO pg_monitor;
