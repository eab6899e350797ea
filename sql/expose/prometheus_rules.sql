-- Recording and alerting rules for Prometheus: an alert for each check, from the list of checks.

CREATE FUNCTION dbops._yaml(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT '''' || pg_catalog.replace(value, '''', '''''') || '''';
    END;
COMMENT ON FUNCTION dbops._yaml(text) IS 'A text as a scalar of YAML';
REVOKE ALL ON FUNCTION dbops._yaml(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._yaml(text) TO pg_monitor;

CREATE FUNCTION dbops._check_alert(check_name text, about text, why text, what_to_do text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT pg_catalog.concat(
            '  - alert: Dbops', pg_catalog.regexp_replace(pg_catalog.initcap(check_name), '[^A-Za-z0-9]', '', 'g'), E'\n',
            '    expr: ', dbops._yaml(pg_catalog.format('dbops_verdict_status{check_name="%s",status=~"warning|critical"} == 1', check_name)), E'\n',
            '    labels:', E'\n',
            '      severity: ''{{ $labels.status }}''', E'\n',
            '    annotations:', E'\n',
            '      summary: ', dbops._yaml(pg_catalog.format(
                '%s: {{ $labels.instance }} {{ $labels.datname }} {{ $labels.schemaname }} {{ $labels.relname }} {{ $labels.object }}', check_name)), E'\n',
            '      description: ', dbops._yaml(pg_catalog.concat_ws('. ', about, why)), E'\n',
            -- The marks of what it is about, as a round of checks fills them in.
            '      action: ' || dbops._yaml(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(what_to_do,
                '%%', E'\x01'), '%d', '{{ $labels.datname }}'), '%o', '{{ $labels.object }}'), E'\x01', '%')) || E'\n');
    END;
COMMENT ON FUNCTION dbops._check_alert(text, text, text, text) IS 'The alerting rule of a check';
REVOKE ALL ON FUNCTION dbops._check_alert(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._check_alert(text, text, text, text) TO pg_monitor;

CREATE FUNCTION dbops.prometheus_rules() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT $$groups:
- name: dbops
  rules:
  - record: 'dbops:statement_duration_seconds:p95'
    expr: 'histogram_quantile(0.95, sum by (instance, datname, user, queryid, le) (rate(dbops_statement_duration_seconds_bucket[5m])))'
  - record: 'dbops:transactions:rate5m'
    expr: 'sum by (instance, datname) (rate(pg_stat_database_xact_commit[5m]) + rate(pg_stat_database_xact_rollback[5m]))'
  - record: 'dbops:cache_hit:ratio5m'
    expr: 'sum by (instance, datname) (rate(pg_stat_database_blks_hit[5m])) / sum by (instance, datname) (rate(pg_stat_database_blks_hit[5m]) + rate(pg_stat_database_blks_read[5m]))'
- name: dbops checks
  rules:
  - alert: DbopsSilent
    expr: 'time() - dbops_health_judged_timestamp_seconds{datname=""} > 300 or absent(dbops_health_judged_timestamp_seconds{datname=""})'
    for: 2m
    labels:
      severity: 'critical'
    annotations:
      summary: 'Nobody judges: {{ $labels.instance }}'
      description: 'No round of checks has ended for five minutes, so no other alert of dbops says anything'
      action: 'Ask dbops.status()'
$$ || pg_catalog.string_agg(dbops._check_alert(c.check_name, c.about, c.why, c.what_to_do), '' ORDER BY c.check_name)
          FROM dbops._checks() AS c;
    END;
COMMENT ON FUNCTION dbops.prometheus_rules() IS
    'Rules for Prometheus as YAML: an alert for each check of dbops.checks, one for when nobody judges, and rates that dashboards ask for';
REVOKE ALL ON FUNCTION dbops.prometheus_rules() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.prometheus_rules() TO pg_monitor;
