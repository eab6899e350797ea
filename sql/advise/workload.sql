-- The statements that advice is for, and how much of the time they are.

CREATE FUNCTION dbops.workload(
    database name DEFAULT pg_catalog.current_database(),
    since interval DEFAULT '7 days',
    OUT queryid bigint,
    OUT rolname text,
    OUT toplevel boolean,
    OUT calls_per_day double precision,
    OUT ms_per_day double precision,
    OUT time_percent double precision,
    OUT analysable boolean,
    OUT reason text,
    OUT query text)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_workload'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.workload(name, interval) IS
    'The thousand statements of a database that took most time over the last days, worst first, and whether advice can be had for each; time_percent is the share of the time of all top-level statements, reason why there is no advice; of another database analysable is NULL where only trying could tell';
REVOKE ALL ON FUNCTION dbops.workload(name, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.workload(name, interval) TO pg_monitor;

CREATE FUNCTION dbops.workload_coverage(
    database name DEFAULT pg_catalog.current_database(),
    since interval DEFAULT '7 days',
    OUT toplevel boolean,
    OUT analysable boolean,
    OUT reason text,
    OUT statements bigint,
    OUT ms_per_day double precision,
    OUT time_percent double precision,
    OUT since_at timestamptz,
    OUT days double precision,
    OUT source text)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_workload_coverage'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.workload_coverage(name, interval) IS
    'How much of the time of a database advice can speak of, and why it cannot of the rest; lines that are not toplevel are of what functions run, whose time their callers have, too; since_at and days are what is really covered, source tells from where';
REVOKE ALL ON FUNCTION dbops.workload_coverage(name, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.workload_coverage(name, interval) TO pg_monitor;
