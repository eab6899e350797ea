/*
 * expose/dashboard_queries.c
 *		Dashboard: which statements take the time, how long they take, and which fail.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const Panel panels[] = {
    {
        .title = "Statements",
        .about =
            "Statements a second, without those that functions run; over more than three hours of the two hundred that take most time",
        .kind = PANEL_LINES,
        .unit = "ops",
        .interval = WIDE,
        .nothing = "no statement was sampled",
        .queries = {{"SELECT at AS time, calls_per_second AS statements\n"
                     "  FROM " STATEMENT_TOTALS "\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "How long statements take",
        .about =
            "Half of all statements take less than p50, one in twenty more than p95, one in a "
            "hundred more than p99; over more than three hours of the two hundred that take most time",
        .kind = PANEL_LINES,
        .unit = "ms",
        .interval = WIDE,
        .nothing = "no statement was sampled",
        .queries = {{"SELECT at AS time, mean_ms AS mean, dbops.quantile(durations, 0.5) AS p50,\n"
                     "       dbops.quantile(durations, 0.95) AS p95,\n"
                     "       dbops.quantile(durations, 0.99) AS p99\n"
                     "  FROM " STATEMENT_TOTALS "\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Top statements by time",
        .about =
            "Those that took most of the time. Of more than an hour these are sought in five quarters of an hour, and among those that took most since the server started. Click a statement for its own dashboard",
        .kind = PANEL_TABLE,
        .height = 12,
        .nothing = "no statement was sampled",
        .link = &dbops_dashboard_to_statement,
        .queries =
            {{"WITH top AS (\n"
              "    SELECT datid, queryid, min(datname) AS datname, sum(calls) AS calls,\n"
              "           sum(total_exec_ms) AS total_ms, sum(rows) AS rows,\n"
              "           sum(errors) AS errors, dbops.merge(exec_histogram) AS durations,\n"
              "           sum(shared_blks_read) AS blocks_read, sum(temp_blks_written) AS temp_blocks\n"
              "      FROM dbops.statement_history\n"
              "     WHERE " COARSE " AND " OF_DATABASE " AND toplevel AND " BUSY_50 "\n"
              "     GROUP BY datid, queryid\n"
              "     ORDER BY total_ms DESC NULLS LAST\n"
              "     LIMIT 50\n"
              ")\n"
              "SELECT top.datname::text, COALESCE(o.definition, 'not known any more') AS query,\n"
              "       top.total_ms, top.calls, top.total_ms / NULLIF(top.calls, 0) AS mean_ms,\n"
              "       dbops.quantile(top.durations, 0.95) AS p95_ms,\n"
              "       dbops.quantile(top.durations, 0.99) AS p99_ms,\n"
              "       top.rows, top.errors, top.blocks_read, top.temp_blocks,\n"
              "       top.queryid::text\n"
              "  FROM top\n"
              "  LEFT JOIN dbops.objects AS o\n"
              "    ON o.kind = 'statement' AND o.datid = top.datid AND o.objid = top.queryid\n"
              " ORDER BY top.total_ms DESC NULLS LAST"}},
    },
    {
        .title = "Time by statement",
        .about = "Seconds that the statements which take most spend in a second: 1 is a session "
                 "that does nothing else",
        .kind = PANEL_STACK,
        .unit = "short",
        .interval = WIDE,
        .nothing = "no statement was sampled",
        .queries =
            {{"SELECT h.at AS time,\n"
              "       COALESCE(left(min(o.definition), 60), '') || ' #' || h.queryid AS metric,\n"
              "       sum(h.total_exec_ms) / 1000 / extract(epoch FROM h.step) AS value\n"
              "  FROM (SELECT at, step, datid, queryid, total_exec_ms, exec_histogram\n"
              "          FROM dbops.statement_history\n"
              "         WHERE " COARSE " AND " OF_DATABASE "\n"
              "           AND toplevel AND " BUSY_8 ") AS h\n"
              "  LEFT JOIN dbops.objects AS o\n"
              "    ON o.kind = 'statement' AND o.datid = h.datid AND o.objid = h.queryid\n"
              " GROUP BY h.at, h.step, h.queryid\n"
              " ORDER BY 1"}},
    },
    {
        .title = "p95 by statement",
        .about = "One in twenty executions took longer; of the statements that take most time",
        .kind = PANEL_LINES,
        .unit = "ms",
        .interval = WIDE,
        .nothing = "no statement was sampled",
        .queries =
            {{"SELECT h.at AS time,\n"
              "       COALESCE(left(min(o.definition), 60), '') || ' #' || h.queryid AS metric,\n"
              "       dbops.quantile(dbops.merge(h.exec_histogram), 0.95) AS value\n"
              "  FROM (SELECT at, step, datid, queryid, total_exec_ms, exec_histogram\n"
              "          FROM dbops.statement_history\n"
              "         WHERE " COARSE " AND " OF_DATABASE "\n"
              "           AND toplevel AND " BUSY_8 ") AS h\n"
              "  LEFT JOIN dbops.objects AS o\n"
              "    ON o.kind = 'statement' AND o.datid = h.datid AND o.objid = h.queryid\n"
              " GROUP BY h.at, h.queryid\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Errors by SQLSTATE",
        .about = "Statements that failed, a minute; those that a function caught, too",
        .kind = PANEL_BARS,
        .unit = "short",
        .interval = WIDE,
        .nothing = "none failed",
        .queries = {{ERRORS_BY_SQLSTATE}},
    },
    {
        .title = "Timeouts and cancels",
        .about = "Statements that were ended before they were done, a minute, by what ended them",
        .kind = PANEL_BARS,
        .unit = "short",
        .interval = WIDE,
        .nothing = "none was ended",
        .queries = {{"SELECT at AS time,\n"
                     "       sum(statement_timeouts)" A_MINUTE " AS \"statement timeouts\",\n"
                     "       sum(lock_timeouts)" A_MINUTE " AS \"lock timeouts\",\n"
                     "       sum(idle_in_transaction_timeouts)" A_MINUTE
                     " AS \"idle in transaction\",\n"
                     "       sum(cancels)" A_MINUTE " AS \"cancelled by request\",\n"
                     "       sum(conflicts)" A_MINUTE " AS \"recovery conflicts\"\n"
                     "  FROM dbops.error_history\n"
                     " WHERE " WITHIN " AND " OF_DATABASE "\n"
                     " GROUP BY 1, step\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Rollbacks",
        .about = "Share of transactions that were rolled back, by database",
        .kind = PANEL_LINES,
        .check = "rollbacks",
        .nothing = "no transaction ended",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, rollback_percent AS value\n"
              "  FROM dbops.database_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE " AND datid <> 0\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Temporary files",
        .about =
            "Bytes a second that sorts and hashes wrote because they did not fit into work_mem",
        .kind = PANEL_LINES,
        .check = "temporary files",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, temp_bytes_per_second AS value\n"
              "  FROM dbops.database_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE " AND datid <> 0\n"
              " ORDER BY 1"}},
    },
    {
        .title = "What fails",
        .about =
            "Failures since the server started, the most frequent first, with the latest message",
        .kind = PANEL_TABLE,
        .nothing = "none failed",
        .link = &dbops_dashboard_to_statement,
        .queries =
            {{"SELECT datname::text, sqlstate, kind, count, last_at, message, query, queryid::text\n"
              "  FROM dbops.errors\n"
              " LIMIT 50"}},
    },
    {
        .title = "Other plans",
        .about = "Statements that got another plan, those that became dearest first",
        .kind = PANEL_TABLE,
        .nothing = "no statement got another plan",
        .link = &dbops_dashboard_to_statement,
        .queries =
            {{"SELECT changed_at, datname::text, query, change, mean_ms_before, mean_ms_after,\n"
              "       times_slower, calls_after, queryid::text\n"
              "  FROM dbops.plan_changes\n"
              " WHERE changed_at BETWEEN $__timeFrom() AND $__timeTo()\n"
              " LIMIT 50"}},
    },
};

const Dashboard dbops_dashboard_queries = {
    .name = "queries",
    .title = "dbops / Queries",
    .answers =
        "Which statements take the time, how long do they take, which fail, and which got another plan?",
    .variables = {&dbops_dashboard_node, &dbops_dashboard_database},
    DASHBOARD_PANELS(panels),
};
