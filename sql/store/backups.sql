-- The catalogue of backups, for people.

CREATE FUNCTION dbops._seen_backups(
    OUT node text,
    OUT tool text,
    OUT kind text,
    OUT label text,
    OUT datname text,
    OUT status text,
    OUT started_at timestamptz,
    OUT ended_at timestamptz,
    OUT start_lsn pg_lsn,
    OUT stop_lsn pg_lsn,
    OUT size_bytes bigint,
    OUT repository text,
    OUT evidence text,
    OUT wal_included boolean,
    OUT partial boolean,
    OUT pid integer,
    OUT session_at timestamptz)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__seen_backups'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops._seen_backups() IS
    'Backups that run on this server now, and ends of backups that it has not stored, as on a standby';
REVOKE ALL ON FUNCTION dbops._seen_backups() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._seen_backups() TO pg_monitor;

CREATE VIEW dbops.backups AS
WITH seen AS MATERIALIZED (
    SELECT node, tool, kind, label, datname, status, started_at, ended_at, start_lsn, stop_lsn, size_bytes,
           repository, evidence, wal_included, partial, pid, session_at
      FROM dbops._seen_backups()
), known AS (
    -- What moves on while it runs is not stored.
    SELECT b.id, b.tool, b.kind, b.label, b.datname, b.node, b.status, b.started_at, b.ended_at, b.start_lsn,
           COALESCE(seen.stop_lsn, b.stop_lsn) AS stop_lsn, b.timeline,
           COALESCE(seen.size_bytes, b.size_bytes) AS size_bytes, b.stored_bytes, b.repository,
           b.sources, b.evidence, b.wal_included, b.wal_archived_at, b.partial, b.prior, b.verified_at,
           b.verify_error, b.expired_at
      FROM dbops.backup AS b
      LEFT JOIN seen ON b.status = 'running' AND seen.status = 'running' AND seen.node = b.node
                    AND seen.pid = b.pid AND seen.session_at = b.session_at
    UNION ALL
    SELECT NULL, tool, kind, label, datname, node, status, started_at, ended_at, start_lsn, stop_lsn, NULL,
           size_bytes, NULL, repository, ARRAY['session'], evidence, wal_included, NULL, partial, NULL, NULL,
           NULL, NULL
      FROM seen
     WHERE NOT EXISTS (SELECT FROM dbops.backup AS b
                        WHERE b.node = seen.node AND (b.kind = 'archive') = (seen.kind = 'archive')
                          AND CASE WHEN b.kind = 'archive' THEN b.tool = seen.tool AND b.label = seen.label
                              ELSE b.pid = seen.pid AND b.session_at = seen.session_at
                                   AND (b.status = 'running' OR b.started_at = seen.started_at) END)
    UNION ALL
    -- What a standby has read of catalogues by itself, and its primary has not.
    SELECT NULL, told.tool, told.kind, told.label, NULL, NULL, told.status, told.started_at, told.ended_at,
           told.start_lsn, told.stop_lsn, told.timeline, told.size_bytes, told.stored_bytes, told.repository,
           ARRAY['catalogue'], told.evidence, NULL, told.wal_archived_at, NULL, told.prior, NULL, NULL, NULL
      FROM dbops._read_backups() AS told
     WHERE NOT EXISTS (SELECT FROM dbops.backup AS b
                        WHERE b.tool = told.tool AND (b.label = told.label OR b.start_lsn = told.start_lsn))
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
           WHEN kind = 'dump' THEN NOT partial
           ELSE wal_included IS TRUE OR wal_archived_at IS NOT NULL
       END AS restorable,
       CASE WHEN status = 'ok' AND kind NOT IN ('dump', 'archive') AND expired_at IS NULL
                 AND wal_included IS NOT TRUE AND wal_archived_at IS NULL
            THEN pg_catalog.concat_ws('; ', evidence, 'the WAL it needs is not known to be archived')
            WHEN expired_at IS NOT NULL THEN pg_catalog.concat_ws('; ', evidence, 'its tool does not list it any more')
            ELSE NULLIF(pg_catalog.concat_ws('; ', evidence, verify_error), '')
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
COMMENT ON COLUMN dbops.backups.restorable IS 'All there is to restore it is safe; NULL while it runs, and for a dump that may have been meant to leave something out';
COMMENT ON COLUMN dbops.backups.evidence IS 'What tells that it failed, or what is missing';
COMMENT ON COLUMN dbops.backups.location IS 'Location of the repository, from dbops.locations';
REVOKE ALL ON dbops.backups FROM PUBLIC;
GRANT SELECT ON dbops.backups TO pg_monitor;

CREATE FUNCTION dbops.record_backup(
    tool text,
    kind text DEFAULT 'base',
    label text DEFAULT NULL,
    status text DEFAULT 'ok',
    started_at timestamptz DEFAULT NULL,
    ended_at timestamptz DEFAULT pg_catalog.now(),
    size_bytes bigint DEFAULT NULL,
    start_lsn pg_lsn DEFAULT NULL,
    stop_lsn pg_lsn DEFAULT NULL,
    timeline bigint DEFAULT NULL,
    repository text DEFAULT NULL,
    wal_included boolean DEFAULT NULL,
    prior text DEFAULT NULL,
    datname text DEFAULT NULL,
    evidence text DEFAULT NULL,
    node text DEFAULT NULL)
    RETURNS bigint
    AS 'MODULE_PATHNAME', 'dbops_record_backup'
    LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbops.record_backup(text, text, text, text, timestamptz, timestamptz, bigint, pg_lsn, pg_lsn, bigint, text, boolean, text, text, text, text) IS
    'Tells dbops of a backup that it does not see, as a snapshot of the storage, or more of one that it does; returns its id in dbops.backups';
REVOKE ALL ON FUNCTION dbops.record_backup(text, text, text, text, timestamptz, timestamptz, bigint, pg_lsn, pg_lsn, bigint, text, boolean, text, text, text, text) FROM PUBLIC;

CREATE FUNCTION dbops.backup_status(
    OUT tool text,
    OUT kind text,
    OUT last_good_at timestamptz,
    OUT age interval,
    OUT last_good_label text,
    OUT usual_interval interval,
    OUT running_since timestamptz,
    OUT last_failed_at timestamptz,
    OUT last_failed_evidence text,
    OUT good bigint,
    OUT failed bigint,
    OUT last_restore_test_at timestamptz,
    OUT next_step text,
    OUT known_at timestamptz)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH backup AS MATERIALIZED (
        SELECT b.tool, b.kind, b.label, b.status, b.started_at, COALESCE(b.ended_at, b.started_at) AS at,
               b.evidence, b.restorable, b.expired_at,
               b.status = 'ok' AND b.restorable IS NOT FALSE AS good
          FROM dbops.backups AS b
    ), gap AS (
        SELECT b.tool, b.kind, b.at - lag(b.at) OVER (PARTITION BY b.tool, b.kind ORDER BY b.at) AS gap
          FROM backup AS b
         WHERE b.good AND b.kind <> 'archive'
    ), usual AS (
        SELECT g.tool, g.kind, percentile_disc(0.5) WITHIN GROUP (ORDER BY g.gap) AS interval
          FROM gap AS g
         WHERE g.gap IS NOT NULL
         GROUP BY g.tool, g.kind
        HAVING count(*) >= 3
    ), summary AS (
        SELECT b.tool, b.kind,
               max(b.at) FILTER (WHERE b.good) AS good_at,
               (array_agg(b.label ORDER BY b.at DESC) FILTER (WHERE b.good))[1] AS good_label,
               min(b.started_at) FILTER (WHERE b.status = 'running') AS running_since,
               max(b.at) FILTER (WHERE b.status = 'failed') AS failed_at,
               (array_agg(b.evidence ORDER BY b.at DESC NULLS LAST) FILTER (WHERE b.status = 'failed'))[1] AS failed_evidence,
               max(b.at) FILTER (WHERE b.status = 'ok' AND NOT b.restorable AND b.expired_at IS NULL) AS unsafe_at,
               count(*) FILTER (WHERE b.good) AS good,
               count(*) FILTER (WHERE b.status = 'failed') AS failed
          FROM backup AS b
         GROUP BY b.tool, b.kind
    )
    SELECT line.tool, line.kind, line.good_at, line.age, line.good_label, line.usual_interval, line.running_since,
           line.failed_at, line.failed_evidence, line.good, line.failed, line.tested_at, line.next_step,
           CASE WHEN NOT pg_is_in_recovery() THEN clock_timestamp()
                ELSE greatest(pg_last_xact_replay_timestamp(),
                              (SELECT max(c.read_at) FROM dbops._read_backup_commands() AS c WHERE c.tool = line.tool)) END
      FROM (
          SELECT s.tool, s.kind, s.good_at, date_trunc('second', clock_timestamp() - s.good_at) AS age, s.good_label,
                 date_trunc('second', u.interval) AS usual_interval, s.running_since, s.failed_at, s.failed_evidence, s.good, s.failed,
                 test.at AS tested_at,
                 CASE
                     WHEN s.kind = 'archive'
                     THEN CASE WHEN s.running_since IS NULL THEN 'start ' || s.tool || ' again: WAL is not kept there' END
                     WHEN s.failed_at > s.good_at OR s.good_at IS NULL AND s.failed_at IS NOT NULL
                     THEN CASE WHEN s.running_since IS NULL THEN 'the last one failed: take another with ' || s.tool
                               ELSE 'the last one failed: see how the one that runs ends' END
                     WHEN s.unsafe_at > s.good_at OR s.good_at IS NULL AND s.unsafe_at IS NOT NULL
                     THEN CASE WHEN s.kind = 'dump' THEN 'dump rows as well as definitions'
                               ELSE 'the WAL of the last one is not archived: see dbops.archiving' END
                     WHEN s.good_at IS NULL THEN 'see how the one that runs ends'
                     WHEN test.failed_at > COALESCE(test.at, '-infinity')
                     THEN 'the last restore test failed: see dbops.restore_tests'
                     WHEN test.at IS NULL
                     THEN format('try to restore it: SELECT dbops.restore_drill_command(%L)', s.tool)
                 END AS next_step
            FROM summary AS s
            LEFT JOIN usual AS u ON u.tool = s.tool AND u.kind = s.kind
            LEFT JOIN LATERAL (
                 SELECT max(t.tested_at) FILTER (WHERE t.ok) AS at,
                        max(t.tested_at) FILTER (WHERE NOT t.ok) AS failed_at
                   FROM dbops.restore_tests AS t
                  WHERE t.tool = s.tool) AS test ON true
          UNION ALL
          SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL,
                 'no backup has been seen yet: take one, as with pg_basebackup, or tell of one with dbops.record_backup()'
           WHERE NOT EXISTS (SELECT FROM backup)
           ) AS line
     ORDER BY line.next_step IS NULL, line.age DESC NULLS FIRST, line.tool, line.kind
$$;
COMMENT ON FUNCTION dbops.backup_status() IS
    'Backups in a line for each tool and kind, what needs something done first: the last good one and its age, the last that failed, what to do next; known_at is until when that is known: on a standby, when its primary last told, or its own dbops.backup_command';
REVOKE ALL ON FUNCTION dbops.backup_status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.backup_status() TO pg_monitor;
