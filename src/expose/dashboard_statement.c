/*
 * expose/dashboard_statement.c
 *		Dashboard: one statement, where links from lists of statements lead.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const DashboardVariable statement = {
    .name = "statement",
    .label = "Statement",
    .about =
        "The statement that is shown; those that took most time since the server started come first",
    .query =
        "SELECT left(min(query), 100) AS __text, queryid::text AS __value FROM dbops.statements WHERE "
        "toplevel AND query IS NOT NULL GROUP BY queryid ORDER BY sum(total_ms) DESC LIMIT 1000",
};

/* Of all users and databases together. */
#define OF_IT WITHIN " AND queryid = NULLIF(${statement:sqlstring}, '')::bigint\n"
#define BY_TIME " GROUP BY at, step\n ORDER BY 1"

static const Panel panels[] = {
    {
        .title = "Statement",
        .about = "Its text, and what it did since the server started",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "not tracked at the moment",
        .queries =
            {{"SELECT datname::text, rolname::text, query, calls, total_ms, mean_ms, p95_ms, p99_ms, rows,\n"
              "       errors, first_seen_at, last_seen_at\n"
              "  FROM dbops.statements\n"
              " WHERE queryid = NULLIF(${statement:sqlstring}, '')::bigint"}},
    },
    {
        .title = "How long it takes",
        .about = "Half of its executions take less than p50, one in a hundred more than p99",
        .kind = PANEL_LINES,
        .unit = "ms",
        .interval = WIDE,
        .nothing = "it was not executed",
        .queries = {{"SELECT at AS time, sum(total_exec_ms) / NULLIF(sum(calls), 0) AS mean,\n"
                     "       dbops.quantile(dbops.merge(exec_histogram), 0.5) AS p50,\n"
                     "       dbops.quantile(dbops.merge(exec_histogram), 0.95) AS p95,\n"
                     "       dbops.quantile(dbops.merge(exec_histogram), 0.99) AS p99\n"
                     "  FROM dbops.statement_history\n"
                     " WHERE " OF_IT BY_TIME}},
    },
    {
        .title = "How often",
        .about = "Executions a second, and those that failed",
        .kind = PANEL_LINES,
        .unit = "ops",
        .interval = WIDE,
        .nothing = "it was not executed",
        .queries = {{"SELECT at AS time, sum(calls)" A_SECOND " AS calls, sum(errors)" A_SECOND
                     " AS errors\n"
                     "  FROM dbops.statement_history\n"
                     " WHERE " OF_IT BY_TIME}},
    },
    {
        .title = "What it waits for",
        .about = "Sessions that run it, by what they wait for; CPU is waiting for nothing",
        .kind = PANEL_STACK,
        .unit = "short",
        .nothing = "no session was seen with it",
        .queries = {{"SELECT at AS time,\n"
                     "       COALESCE(wait_event_type || ': ' || wait_event, 'CPU') AS metric,\n"
                     "       sum(session_seconds)" A_SECOND " AS sessions\n"
                     "  FROM dbops.wait_history\n"
                     " WHERE " OF_IT " GROUP BY 1, 2, step\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "By plan",
        .about = "Mean time of an execution, by the plan it had",
        .kind = PANEL_LINES,
        .unit = "ms",
        .interval = WIDE,
        .nothing = "no plan was seen",
        .queries = {{"SELECT at AS time, 'plan ' || planid AS metric,\n"
                     "       sum(total_exec_ms) / NULLIF(sum(calls), 0) AS mean\n"
                     "  FROM dbops.plan_history\n"
                     " WHERE " OF_IT " GROUP BY 1, 2\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Rows",
        .about = "Rows that an execution returns or changes",
        .kind = PANEL_LINES,
        .unit = "short",
        .interval = WIDE,
        .nothing = "it was not executed",
        .queries =
            {{"SELECT at AS time, sum(rows)::float8 / NULLIF(sum(calls), 0) AS \"rows a call\"\n"
              "  FROM dbops.statement_history\n"
              " WHERE " OF_IT BY_TIME}},
    },
    {
        .title = "Blocks",
        .about = "Blocks a second found in shared buffers, read from the kernel, and written to "
                 "temporary files",
        .kind = PANEL_LINES,
        .unit = "ops",
        .interval = WIDE,
        .nothing = "it was not executed",
        .queries = {{"SELECT at AS time, sum(shared_blks_hit)" A_SECOND " AS hit,\n"
                     "       sum(shared_blks_read)" A_SECOND " AS read,\n"
                     "       sum(temp_blks_written)" A_SECOND " AS temporary\n"
                     "  FROM dbops.statement_history\n"
                     " WHERE " OF_IT BY_TIME}},
    },
    {
        .title = "WAL",
        .about = "WAL that it writes a second",
        .kind = PANEL_LINES,
        .unit = "Bps",
        .interval = WIDE,
        .nothing = "it was not executed",
        .queries = {{"SELECT at AS time, sum(wal_bytes)" A_SECOND " AS wal\n"
                     "  FROM dbops.statement_history\n"
                     " WHERE " OF_IT BY_TIME}},
    },
    {
        .title = "Plans",
        .about = "Its plans since the server started, those that took most time first",
        .kind = PANEL_TABLE,
        .nothing = "no plan was seen",
        .queries =
            {{"SELECT planid::text, calls, total_ms, mean_ms, p95_ms, first_seen_at, last_seen_at, plan\n"
              "  FROM dbops.plans\n"
              " WHERE queryid = NULLIF(${statement:sqlstring}, '')::bigint\n"
              " LIMIT 20"}},
    },
};

const Dashboard dbops_dashboard_statement = {
    .name = "statement",
    .title = "dbops / Statement",
    .answers =
        "How long does one statement take, how often, what does it wait for, and with which plan?",
    .variables = {&dbops_dashboard_node, &statement},
    DASHBOARD_PANELS(panels),
};
