/*
 * expose/report_recovery.c
 *		Sections of the report: replication, recovery.
 */
#include "postgres.h"

#include "expose/report_section.h"

/* ---- replication --------------------------------------------------------------------------- */

static const char replication_query[] =
    "SELECT kind, name, state, sync_state, replay_lag_seconds::float8, replay_lag_bytes::float8, lost_in, "
    "       loss_bytes::float8, cause, what_to_do "
    "  FROM dbops.replication LIMIT $5";

static const ReportColumn replication_columns[] = {
    {.title = "kind", .format = CELL_TEXT},
    {.title = "name", .format = CELL_TEXT},
    {.title = "state", .format = CELL_TEXT},
    {.title = "synchronous", .format = CELL_TEXT},
    {.title = "behind", .format = CELL_FIGURE, .unit = "seconds"},
    {.title = "behind, WAL", .format = CELL_FIGURE, .unit = "bytes"},
    {.title = "lost in", .format = CELL_TEXT, .help = "Where the time is lost"},
    {.title = "lost by a failover", .format = CELL_FIGURE, .unit = "bytes"},
    {.title = "cause", .format = CELL_NOTE},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

static const char lag_query[] =
    "WITH step AS MATERIALIZED ( "
    "    SELECT at, known FROM dbops._server_steps($1, $2, $3) "
    "), lag AS ( "
    "    SELECT at, COALESCE(NULLIF(application_name, ''), client_addr) AS name, max(behind_ms)::float8 AS ms "
    "      FROM dbops.replication_history WHERE " REPORT_TIME " AND step = $3 GROUP BY 1, 2 "
    "    UNION ALL "
    "    SELECT at, 'replay on this standby', max(replay_lag_ms)::float8 "
    "      FROM dbops.recovery_history WHERE " REPORT_TIME " AND step = $3 GROUP BY at "
    "), top AS ( "
    "    SELECT name, max(ms) AS worst FROM lag GROUP BY name ORDER BY max(ms) DESC NULLS LAST LIMIT 5 "
    ") "
    "SELECT 'Behind', 'ms', t.name, array_agg(CASE WHEN s.known THEN l.ms END ORDER BY s.at) "
    "  FROM top AS t CROSS JOIN step AS s LEFT JOIN lag AS l ON l.at = s.at AND l.name = t.name "
    " GROUP BY t.name, t.worst ORDER BY t.worst DESC NULLS LAST";

static const char slots_query[] =
    "SELECT slot_name, slot_type, datname::text, active::text, wal_status, wal_kept, wal_left, not_received, what_to_do "
    "  FROM dbops.slots LIMIT $5";

static const ReportColumn slots_columns[] = {
    {.title = "slot", .format = CELL_TEXT},
    {.title = "type", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "active", .format = CELL_TEXT},
    {.title = "WAL", .format = CELL_TEXT},
    {.title = "keeps", .format = CELL_TEXT},
    {.title = "left",
     .format = CELL_TEXT,
     .help = "WAL that may be written before the slot is lost"},
    {.title = "not received", .format = CELL_TEXT},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

const ReportPart dbops_report_replication[] = {
    {.title = "As it is now",
     .kind = PART_TABLE,
     .query = replication_query,
     .columns = replication_columns,
     .limit = 20,
     .empty = "Nobody replicates.",
     .next = "SELECT * FROM dbops.replication;",
     .fixed = true},
    {.title = "In this time",
     .kind = PART_LINES,
     .query = lag_query,
     .empty = "No lag was measured."},
    {.title = "Slots",
     .kind = PART_TABLE,
     .query = slots_query,
     .columns = slots_columns,
     .limit = 20,
     .empty = "There are no slots.",
     .next = "SELECT * FROM dbops.slots;",
     .fixed = true},
    {0},
};

/* ---- recovery ------------------------------------------------------------------------------ */

static const char recovery_query[] =
    "SELECT failure, rpo_seconds, rpo_bytes::float8, rpo_by_design_seconds, rpo_objective_seconds::float8, rto_seconds, "
    "       rto_objective_seconds::float8, confidence, why, what_to_do "
    "  FROM dbops.recovery LIMIT $5";

static const ReportColumn recovery_columns[] = {
    {.title = "failure", .format = CELL_TEXT},
    {.title = "lost",
     .format = CELL_FIGURE,
     .unit = "seconds",
     .help = "RPO: age of the first commit that would be lost"},
    {.title = "lost, WAL", .format = CELL_FIGURE, .unit = "bytes"},
    {.title = "by design",
     .format = CELL_FIGURE,
     .unit = "seconds",
     .help = "What it stays below while nothing is broken"},
    {.title = "objective", .format = CELL_FIGURE, .unit = "seconds"},
    {.title = "back in",
     .format = CELL_FIGURE,
     .unit = "seconds",
     .help = "RTO, without the time people need"},
    {.title = "objective", .format = CELL_FIGURE, .unit = "seconds"},
    {.title = "confidence", .format = CELL_TEXT},
    {.title = "why", .format = CELL_NOTE},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

static const char exposed_query[] =
    "SELECT 'Commits not in the archive, for', 'ms', 'exposed', array_agg(CASE WHEN s.known THEN a.ms END ORDER BY s.at) "
    "  FROM dbops._server_steps($1, $2, $3) AS s "
    "  LEFT JOIN (SELECT at, max(exposed_ms)::float8 AS ms FROM dbops.archiver_history "
    "              WHERE " REPORT_TIME " AND step = $3 GROUP BY at) AS a USING (at)";

static const char archiving_query[] =
    "SELECT state, evidence, segments_waiting::float8, exposed_seconds::float8, archived_count::float8, "
    "       failed_count::float8, last_archived_time, last_failed_time "
    "  FROM dbops.archiving LIMIT $5";

static const ReportColumn archiving_columns[] = {
    {.title = "archiver", .format = CELL_TEXT},
    {.title = "by", .format = CELL_TEXT},
    {.title = "segments that wait", .format = CELL_FIGURE, .unit = "count"},
    {.title = "commits missing for", .format = CELL_FIGURE, .unit = "seconds"},
    {.title = "archived", .format = CELL_FIGURE, .unit = "count"},
    {.title = "failed", .format = CELL_FIGURE, .unit = "count"},
    {.title = "last archived", .format = CELL_TIME},
    {.title = "last failed", .format = CELL_TIME},
    {0},
};

static const char backups_query[] =
    "SELECT tool, kind, last_good_at, EXTRACT(epoch FROM age)::float8, good::float8, failed::float8, last_failed_at, "
    "       last_restore_test_at, last_failed_evidence, next_step "
    "  FROM dbops.backup_status() LIMIT $5";

static const ReportColumn backups_columns[] = {
    {.title = "tool", .format = CELL_TEXT},
    {.title = "kind", .format = CELL_TEXT},
    {.title = "last good", .format = CELL_TIME},
    {.title = "age", .format = CELL_FIGURE, .unit = "seconds"},
    {.title = "good", .format = CELL_FIGURE, .unit = "count"},
    {.title = "failed", .format = CELL_FIGURE, .unit = "count"},
    {.title = "last failed", .format = CELL_TIME},
    {.title = "last restore test", .format = CELL_TIME},
    {.title = "why it failed", .format = CELL_NOTE},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

static const char windows_query[] =
    "SELECT from_at, to_at, timeline::float8, backups::float8, ends_because FROM dbops.recovery_windows LIMIT $5";

static const ReportColumn windows_columns[] = {
    {.title = "from", .format = CELL_TIME},
    {.title = "to", .format = CELL_TIME},
    {.title = "timeline", .format = CELL_FIGURE, .unit = "count"},
    {.title = "backups", .format = CELL_FIGURE, .unit = "count"},
    {.title = "ended by", .format = CELL_TEXT},
    {0},
};

const ReportPart dbops_report_recovery[] = {
    {.title = "If it happened now",
     .kind = PART_TABLE,
     .query = recovery_query,
     .columns = recovery_columns,
     .limit = 10,
     .empty = "Nothing is known of it.",
     .next = "SELECT * FROM dbops.recovery;",
     .fixed = true},
    {.title = "Archive",
     .kind = PART_TABLE,
     .query = archiving_query,
     .columns = archiving_columns,
     .limit = 5,
     .empty = "Nothing is known of it.",
     .next = "SELECT * FROM dbops.archiving;",
     .fixed = true},
    {.kind = PART_LINES, .query = exposed_query, .empty = "There is no archive to compare with."},
    {.title = "Backups",
     .kind = PART_TABLE,
     .query = backups_query,
     .columns = backups_columns,
     .limit = 20,
     .empty = "No backup was ever seen.",
     .next = "SELECT * FROM dbops.backup_status(); SELECT dbops.restore_drill_command();",
     .fixed = true},
    {.title = "Times that can be gone back to",
     .kind = PART_TABLE,
     .query = windows_query,
     .columns = windows_columns,
     .limit = 10,
     .empty = "None: no base backup with the WAL since is known.",
     .next = "SELECT * FROM dbops.recovery_windows;",
     .fixed = true},
    {0},
};
