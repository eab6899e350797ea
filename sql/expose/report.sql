-- The report.

CREATE FUNCTION dbops.report(
    since timestamptz DEFAULT pg_catalog.now() - interval '24 hours',
    until timestamptz DEFAULT pg_catalog.now(),
    compare_to interval DEFAULT NULL)
    RETURNS text
    AS 'MODULE_PATHNAME', 'dbops_report'
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    SET work_mem = '32MB';
COMMENT ON FUNCTION dbops.report(timestamptz, timestamptz, interval) IS
    'A page of HTML about a time, by default the last 24 hours: health, changes, statements, waits, errors, tables, advice, replication, recovery, capacity, settings; '
    'compare_to is how much earlier the time was that it is compared with, as ''1 day'' or ''7 days''. For a file: psql -Atc ''SELECT dbops.report()'' > report.html';
REVOKE ALL ON FUNCTION dbops.report(timestamptz, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.report(timestamptz, timestamptz, interval) TO pg_monitor;
