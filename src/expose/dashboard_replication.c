/*
 * expose/dashboard_replication.c
 *		Dashboard: who replicates, how far behind, and what is kept for whom.
 */
#include "postgres.h"

#include "expose/dashboards.h"

#define RECEIVER "COALESCE(NULLIF(application_name, ''), NULLIF(client_addr, ''), 'standby')"

#define LAG(column)                                                         \
	"SELECT at AS time, " RECEIVER " AS metric, max(" column ") AS value\n" \
	"  FROM dbops.replication_history\n"                                    \
	" WHERE " WITHIN "\n"                                                   \
	" GROUP BY 1, 2\n"                                                      \
	" ORDER BY 1"

#define RECOVERY "  FROM dbops.recovery_history\n WHERE " WITHIN "\n ORDER BY 1"
#define SLOT "  FROM dbops.slot_history\n WHERE " WITHIN "\n ORDER BY 1"

static const Panel panels[] = {
    {
        .title = "Who replicates, at the moment",
        .about = "The worst first: how far behind, where the time is lost, why, and what to do",
        .kind = PANEL_TABLE,
        .check = "replication lag",
        .checked = "replay_lag_seconds",
        .nothing = "nobody",
        .queries =
            {{"SELECT kind, name, state, sync_state, replay_lag_seconds, replay_lag_bytes, certain, lost_in,\n"
              "       cause, what_to_do, slot_name, wal_status, wal_kept_bytes, wal_left_seconds,\n"
              "       loss_bytes, loss_seconds, client_addr\n"
              "  FROM dbops.replication"}},
    },
    {
        .title = "Replication Lag",
        .about =
            "Seconds for which a receiver has not replayed WAL that there was; 0 when it has all, "
            "however idle the server is",
        .kind = PANEL_LINES,
        .check = "replication lag",
        .nothing = "no standby",
        .queries = {{LAG("behind_ms / 1000")}},
    },
    {
        .title = "WAL not replayed",
        .about = "Bytes, by receiver",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .nothing = "no standby",
        .queries = {{LAG("replay_lag_bytes")}},
    },
    {
        .title = "Where the WAL is",
        .about = "Bytes not sent, sent and not written, written and not flushed, flushed and not "
                 "replayed; of all receivers",
        .kind = PANEL_STACK,
        .unit = "bytes",
        .nothing = "no standby",
        .queries = {{"SELECT at AS time, sum(sent_lag_bytes) AS \"not sent\",\n"
                     "       sum(write_lag_bytes - sent_lag_bytes) AS \"under way\",\n"
                     "       sum(flush_lag_bytes - write_lag_bytes) AS \"not flushed\",\n"
                     "       sum(replay_lag_bytes - flush_lag_bytes) AS \"not replayed\"\n"
                     "  FROM dbops.replication_history\n"
                     " WHERE " WITHIN "\n"
                     " GROUP BY 1\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Time to a standby",
        .about =
            "Until recent WAL was known to be written, flushed and replayed there: what a commit "
            "waits for when it is synchronous",
        .kind = PANEL_LINES,
        .unit = "ms",
        .nothing = "no standby",
        .queries =
            {{"SELECT at AS time, max(write_lag_ms) AS written, max(flush_lag_ms) AS flushed,\n"
              "       max(replay_lag_ms) AS replayed\n"
              "  FROM dbops.replication_history\n"
              " WHERE " WITHIN "\n"
              " GROUP BY 1\n"
              " ORDER BY 1"}},
    },
    {
        .title = "WAL generated",
        .about = "Bytes a second that all receivers must keep up with",
        .kind = PANEL_LINES,
        .check = "wal volume",
        .queries = {{"SELECT at AS time, wal_bytes_per_second AS wal\n"
                     "  FROM dbops.server_history\n"
                     " WHERE " WITHIN "\n"
                     " ORDER BY 1"}},
    },
    {.title = "Slots", .kind = PANEL_ROW},
    {
        .title = "WAL kept for slots",
        .about = "Bytes; of one that nobody uses it grows until the disk is full",
        .kind = PANEL_LINES,
        .check = "unused slots",
        .nothing = "no slot",
        .queries = {{"SELECT at AS time, slot_name AS metric, restart_lag_bytes AS value\n" SLOT}},
    },
    {
        .title = "Rows kept for slots",
        .about = "Transactions since the oldest whose rows, or rows of catalogs, a slot needs",
        .kind = PANEL_LINES,
        .unit = "short",
        .nothing = "no slot",
        .queries = {{"SELECT at AS time, slot_name AS metric,\n"
                     "       COALESCE(GREATEST(xmin_age, catalog_xmin_age), 0) AS value\n" SLOT}},
    },
    {
        .title = "Slots, at the moment",
        .about = "What each keeps back, and what to do about it",
        .kind = PANEL_TABLE,
        .height = 7,
        .nothing = "no slot",
        .queries =
            {{"SELECT slot_name, slot_type, datname::text, active, wal_status, restart_lag_bytes,\n"
              "       extract(epoch FROM wal_kept_for) AS wal_kept_for_seconds, safe_wal_size AS left_bytes,\n"
              "       confirmed_flush_lag_bytes, xmin_age, invalidation_reason, inactive_since, what_to_do\n"
              "  FROM dbops.slots\n"
              " LIMIT 100"}},
    },
    {.title = "On a standby", .kind = PANEL_ROW},
    {
        .title = "Its own lag",
        .about = "Seconds for which there has been WAL that is not replayed here",
        .kind = PANEL_LINES,
        .check = "standby lag",
        .nothing = "this is no standby",
        .queries = {{"SELECT at AS time, replay_lag_ms / 1000 AS seconds\n" RECOVERY}},
    },
    {
        .title = "WAL not replayed here",
        .about = "Bytes that were received and not replayed",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .nothing = "this is no standby",
        .queries = {{"SELECT at AS time, replay_lag_bytes AS bytes\n" RECOVERY}},
    },
    {
        .title = "What replay waits for",
        .about = "What it waited for at that moment",
        .kind = PANEL_STACK,
        .unit = "none",
        .nothing = "this is no standby",
        .queries =
            {{"SELECT at AS time, COALESCE(waits_for, 'nothing') AS metric, 1 AS value\n" RECOVERY}},
    },
    {
        .title = "Queries cancelled by replay",
        .about = "A minute, by kind of conflict",
        .kind = PANEL_BARS,
        .unit = "short",
        .interval = WIDE,
        .nothing = "none was cancelled",
        .queries = {{"SELECT at AS time, kind AS metric, sum(conflicts)" A_MINUTE " AS value\n"
                     "  FROM dbops.conflict_history\n"
                     " WHERE " WITHIN "\n"
                     " GROUP BY 1, 2, step\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Since the last message of the sender",
        .about = "Time for which nothing was heard",
        .kind = PANEL_LINES,
        .unit = "ms",
        .nothing = "it does not stream",
        .queries = {{"SELECT at AS time, last_msg_age_ms AS silent\n"
                     "  FROM dbops.receiver_history\n"
                     " WHERE " WITHIN "\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Subscriptions",
        .about = "Errors of their workers, a minute",
        .kind = PANEL_BARS,
        .unit = "short",
        .interval = WIDE,
        .nothing = "no subscription",
        .queries =
            {{"SELECT at AS time, subname AS metric,\n"
              "       60 * (apply_error_count_per_second + sync_error_count_per_second) AS errors\n"
              "  FROM dbops.subscription_history\n"
              " WHERE " WITHIN "\n"
              " ORDER BY 1"}},
    },
};

const Dashboard dbops_dashboard_replication = {
    .name = "replication",
    .title = "dbops / Replication",
    .answers = "Who replicates, how far behind is each and why, and what do slots keep back?",
    .variables = {&dbops_dashboard_node},
    DASHBOARD_PANELS(panels),
};
