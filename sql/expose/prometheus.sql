-- All that Prometheus may ask for.

CREATE FUNCTION dbops.prometheus(statements integer DEFAULT 500, tables integer DEFAULT 1000, indexes integer DEFAULT 200)
    RETURNS text
    AS 'MODULE_PATHNAME', 'dbops_prometheus'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.prometheus(integer, integer, integer) IS
    'Metrics in Prometheus'' text exposition format 0.0.4: those of postgres_exporter by its names, '
    'and dbops'' own as dbops_…; at most so many statements, by time, tables and indexes of all databases, by size';

REVOKE ALL ON FUNCTION dbops.prometheus(integer, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.prometheus(integer, integer, integer) TO pg_monitor;
