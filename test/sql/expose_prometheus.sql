-- covers: expose/exposition expose/metric_group expose/labelled expose/own_metrics expose/relation_names
-- covers: expose/exporter_families expose/exporter_databases expose/exporter_replication
-- covers: expose/exporter_sessions expose/exporter_settings expose/exporter_statements expose/exporter_tables expose/exposed_relations
-- What Prometheus is told: in its format, without a sample twice, and right.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
CREATE SCHEMA prom_shop;
SET search_path = prom_shop;
CREATE TABLE "it's ""odd""" (id int PRIMARY KEY, big text);
INSERT INTO "it's ""odd""" SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 500) AS i;
UPDATE "it's ""odd""" SET id = id WHERE id <= 100;
SELECT pg_stat_force_next_flush();
ALTER SYSTEM SET dbops.wide_interval = '1s';
SELECT pg_reload_conf();

-- A visit tells the table's name and size.
DO $$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        PERFORM dbops.take_sample();
        EXIT WHEN EXISTS (SELECT FROM dbops.table_history
            WHERE schemaname = 'prom_shop' AND total_bytes >= pg_total_relation_size('"it''s ""odd"""') * 0.9);
    END LOOP;
END
$$;

CREATE TEMP TABLE lines AS
    SELECT line, nr, substring(line FROM '^([a-zA-Z_:][a-zA-Z0-9_:]*)') AS name,
           substring(line FROM '^[^ {]+(\{.*\}) ') AS labels, substring(line FROM ' ([^ ]+)$') AS value
      FROM regexp_split_to_table(dbops.prometheus(), '\n') WITH ORDINALITY AS l (line, nr)
     WHERE line <> '';

-- ---- the format -----------------------------------------------------------------------------------
SELECT line FROM lines
 WHERE line !~ '^# (HELP [a-z0-9_]+ .+|TYPE [a-z0-9_]+ (counter|gauge|histogram|untyped))$'
   AND line !~ ('^[a-z0-9_]+(\{([a-z_]+="([^"\\]|\\["\\n])*",)*[a-z_]+="([^"\\]|\\["\\n])*"\})? '
                '(-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?|NaN|[-+]Inf)$');
SELECT name, labels, count(*) FROM lines WHERE name IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1;
SELECT line, count(*) FROM lines WHERE line LIKE '# TYPE %' GROUP BY 1 HAVING count(*) > 1;
-- Samples follow the heading of their metric.
SELECT name, heading
  FROM (SELECT name, labels, max(substring(line FROM '^# TYPE ([^ ]+)')) OVER (PARTITION BY block) AS heading
          FROM (SELECT *, count(*) FILTER (WHERE line LIKE '# TYPE %') OVER (ORDER BY nr) AS block FROM lines) AS b) AS s
 WHERE name IS NOT NULL AND name <> heading AND name !~ ('^' || heading || '_(bucket|sum|count)$');
SELECT line FROM lines WHERE name = 'pg_scrape_collector_success' AND value <> '1';

-- ---- what is in it --------------------------------------------------------------------------------
SELECT name, labels, value FROM lines
 WHERE labels LIKE '%it''s%' AND name ~ '^pg_stat_user_tables_n_tup' ORDER BY 1;
SELECT bool_and(value::numeric BETWEEN size * 0.8 AND size * 1.2) AS same, count(*)
  FROM lines
  JOIN (VALUES ('pg_stat_user_tables_table_size_bytes', pg_table_size('"it''s ""odd"""')),
               ('pg_stat_user_tables_index_size_bytes', pg_indexes_size('"it''s ""odd"""'))) AS s (name, size) USING (name)
 WHERE labels LIKE '%it''s%';
SELECT l.name, value::numeric = s.blocks AS same
  FROM lines AS l
  JOIN (SELECT v.* FROM pg_statio_user_tables AS t,
               LATERAL (VALUES ('idx_blocks_hit', idx_blks_hit), ('toast_blocks_hit', toast_blks_hit),
                               ('tidx_blocks_hit', tidx_blks_hit), ('heap_blocks_read', heap_blks_read)) AS v (name, blocks)
         WHERE relid = '"it''s ""odd"""'::regclass) AS s ON l.name = 'pg_statio_user_tables_' || s.name
 WHERE labels LIKE '%it''s%' ORDER BY 1;
SELECT name, value FROM lines
 WHERE name IN ('pg_up', 'pg_settings_block_size', 'pg_settings_max_files_per_process', 'pg_settings_shared_buffers_bytes',
                'pg_settings_statement_timeout_seconds', 'pg_settings_data_directory_mode', 'pg_replication_is_replica',
                'pg_replication_lag_seconds', 'pg_exporter_last_scrape_error')
   AND (name <> 'pg_settings_shared_buffers_bytes' OR value::numeric <> pg_size_bytes(current_setting('shared_buffers'))) ORDER BY 1;
SELECT value::numeric - d.xact_commit BETWEEN -50 AND 50 AS same
  FROM lines, pg_stat_database AS d
 WHERE name = 'pg_stat_database_xact_commit' AND d.datname = current_database() AND labels LIKE '%"' || d.datname || '"%';
-- What a session sets for itself is no setting of the server.
SET work_mem = '1234kB';
SELECT dbops.prometheus() ~ ('pg_settings_work_mem_bytes ' || 1234 * 1024) AS own;
RESET work_mem;

-- A statement's latencies add up to its calls.
SELECT count(*) > 0 AS some, bool_and(calls.value = histogram.value) AS same
  FROM lines AS calls JOIN lines AS histogram USING (labels)
 WHERE calls.name = 'pg_stat_statements_calls_total' AND histogram.name = 'dbops_statement_duration_seconds_count';

-- ---- limits and rights ------------------------------------------------------------------------------
SELECT dbops.prometheus(0, 0) !~ 'pg_stat_statements_calls_total\{' AND dbops.prometheus(0, 0) !~ 'pg_stat_user_tables_n_live_tup\{' AS none;
SELECT (SELECT count(*) FROM regexp_matches(dbops.prometheus(3, 1), 'pg_stat_statements_calls_total\{', 'g')) AS statements,
       (SELECT count(*) FROM regexp_matches(dbops.prometheus(3, 1), 'pg_stat_user_tables_n_live_tup\{', 'g')) AS tables;
SELECT dbops.prometheus(-1);
SELECT dbops.prometheus(1, -1);
CREATE ROLE regress_prometheus;
SET ROLE regress_prometheus;
SELECT length(dbops.prometheus());
RESET ROLE;
GRANT pg_monitor TO regress_prometheus;
SET ROLE regress_prometheus;
SELECT dbops.prometheus() LIKE '%it''s \\"odd\\"%' AS escaped;
RESET ROLE;

DROP ROLE regress_prometheus;
ALTER SYSTEM RESET dbops.wide_interval;
SELECT pg_reload_conf();
SET client_min_messages = warning;
DROP SCHEMA prom_shop CASCADE;
