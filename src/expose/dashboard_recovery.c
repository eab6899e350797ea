/*
 * expose/dashboard_recovery.c
 *		Dashboard: backups, the archive, and what would be lost.
 */
#include "postgres.h"

#include "expose/dashboards.h"

#define ARCHIVER "  FROM dbops.archiver_history\n WHERE " WITHIN "\n ORDER BY 1"

static const Panel panels[] = {
    {
        .title = "Could I restore?",
        .about =
            "By kind of failure: what would be lost if it happened now, how long it would take to be "
            "back, and how sure that is",
        .kind = PANEL_TABLE,
        .queries =
            {{"SELECT failure, rpo_seconds AS lost_seconds, rpo_bytes AS lost_bytes,\n"
              "       rpo_by_design_seconds, rpo_objective_seconds, rto_seconds AS back_in_seconds,\n"
              "       rto_objective_seconds, confidence, why, what_to_do\n"
              "  FROM dbops.recovery"}},
    },
    {
        .title = "Not archived for",
        .about =
            "For how long a transaction has been missing from the archive, and from all other copies "
            "of the WAL",
        .kind = PANEL_LINES,
        .unit = "ms",
        .queries =
            {{"SELECT at AS time, unarchived_ms AS archive, exposed_ms AS \"all copies\"\n" ARCHIVER}},
    },
    {
        .title = "WAL not archived",
        .about = "Bytes since what was archived last",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .nothing = "nothing is archived",
        .queries = {{"SELECT at AS time, unarchived_bytes AS bytes\n" ARCHIVER}},
    },
    {
        .title = "Archiving",
        .about = "Files a minute that were archived, and attempts that failed",
        .kind = PANEL_BARS,
        .unit = "short",
        .queries = {{"SELECT at AS time, 60 * archived_count_per_second AS archived,\n"
                     "       60 * failed_count_per_second AS failed\n" ARCHIVER}},
    },
    {
        .title = "Files that wait for the archive",
        .about = "Segments of WAL that are complete",
        .kind = PANEL_LINES,
        .unit = "short",
        .nothing = "nothing is archived",
        .queries = {{"SELECT at AS time, ready AS segments, ready_others AS others\n" ARCHIVER}},
    },
    {
        .title = "WAL that a crash would replay",
        .about = "Bytes since the last checkpoint",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .queries = {{"SELECT at AS time, redo_bytes AS bytes\n" ARCHIVER}},
    },
    {
        .title = "Age of the last backup",
        .about = "Time since the last good base backup, and the last good dump",
        .kind = PANEL_LINES,
        .unit = "s",
        .interval = WIDE,
        .nothing = "no backup is known",
        .queries =
            {{"SELECT at AS time, extract(epoch FROM at - base_good_at) AS \"base backup\",\n"
              "       extract(epoch FROM at - dump_good_at) AS dump\n"
              "  FROM dbops.backup_history\n"
              " WHERE " WITHIN "\n"
              " ORDER BY 1"}},
    },
    {.title = "Archive", .kind = PANEL_ROW},
    {
        .title = "Archive, at the moment",
        .about = "Whether it works, and what is not in it",
        .kind = PANEL_TABLE,
        .height = 5,
        .queries =
            {{"SELECT state, evidence, archive_mode, method, tool, segments_waiting, exposed_seconds,\n"
              "       oldest_waits_seconds, archived_count, failed_count, last_archived_time,\n"
              "       last_failed_time, waits_for\n"
              "  FROM dbops.archiving"}},
    },
    {
        .title = "Times to go back to",
        .about = "Between them a backup and all WAL are known to be there",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "none is known",
        .queries = {{"SELECT from_at, to_at, timeline, backups, ends_because, next_from_at\n"
                     "  FROM dbops.recovery_windows\n"
                     " LIMIT 50"}},
    },
    {.title = "Backups", .kind = PANEL_ROW},
    {
        .title = "By tool",
        .about = "The last good one of each, the last failure, and the next step",
        .kind = PANEL_TABLE,
        .height = 7,
        .nothing = "no backup is known",
        .queries =
            {{"SELECT tool, kind, last_good_at, extract(epoch FROM age) AS age_seconds, last_failed_at,\n"
              "       last_failed_evidence, good, failed, last_restore_test_at, next_step\n"
              "  FROM dbops.backup_status()"}},
    },
    {
        .title = "Backups",
        .about = "The newest first",
        .kind = PANEL_TABLE,
        .nothing = "no backup is known",
        .queries =
            {{"SELECT tool, kind, label, datname, node, status, started_at, ended_at,\n"
              "       extract(epoch FROM duration) AS took_seconds, size_bytes, repository, source,\n"
              "       restorable, evidence\n"
              "  FROM dbops.backups\n"
              " ORDER BY COALESCE(ended_at, started_at) DESC NULLS LAST\n"
              " LIMIT 100"}},
    },
    {
        .title = "Repositories",
        .about = "Where backup tools keep backups, as they tell it themselves",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "no tool is asked: see dbops.backup_command",
        .queries =
            {{"SELECT tool, server, repository, state, status, backups, oldest_at, newest_at,\n"
              "       extract(epoch FROM behind) AS behind_seconds, stored_bytes, retention, failing_since\n"
              "  FROM dbops.backup_repositories\n"
              " LIMIT 50"}},
    },
    {
        .title = "Backups verified",
        .about = "Compared with their manifests, the latest first",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "none was verified: see dbops.verify_backup()",
        .queries =
            {{"SELECT state, path, started_at, ended_at, done_percent, files, bytes, problems, first_problem\n"
              "  FROM dbops.verifications\n"
              " ORDER BY started_at DESC\n"
              " LIMIT 30"}},
    },
    {
        .title = "Speed of recovery",
        .about = "By which the time to be back is reckoned, as it was measured",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "nothing was measured yet: it is assumed",
        .queries = {{"SELECT node, source, name, bytes_per_second, replayed, measured_at\n"
                     "  FROM dbops.recovery_rates\n"
                     " LIMIT 30"}},
    },
};

const Dashboard dbops_dashboard_recovery = {
    .name = "recovery",
    .title = "dbops / Backup and recovery",
    .answers = "What would be lost, how long would it take to be back, and is there a good backup?",
    .variables = {&dbops_dashboard_node},
    DASHBOARD_PANELS(panels),
};
