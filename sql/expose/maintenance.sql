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
SELECT pid,
       datname,
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
       started_at,
       datid,
       relid
  FROM live
 ORDER BY started_at;

COMMENT ON VIEW dbops.progress IS
    'Commands that report their progress, the longest running first; what remains of the phase follows from its rate since it was first sampled, or from the whole time for first phases';
REVOKE ALL ON dbops.progress FROM PUBLIC;
GRANT SELECT ON dbops.progress TO pg_monitor;
