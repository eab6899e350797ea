-- What would be lost, how long it would take to be back, and to which times one can go back.

CREATE FUNCTION dbops._archiving(
    OUT state text,
    OUT evidence text,
    OUT archived_lsn pg_lsn,
    OUT receiver_lsn pg_lsn)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__archiving'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops._archiving() IS
    'How the archiver fares as a word, what tells so, up to where it has been, and how far a receiver that acts as an archive is';
REVOKE ALL ON FUNCTION dbops._archiving() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._archiving() TO pg_monitor;

CREATE FUNCTION dbops._recovery(
    backup boolean,
    backup_start_lsn pg_lsn,
    backup_stop_lsn pg_lsn,
    backup_at timestamptz,
    backup_bytes bigint,
    dump_at timestamptz,
    hole_lsn pg_lsn,
    hole_since timestamptz,
    replay_rate float8,
    replay_source text,
    restore_rate float8,
    restore_source text,
    restore_confidence integer,
    OUT failure text,
    OUT rpo_objective_seconds integer,
    OUT rpo_seconds float8,
    OUT rpo_bytes bigint,
    OUT rpo_by_design_seconds float8,
    OUT rto_objective_seconds integer,
    OUT rto_seconds float8,
    OUT confidence text,
    OUT why text,
    OUT what_to_do text,
    OUT backup_interval_needed_seconds float8)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__recovery'
    LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops._recovery(boolean, pg_lsn, pg_lsn, timestamptz, bigint, timestamptz, pg_lsn, timestamptz, float8, text, float8, text, integer) IS
    'What would be lost by each kind of failure and how long it would take to be back, by the server as it stands and what the caller knows of backups and rates';
REVOKE ALL ON FUNCTION dbops._recovery(boolean, pg_lsn, pg_lsn, timestamptz, bigint, timestamptz, pg_lsn, timestamptz, float8, text, float8, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._recovery(boolean, pg_lsn, pg_lsn, timestamptz, bigint, timestamptz, pg_lsn, timestamptz, float8, text, float8, text, integer) TO pg_monitor;

CREATE VIEW dbops.archiving AS
SELECT state.state, state.evidence,
       now.archive_mode, now.method, now.tool,
       now.ready AS segments_waiting,
       dbops._bytes(now.unarchived_bytes) AS not_archived,
       dbops._rounded(now.unarchived_ms / 1000, 1) AS exposed_seconds,
       dbops._rounded(now.oldest_ready_age_ms / 1000, 0) AS oldest_waits_seconds,
       now.archived_count, now.failed_count, now.last_archived_time, now.last_failed_time,
       state.archived_lsn,
       now.waits_for, now.pid
  FROM dbops._archiving() AS state
 CROSS JOIN dbops.archiver_now AS now;

COMMENT ON VIEW dbops.archiving IS
    'How archiving of WAL fares: off, working, idle, failing, hanging, discarding, dropping, no command or unknown, and what tells so';
COMMENT ON COLUMN dbops.archiving.state IS
    'hanging: WAL waits and nothing happens; discarding: archive_command does nothing and succeeds; dropping: pgBackRest drops WAL and succeeds; idle: nothing that users committed is missing';
COMMENT ON COLUMN dbops.archiving.exposed_seconds IS 'For how long a transaction of a user has been missing from the archive';
COMMENT ON COLUMN dbops.archiving.archived_lsn IS 'Up to where the archiver has been through WAL';
REVOKE ALL ON dbops.archiving FROM PUBLIC;
GRANT SELECT ON dbops.archiving TO pg_monitor;

CREATE VIEW dbops.recovery AS
WITH base AS (
    SELECT true AS known, tool, start_lsn, stop_lsn, ended_at, size_bytes,
           EXTRACT(epoch FROM ended_at - started_at) AS seconds
      FROM dbops.backups
     WHERE kind IN ('base', 'incremental', 'differential') AND restorable
     ORDER BY stop_lsn DESC NULLS LAST, ended_at DESC
     LIMIT 1
), dump AS (
    SELECT pg_catalog.max(started_at) AS started_at
      FROM dbops.backups
     WHERE kind = 'dump' AND restorable
), hole AS (
    SELECT start_lsn, since
      FROM dbops.archive_holes
     WHERE COALESCE(end_lsn > (SELECT start_lsn FROM base), true)
     ORDER BY start_lsn
     LIMIT 1
), replay AS (
    SELECT bytes_per_second,
           CASE source
               WHEN 'crash' THEN 'the last crash recovery'
               ELSE pg_catalog.format('standby "%s" when it caught up', name)
           END AS source
      FROM dbops.recovery_rates
     ORDER BY measured_at DESC
     LIMIT 1
), restore AS (
    -- A dump is read in at another speed; another tool restores at another.
    SELECT size_bytes / EXTRACT(epoch FROM took)::float8 AS bytes_per_second, size_bytes,
           CASE WHEN tool = (SELECT tool FROM base) THEN 'the last restore test'
                ELSE 'the last restore test, of ' || tool END AS source,
           CASE WHEN tool = (SELECT tool FROM base) THEN 3 ELSE 2 END AS confidence
      FROM dbops.restore_tests
     WHERE ok AND kind <> 'dump' AND size_bytes > 0 AND took > interval '0' AND tested_at > pg_catalog.now() - interval '90 days'
     ORDER BY tool = (SELECT tool FROM base) DESC NULLS LAST, tested_at DESC
     LIMIT 1
)
SELECT recovery.failure, recovery.rpo_objective_seconds, recovery.rpo_seconds, recovery.rpo_bytes, recovery.rpo_by_design_seconds,
       recovery.rto_objective_seconds, recovery.rto_seconds, recovery.confidence, recovery.why, recovery.what_to_do,
       recovery.backup_interval_needed_seconds
  FROM (SELECT 1) AS one
  LEFT JOIN base ON true
  LEFT JOIN dump ON true
  LEFT JOIN hole ON true
  LEFT JOIN replay ON true
  LEFT JOIN restore ON true
 CROSS JOIN LATERAL dbops._recovery(
           base.known, base.start_lsn, base.stop_lsn, base.ended_at, COALESCE(base.size_bytes, restore.size_bytes), dump.started_at,
           hole.start_lsn, hole.since,
           replay.bytes_per_second, replay.source,
           COALESCE(restore.bytes_per_second, 0.7 * base.size_bytes / NULLIF(base.seconds, 0)::float8),
           COALESCE(restore.source, 'how fast it was taken'),
           restore.confidence) AS recovery
 ORDER BY recovery.rpo_seconds > recovery.rpo_objective_seconds OR recovery.rto_seconds > recovery.rto_objective_seconds DESC NULLS LAST,
          recovery.rpo_seconds DESC NULLS FIRST, recovery.rto_seconds DESC NULLS FIRST, recovery.failure;

COMMENT ON VIEW dbops.recovery IS
    'What would be lost if it happened now, and how long it would take to be back: a row for each kind of failure, those beyond their objective first';
COMMENT ON COLUMN dbops.recovery.failure IS
    'crash: the files stay; loss of the server: a standby takes over; loss of all but the archive: a backup is restored and WAL replayed; dropped table: likewise, elsewhere';
COMMENT ON COLUMN dbops.recovery.rpo_objective_seconds IS 'dbops.rpo_objective, if there is one';
COMMENT ON COLUMN dbops.recovery.rpo_seconds IS 'How long ago the first commit was that would be lost; 0 if none would be; NULL if that cannot be told';
COMMENT ON COLUMN dbops.recovery.rpo_bytes IS 'WAL that would be lost';
COMMENT ON COLUMN dbops.recovery.rpo_by_design_seconds IS 'What rpo_seconds stays below as long as nothing is broken; NULL: nothing limits it, and why tells the reason';
COMMENT ON COLUMN dbops.recovery.rto_objective_seconds IS 'dbops.rto_objective, if there is one';
COMMENT ON COLUMN dbops.recovery.rto_seconds IS 'How long it would take to be back, without the time people need to notice and decide; NULL if that cannot be told';
COMMENT ON COLUMN dbops.recovery.confidence IS 'How far both can be relied on: high, medium, low or none';
COMMENT ON COLUMN dbops.recovery.backup_interval_needed_seconds IS 'How often a base backup must be taken to meet the objective at the rate WAL is written now; 0: no interval is short enough';
REVOKE ALL ON dbops.recovery FROM PUBLIC;
GRANT SELECT ON dbops.recovery TO pg_monitor;

CREATE VIEW dbops.recovery_windows AS
WITH kept AS (
    SELECT GREATEST(archived_lsn, receiver_lsn) AS end_lsn FROM dbops._archiving()
), base AS (
    SELECT b.label, b.tool, b.timeline, b.start_lsn, b.stop_lsn, b.ended_at, h.start_lsn AS hole_lsn, h.kind AS hole_kind
      FROM dbops.backups AS b
      LEFT JOIN LATERAL (
               SELECT start_lsn, kind
                 FROM dbops.archive_holes
                WHERE COALESCE(end_lsn > b.start_lsn, true)
                ORDER BY start_lsn
                LIMIT 1) AS h ON true
     WHERE b.kind IN ('base', 'incremental', 'differential') AND b.restorable AND b.stop_lsn IS NOT NULL
), reach AS (
    SELECT base.timeline, base.stop_lsn, base.ended_at, base.hole_lsn, base.hole_kind,
           GREATEST(base.stop_lsn, LEAST(base.hole_lsn, (SELECT end_lsn FROM kept))) AS end_lsn
      FROM base
), windows AS (
    SELECT end_lsn, hole_lsn, hole_kind,
           pg_catalog.min(stop_lsn) AS start_lsn,
           pg_catalog.min(ended_at) AS from_at,
           pg_catalog.max(ended_at) AS last_backup_at,
           pg_catalog.count(*) AS backups,
           pg_catalog.min(timeline) AS first_timeline,
           pg_catalog.max(timeline) AS last_timeline
      FROM reach
     GROUP BY end_lsn, hole_lsn, hole_kind
)
SELECT from_at,
       GREATEST(last_backup_at,
                CASE WHEN hole_lsn IS NULL AND exposed.rpo_seconds = 0 THEN pg_catalog.now() ELSE dbops.lsn_time(end_lsn) END) AS to_at,
       start_lsn AS from_lsn,
       end_lsn AS to_lsn,
       backups,
       CASE
           WHEN hole_kind = 'discarded' AND end_lsn = hole_lsn THEN 'archive_command kept nothing'
           WHEN hole_kind = 'dropped' AND end_lsn = hole_lsn THEN 'pgBackRest dropped WAL'
           WHEN hole_kind IS NOT NULL THEN 'WAL behind the backup is missing'
           WHEN (SELECT end_lsn FROM kept) IS NULL THEN 'no WAL is kept'
       END AS ends_because,
       LEAD(from_at) OVER (ORDER BY start_lsn) AS next_from_at,
       CASE WHEN first_timeline < (SELECT timeline FROM dbops.archiver_now)
            THEN pg_catalog.format('goes on from timeline %s: whether the server before archived all of it is not known here', first_timeline)
       END AS doubt
  FROM windows
  LEFT JOIN (SELECT rpo_seconds FROM dbops.recovery WHERE failure = 'loss of all but the archive') AS exposed ON true
 ORDER BY from_at DESC;

COMMENT ON VIEW dbops.recovery_windows IS
    'Times that can be gone back to with what is kept elsewhere, the latest first; between the end of one and the beginning of the next nothing leads there';
COMMENT ON COLUMN dbops.recovery_windows.from_at IS 'End of the first backup in it: the earliest time';
COMMENT ON COLUMN dbops.recovery_windows.to_at IS 'The latest time';
COMMENT ON COLUMN dbops.recovery_windows.backups IS 'Backups that it can be reached from';
COMMENT ON COLUMN dbops.recovery_windows.ends_because IS 'What ended it; NULL while it goes on';
COMMENT ON COLUMN dbops.recovery_windows.next_from_at IS 'Where the next begins, after the hole';
COMMENT ON COLUMN dbops.recovery_windows.doubt IS 'What makes it less than certain';
REVOKE ALL ON dbops.recovery_windows FROM PUBLIC;
GRANT SELECT ON dbops.recovery_windows TO pg_monitor;
