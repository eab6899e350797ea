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

CREATE FUNCTION dbops.openmetrics(statements integer DEFAULT 500, tables integer DEFAULT 1000, indexes integer DEFAULT 200)
    RETURNS text
    AS 'MODULE_PATHNAME', 'dbops_openmetrics'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.openmetrics(integer, integer, integer) IS
    'What dbops.prometheus() has, as OpenMetrics text 1.0.0; counters of others are of unknown type there, as their names are not those of counters';

REVOKE ALL ON FUNCTION dbops.openmetrics(integer, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.openmetrics(integer, integer, integer) TO pg_monitor;

CREATE FUNCTION dbops.prometheus_protobuf(statements integer DEFAULT 500, tables integer DEFAULT 1000, indexes integer DEFAULT 200)
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'dbops_prometheus_protobuf'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.prometheus_protobuf(integer, integer, integer) IS
    'What dbops.prometheus() has, as delimited messages io.prometheus.client.MetricFamily; durations are native histograms there, of schema 4, beside their classic buckets';

REVOKE ALL ON FUNCTION dbops.prometheus_protobuf(integer, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.prometheus_protobuf(integer, integer, integer) TO pg_monitor;
