-- The catalogue of backups, for people.

CREATE VIEW dbops.backups AS
WITH known AS (
    SELECT b.id, b.tool, b.kind, b.label, b.datname, b.node, b.status, b.started_at, b.ended_at, b.start_lsn,
           b.stop_lsn, b.timeline, b.size_bytes, b.stored_bytes, b.repository, b.sources, b.evidence,
           b.wal_included, b.wal_archived_at, b.partial, b.prior, b.verified_at, b.verify_error, b.expired_at
      FROM dbops.backup AS b
)
SELECT tool,
       kind,
       label,
       datname,
       node,
       status,
       started_at,
       ended_at,
       pg_catalog.date_trunc('second', COALESCE(ended_at, pg_catalog.clock_timestamp()) - started_at) AS duration,
       start_lsn,
       stop_lsn,
       timeline,
       size_bytes,
       dbops._bytes(size_bytes) AS size,
       repository,
       (SELECT place.location FROM dbops.locations AS place
         WHERE place.what = 'repository' AND place.name = repository) AS location,
       pg_catalog.array_to_string(sources, ', ') AS source,
       CASE
           WHEN kind = 'archive' OR status = 'running' THEN NULL
           WHEN status = 'failed' OR expired_at IS NOT NULL OR verify_error IS NOT NULL THEN false
           WHEN kind = 'dump' THEN NOT COALESCE(partial, false)
           ELSE wal_included IS TRUE OR wal_archived_at IS NOT NULL
       END AS restorable,
       CASE WHEN status = 'ok' AND kind NOT IN ('dump', 'archive') AND expired_at IS NULL
                 AND wal_included IS NOT TRUE AND wal_archived_at IS NULL
            THEN pg_catalog.concat_ws('; ', evidence, 'the WAL it needs is not known to be archived')
            WHEN expired_at IS NOT NULL THEN pg_catalog.concat_ws('; ', evidence, 'its tool does not list it any more')
            ELSE pg_catalog.concat_ws('; ', evidence, verify_error)
       END AS evidence,
       prior,
       verified_at,
       expired_at,
       id
  FROM known
 ORDER BY status = 'running' DESC, COALESCE(ended_at, started_at) DESC NULLS LAST, id DESC;

COMMENT ON VIEW dbops.backups IS
    'Backups by any tool, found without configuration: those that run, then the newest first; restorable tells those that can be used as they are';
COMMENT ON COLUMN dbops.backups.source IS 'How dbops knows: session, history file, catalogue (of the tool), recorded';
COMMENT ON COLUMN dbops.backups.restorable IS 'All there is to restore it is safe; NULL while it runs';
COMMENT ON COLUMN dbops.backups.evidence IS 'What tells that it failed, or what is missing';
COMMENT ON COLUMN dbops.backups.location IS 'Location of the repository, from dbops.locations';
REVOKE ALL ON dbops.backups FROM PUBLIC;
GRANT SELECT ON dbops.backups TO pg_monitor;
