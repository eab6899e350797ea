-- Long commands under way, and autovacuum, for people.

CREATE VIEW dbops.progress AS
WITH phase AS (
    SELECT pid, command, started_at, phase, pg_catalog.min(at) AS first_at, pg_catalog.min(done) AS first_done
      FROM dbops.progress_history
     WHERE at > pg_catalog.now() - interval '6 hours' AND node = dbops.node_name() AND done IS NOT NULL
     GROUP BY pid, command, started_at, phase
), live AS (
    SELECT now.pid, now.command, now.datid, now.relid, now.datname, now.schemaname, now.relname, now.phase, now.percent,
           now.done, now.total, now.unit, now.started_at, now.waits_for_pid,
           pg_catalog.current_setting('block_size')::bigint AS block_bytes,
           CASE
               WHEN now.done > phase.first_done
               THEN (now.done - phase.first_done)
                    / EXTRACT(epoch FROM pg_catalog.clock_timestamp() - phase.first_at)
               WHEN now.phase IN ('scanning heap', 'acquiring sample rows', 'building index: scanning table',
                                  'copying', 'streaming database files')
               THEN now.done / NULLIF(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - now.started_at), 0)
           END AS per_second
      FROM dbops.progress_now AS now
      LEFT JOIN phase USING (pid, command, started_at, phase)
)
SELECT datname,
       pg_catalog.concat_ws(' ', command,
           CASE
               WHEN relname IS NOT NULL THEN pg_catalog.format('%I.%I', schemaname, relname)
               WHEN relid <> 0 THEN relid::text
           END) AS what,
       phase,
       dbops._rounded(percent, 1) AS percent,
       CASE unit
           WHEN 'bytes' THEN pg_catalog.concat_ws(' of ', dbops._bytes(done), dbops._bytes(total))
           WHEN 'blocks' THEN pg_catalog.concat_ws(' of ', dbops._bytes(done * block_bytes), dbops._bytes(total * block_bytes))
           WHEN 'none' THEN NULL
           ELSE pg_catalog.concat_ws(' ', pg_catalog.concat_ws(' of ', done, total), unit)
       END AS done,
       pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - started_at) AS elapsed,
       pg_catalog.make_interval(secs => pg_catalog.round((total - done) / NULLIF(per_second, 0))) AS phase_remaining,
       NULLIF(waits_for_pid, 0) AS waits_for_pid,
       pid,
       started_at,
       datid,
       relid
  FROM live
 ORDER BY started_at;

COMMENT ON VIEW dbops.progress IS
    'Commands that report their progress, the longest running first; what remains of the phase follows from its rate since it was first sampled, or from the whole time for first phases';
COMMENT ON COLUMN dbops.progress.percent IS 'Of this phase, not of all of it';
COMMENT ON COLUMN dbops.progress.elapsed IS 'Since the command began';
COMMENT ON COLUMN dbops.progress.phase_remaining IS 'Time that this phase still takes at its present rate';
COMMENT ON COLUMN dbops.progress.waits_for_pid IS 'Session whose transaction it waits for; dbops.sessions has it';
REVOKE ALL ON dbops.progress FROM PUBLIC;
GRANT SELECT ON dbops.progress TO pg_monitor;

CREATE VIEW dbops.autovacuum AS
WITH latest AS (
    SELECT DISTINCT ON (datid)
           datid, tables_overdue, vacuum_overdue, insert_vacuum_overdue, analyze_overdue, wraparound_overdue,
           worst_relid, worst_ratio
      FROM dbops.autovacuum_history
     WHERE at > pg_catalog.now() - interval '70 minutes' AND node = dbops.node_name()
       AND tables_overdue IS NOT NULL
     ORDER BY datid, at DESC
), hour AS (
    SELECT datid, pg_catalog.sum(cancelled) AS cancelled
      FROM dbops.autovacuum_history
     WHERE at > pg_catalog.now() - interval '1 hour' AND node = dbops.node_name()
     GROUP BY datid
)
SELECT COALESCE(now.datname::text, CASE WHEN now.datid = 0 THEN '(shared catalogs)' END) AS datname,
       latest.tables_overdue,
       latest.vacuum_overdue,
       latest.insert_vacuum_overdue,
       latest.analyze_overdue,
       latest.wraparound_overdue,
       CASE WHEN worst.objname IS NOT NULL
            THEN pg_catalog.format('%I.%I', worst.schemaname, worst.objname) END AS worst_table,
       dbops._rounded(latest.worst_ratio, 1) AS times_its_threshold,
       now.workers,
       now.wraparound_workers,
       CASE WHEN now.workers > 0
            THEN pg_catalog.make_interval(secs => pg_catalog.round(now.oldest_run_ms / 1000)) END AS oldest_run,
       COALESCE(hour.cancelled, 0) AS cancelled,
       now.datid
  FROM dbops.autovacuum_now AS now
  LEFT JOIN latest USING (datid)
  LEFT JOIN hour USING (datid)
  LEFT JOIN dbops.object AS worst
    ON worst.class = 'r' AND worst.datid = now.datid AND worst.objid = latest.worst_relid
 ORDER BY latest.wraparound_overdue DESC NULLS LAST, latest.tables_overdue DESC NULLS LAST,
          hour.cancelled DESC NULLS LAST, now.datid;

COMMENT ON VIEW dbops.autovacuum IS
    'Autovacuum in each database: tables it should work on as of the latest sample, the most first; its workers; runs cancelled in the last hour';
COMMENT ON COLUMN dbops.autovacuum.tables_overdue IS 'Tables that a worker would vacuum or analyze the next time it looks; NULL when nobody can look';
COMMENT ON COLUMN dbops.autovacuum.times_its_threshold IS 'How many times the threshold the worst table has reached: 1 is just due';
COMMENT ON COLUMN dbops.autovacuum.oldest_run IS 'For how long a worker has been at one table, at most; NULL when none works';
COMMENT ON COLUMN dbops.autovacuum.cancelled IS 'Runs of the last hour that gave way to a lock';
REVOKE ALL ON dbops.autovacuum FROM PUBLIC;
GRANT SELECT ON dbops.autovacuum TO pg_monitor;
