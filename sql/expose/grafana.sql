-- Dashboards for Grafana, to be provisioned as files or imported.

CREATE FUNCTION dbops.grafana_dashboard(name text) RETURNS json
    AS 'MODULE_PATHNAME', 'dbops_grafana_dashboard'
    LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops.grafana_dashboard(text) IS
    'A dashboard for Grafana as JSON, its colours by the limits in force; dbops.grafana_dashboards lists their names';
REVOKE ALL ON FUNCTION dbops.grafana_dashboard(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.grafana_dashboard(text) TO pg_monitor;

CREATE FUNCTION dbops._grafana_dashboards(
    OUT name text,
    OUT title text,
    OUT datasource text,
    OUT answers text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__grafana_dashboards'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION dbops._grafana_dashboards() IS 'The dashboards that are built in';
REVOKE ALL ON FUNCTION dbops._grafana_dashboards() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._grafana_dashboards() TO pg_monitor;

CREATE VIEW dbops.grafana_dashboards AS
SELECT name, title, datasource, answers
  FROM dbops._grafana_dashboards();
COMMENT ON VIEW dbops.grafana_dashboards IS 'Dashboards that dbops.grafana_dashboard() gives, the one to begin with first';
COMMENT ON COLUMN dbops.grafana_dashboards.datasource IS 'What it asks: PostgreSQL itself, or Prometheus that scrapes it';
COMMENT ON COLUMN dbops.grafana_dashboards.answers IS 'The questions it answers';
REVOKE ALL ON dbops.grafana_dashboards FROM PUBLIC;
GRANT SELECT ON dbops.grafana_dashboards TO pg_monitor;

-- What panels ask of all statements.  Those are many, so steps are as coarse as a chart can do with.
CREATE FUNCTION dbops._chart_step(since timestamptz, until timestamptz, step interval) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT GREATEST(step, CASE
            WHEN until - since > interval '14 days' THEN interval '8 hours'
            WHEN until - since > interval '5 days' THEN interval '3 hours'
            WHEN until - since > interval '2 days' THEN interval '1 hour'
            WHEN until - since > interval '12 hours' THEN interval '20 minutes'
            WHEN until - since > interval '3 hours' THEN interval '5 minutes'
            ELSE interval '1 minute'
        END);
    END;
COMMENT ON FUNCTION dbops._chart_step(timestamptz, timestamptz, interval) IS
    'The step that a chart asks for, or a coarser one of which a chart of that time has enough';
REVOKE ALL ON FUNCTION dbops._chart_step(timestamptz, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._chart_step(timestamptz, timestamptz, interval) TO pg_monitor;

-- Which statements take most: all of a short range are looked at, of a long one three hours, as to read all of a month
-- takes too long; and those that took most since the server started, which any of its busy hours is among.
CREATE FUNCTION dbops._busy_statements(since timestamptz, until timestamptz, node text, datids text[], most integer) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    BEGIN ATOMIC
        SELECT ARRAY(
            (SELECT s.queryid
               FROM dbops._tracked_statements() AS s
              WHERE s.toplevel AND ($4[1] = '0' OR s.datid::text = ANY ($4))
              GROUP BY s.queryid
              ORDER BY pg_catalog.sum(s.total_exec_ms) DESC
              LIMIT $5)
            UNION
            (SELECT h.queryid
               FROM pg_catalog.generate_series($1, $2 - LEAST($2 - $1, interval '1 hour'),
                        GREATEST(($2 - $1 - interval '1 hour') / 2, interval '1 hour')) AS looked(at),
                    LATERAL (SELECT s.queryid, s.datid, s.total_exec_ms
                               FROM dbops.statement_history AS s
                              WHERE s.at >= looked.at
                                AND s.at < looked.at + CASE WHEN $2 - $1 <= interval '2 hours' THEN interval '2 hours' ELSE interval '1 hour' END
                                -- Of an hour, minutes are read faster than the chunk of a week that has hours.
                                AND s.step = interval '1 minute' AND s.node = $3 AND s.toplevel) AS h
              WHERE $4[1] = '0' OR h.datid::text = ANY ($4)
              GROUP BY h.queryid
              ORDER BY pg_catalog.sum(h.total_exec_ms) DESC NULLS LAST
              LIMIT $5));
    END;
COMMENT ON FUNCTION dbops._busy_statements(timestamptz, timestamptz, text, text[], integer) IS
    'Statements that took most time in a range or since the server started, for dashboards';
REVOKE ALL ON FUNCTION dbops._busy_statements(timestamptz, timestamptz, text, text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._busy_statements(timestamptz, timestamptz, text, text[], integer) TO pg_monitor;

CREATE FUNCTION dbops._busy_tables(since timestamptz, until timestamptz, node text, datids text[], relids text[], most integer) RETURNS oid[]
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    BEGIN ATOMIC
        SELECT CASE WHEN $5[1] <> '0' THEN $5::oid[] ELSE ARRAY(
            SELECT h.relid
              FROM dbops.table_history AS h
             WHERE h.at > GREATEST($1, $2 - interval '1 day') - interval '1 hour' AND h.at <= $2 AND h.step = interval '1 hour' AND h.node = $3
               AND ($4[1] = '0' OR h.datid::text = ANY ($4))
               AND h.schemaname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'dbops')
             GROUP BY h.relid
             ORDER BY pg_catalog.sum(COALESCE(h.blks_hit, 0) + COALESCE(h.blks_read, 0)) DESC, pg_catalog.max(h.total_bytes) DESC NULLS LAST
             LIMIT $6)
        END;
    END;
COMMENT ON FUNCTION dbops._busy_tables(timestamptz, timestamptz, text, text[], text[], integer) IS
    'The tables that were chosen, or else those whose blocks were looked at most in the last day of a range, for dashboards';
REVOKE ALL ON FUNCTION dbops._busy_tables(timestamptz, timestamptz, text, text[], text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._busy_tables(timestamptz, timestamptz, text, text[], text[], integer) TO pg_monitor;

-- Inlined, so that conditions reach the history and what is not asked for is not computed.
CREATE FUNCTION dbops._statement_totals(since timestamptz, until timestamptz, step interval, node text, datids text[])
    RETURNS TABLE (at timestamptz, calls_per_second float8, busy_ms_per_second float8, mean_ms float8, rows_per_second float8,
                   durations dbops.histogram)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    BEGIN ATOMIC
        SELECT h.at,
               pg_catalog.sum(h.calls) / EXTRACT(epoch FROM h.step),
               pg_catalog.sum(h.total_exec_ms) / EXTRACT(epoch FROM h.step),
               pg_catalog.sum(h.total_exec_ms) / NULLIF(pg_catalog.sum(h.calls), 0)::float8,
               pg_catalog.sum(h.rows) / EXTRACT(epoch FROM h.step),
               dbops.merge(h.exec_histogram)
          FROM dbops.statement_history AS h
         WHERE h.at BETWEEN $1 AND $2 AND h.step = dbops._chart_step($1, $2, $3) AND h.node = $4 AND h.toplevel
           AND ('0' = ANY ($5) OR h.datid = ANY ($5::oid[]))
           AND ($2 - $1 <= interval '6 hours 1 minute' OR h.queryid = ANY ((SELECT dbops._busy_statements($1, $2, $4, $5, 200))::bigint[]))
         GROUP BY h.at, h.step;
    END;
COMMENT ON FUNCTION dbops._statement_totals(timestamptz, timestamptz, interval, text, text[]) IS
    'All top-level statements together, over time; of more than six hours those that take most';
REVOKE ALL ON FUNCTION dbops._statement_totals(timestamptz, timestamptz, interval, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._statement_totals(timestamptz, timestamptz, interval, text, text[]) TO pg_monitor;
