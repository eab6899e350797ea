-- Which indexes to have.

CREATE FUNCTION dbops.recommend_indexes(
    budget bigint DEFAULT NULL,
    max_indexes int DEFAULT NULL,
    max_columns int DEFAULT 4,
    time_limit interval DEFAULT '30 s',
    workload text[] DEFAULT NULL,
    weights float8[] DEFAULT NULL,
    database name DEFAULT current_database(),
    OUT rank int,
    OUT action text,
    OUT ddl text,
    OUT undo_ddl text,
    OUT table_name text,
    OUT index_size_bytes bigint,
    OUT benefit_ms_per_day float8,
    OUT write_cost_ms_per_day float8,
    OUT build_seconds float8,
    OUT improved jsonb,
    OUT regressed jsonb,
    OUT confidence text,
    OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_recommend_indexes'
    LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10 COST 1000000;
COMMENT ON FUNCTION dbops.recommend_indexes(bigint, int, int, interval, text[], float8[], name) IS
    'Indexes to create, replace and drop for the statements dbops tracked in this database, or for those of workload (weights: calls a day): at most budget bytes in all, max_columns keys each; what saves most first; indexes that seem unused are dropped only for statements that were tracked. Costs in improved and regressed are those of EXPLAIN, times are in milliseconds; confidence is high where times were measured for a day, medium, or low where only the planner speaks';
REVOKE ALL ON FUNCTION dbops.recommend_indexes(bigint, int, int, interval, text[], float8[], name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.recommend_indexes(bigint, int, int, interval, text[], float8[], name) TO pg_monitor;
