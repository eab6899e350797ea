/*
 * expose/dashboard_overview.c
 *		The dashboard to begin with: is the server well, and where to look.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const Panel panels[] = {
    {
        .title = "Status",
        .about = "The worst verdict of all checks; unknown is not ok",
        .kind = PANEL_STAT,
        .queries = {{"SELECT status FROM dbops.health LIMIT 1"}},
    },
    {
        .title = "Health score",
        .about = "100 less the points of what is wrong; at most 49 while anything is critical",
        .kind = PANEL_STAT,
        .unit = "none",
        .nothing = "unknown",
        .queries = {{"SELECT dbops.health_score() AS score"}},
    },
    {
        .title = "Database Health",
        .about = "Whether the server answers (1 is yes), who is connected, and how many may be",
        .kind = PANEL_STAT,
        .width = 8,
        .queries = {{"SELECT 1 AS up, connections, connection_limit AS \"max connections\"\n"
                     "  FROM dbops.server_now"}},
    },
    {
        .title = "Connections used",
        .about = "Share of max_connections in use",
        .kind = PANEL_GAUGE,
        .check = "connections",
        .queries = {{"SELECT connections_percent AS used FROM dbops.server_now"}},
    },
    {
        .title = "Disk space used",
        .about = "File systems of the server, the fullest",
        .kind = PANEL_GAUGE,
        .check = "disk space",
        .nothing = "unknown",
        .queries = {{"SELECT max(used_percent) AS used FROM dbops.filesystem_now"}},
    },
    {
        .title = "What was found",
        .about = "Verdicts of all checks, the worst first, and what to do about them",
        .kind = PANEL_TABLE,
        .height = 10,
        .nothing = "Nothing was judged yet: SELECT * FROM dbops.status()",
        .queries = {{"SELECT status, check_name, datname::text, object, value, \"limit\", since,\n"
                     "       what_to_do, evidence, why\n"
                     "  FROM dbops.health\n"
                     " LIMIT 100"}},
    },
    {
        .title = "Query Performance",
        .about = "How long the oldest statement has been running, and how long statements take on "
                 "average; over more than three hours those that take most time",
        .kind = PANEL_LINES,
        .unit = "ms",
        .queries = {{"SELECT at AS time, 'running query duration' AS metric,\n"
                     "       COALESCE(oldest_statement_ms, 0) AS value\n"
                     "  FROM dbops.server_history\n"
                     " WHERE " WITHIN "\n"
                     " UNION ALL\n"
                     "SELECT at, 'mean execution time', mean_ms\n"
                     "  FROM " STATEMENT_TOTALS "\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Replication Lag",
        .about = "Seconds for which a standby has not replayed WAL that there was; of this server "
                 "itself while it is a standby",
        .kind = PANEL_LINES,
        .check = "replication lag",
        .nothing = "no standby",
        .queries =
            {{"SELECT at AS time,\n"
              "       COALESCE(NULLIF(application_name, ''), client_addr, 'standby') AS metric,\n"
              "       max(behind_ms) / 1000 AS seconds\n"
              "  FROM dbops.replication_history\n"
              " WHERE " WITHIN "\n"
              " GROUP BY 1, 2\n"
              " UNION ALL\n"
              "SELECT at, node, replay_lag_ms / 1000\n"
              "  FROM dbops.recovery_history\n"
              " WHERE " WITHIN "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Connections",
        .about = "Sessions by what they do",
        .kind = PANEL_STACK,
        .unit = "short",
        .queries =
            {{"SELECT at AS time, active, idle, idle_in_transaction AS \"idle in transaction\",\n"
              "       idle_in_transaction_aborted AS \"idle in aborted transaction\"\n"
              "  FROM dbops.server_history\n"
              " WHERE " WITHIN "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Transactions",
        .about = "Committed transactions a second, by database",
        .kind = PANEL_STACK,
        .unit = "ops",
        .queries = {{"SELECT at AS time, COALESCE(datname::text, 'shared') AS metric,\n"
                     "       sum(xact_commit_per_second) AS value\n"
                     "  FROM dbops.database_history\n"
                     " WHERE " WITHIN " AND " OF_DATABASE "\n"
                     " GROUP BY 1, 2\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "CPU",
        .about = "Share of the time of all CPUs of the machine in which they worked",
        .kind = PANEL_LINES,
        .check = "cpu",
        .queries =
            {{"SELECT at AS time, busy_percent AS busy, iowait_percent AS \"waiting for disk\"\n"
              "  FROM dbops.system_history\n"
              " WHERE " WITHIN "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Waits",
        .about = "Sessions that work or wait, by what for; CPU is waiting for nothing",
        .kind = PANEL_STACK,
        .unit = "short",
        .nothing = "nobody was active",
        .queries = {{SESSIONS_BY_WAIT}},
    },
    {
        .title = "Errors",
        .about = "Statements that failed, a minute, by SQLSTATE; those that a function caught, too",
        .kind = PANEL_BARS,
        .unit = "short",
        .interval = WIDE,
        .nothing = "none failed",
        .queries = {{ERRORS_BY_SQLSTATE}},
    },
    {
        .title = "Health over time",
        .about = "The score of the server, from 0 to 100",
        .kind = PANEL_LINES,
        .unit = "none",
        .interval = WIDE,
        .nothing = "nothing was judged",
        .queries = {{"SELECT at AS time, min(score) AS score\n"
                     "  FROM dbops.health_history\n"
                     " WHERE " WITHIN " AND datid = 0\n"
                     " GROUP BY 1\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Could I restore?",
        .about = "What would be lost if it happened now, and how long it would take to be back",
        .kind = PANEL_TABLE,
        .queries = {{"SELECT failure, rpo_seconds AS lost_seconds, rpo_bytes AS lost_bytes,\n"
                     "       rto_seconds AS back_in_seconds, confidence, why, what_to_do\n"
                     "  FROM dbops.recovery"}},
    },
};

const Dashboard dbops_dashboard_overview = {
    .name = "overview",
    .title = "dbops / Overview",
    .answers = "Is the server well, what is wrong with it, and what is to be done?",
    .variables = {&dbops_dashboard_node, &dbops_dashboard_database},
    DASHBOARD_PANELS(panels),
};
