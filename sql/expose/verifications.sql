-- Verified backups, for people.

CREATE VIEW dbops.verifications AS
SELECT r.phase AS state,
       r.path,
       pg_catalog.pg_get_userbyid(r.userid)::text AS by,
       r.started_at,
       NULL::timestamptz AS ended_at,
       pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - r.started_at) AS duration,
       CASE WHEN r.bytes > 0 THEN pg_catalog.round(100.0 * r.bytes_done / r.bytes, 1) END AS done_percent,
       r.files,
       r.bytes,
       r.problems,
       NULL::text AS first_problem,
       NULL::boolean AS checksums,
       NULL::boolean AS has_wal,
       NULL::bigint AS timeline,
       NULL::pg_lsn AS start_lsn,
       r.pid
  FROM dbops._running_verifications() AS r
UNION ALL
(SELECT CASE WHEN v.problems = 0 THEN 'intact' ELSE 'damaged' END,
        v.path,
        v.by,
        v.started_at,
        v.ended_at,
        pg_catalog.date_trunc('second', v.ended_at - v.started_at),
        100,
        v.files,
        v.bytes,
        v.problems,
        v.first_problem,
        v.checksums,
        v.has_wal,
        v.timeline,
        v.start_lsn,
        NULL
   FROM dbops.verification AS v
  ORDER BY v.id DESC);
COMMENT ON VIEW dbops.verifications IS
    'Verifications of backups by dbops.verify_backup(): those that run, with how far they are, then the newest first';
COMMENT ON COLUMN dbops.verifications.state IS 'What a running one does; intact or damaged';
COMMENT ON COLUMN dbops.verifications.has_wal IS 'The backup has WAL of its own, else it needs an archive';
REVOKE ALL ON dbops.verifications FROM PUBLIC;
GRANT SELECT ON dbops.verifications TO pg_monitor;
