/*
 * expose/dashboard_waits.c
 *		Dashboard: what sessions wait for, and who keeps whom waiting.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const Panel panels[] = {
    {
        .title = "Sessions by what they wait for",
        .about = "Sessions at work, by kind of wait; CPU is waiting for nothing. More on CPU than "
                 "there are CPUs means that they queue for those",
        .kind = PANEL_STACK,
        .unit = "short",
        .nothing = "nobody was active",
        .queries = {{SESSIONS_BY_WAIT}},
    },
    {
        .title = "Sessions by database",
        .about = "Sessions at work, waiting or not",
        .kind = PANEL_STACK,
        .unit = "short",
        .nothing = "nobody was active",
        .queries = {{"SELECT at AS time, COALESCE(datname::text, 'none') AS metric,\n"
                     "       sum(session_seconds) / extract(epoch FROM step) AS sessions\n"
                     "  FROM dbops.wait_history\n"
                     " WHERE " WITHIN " AND " OF_DATABASE " AND state = 'active'\n"
                     " GROUP BY 1, 2, step\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Top waits",
        .about = "Time that sessions spent, by event; one session for an hour is 3600 s",
        .kind = PANEL_TABLE,
        .width = 12,
        .nothing = "nobody was active",
        .queries =
            {{"SELECT COALESCE(wait_event_type, 'CPU') AS wait_event_type, wait_event,\n"
              "       sum(session_seconds) AS session_seconds,\n"
              "       100 * sum(session_seconds) / NULLIF(sum(sum(session_seconds)) OVER (), 0) AS percent,\n"
              "       max(peak_sessions) AS most_at_once\n"
              "  FROM dbops.wait_history\n"
              " WHERE " COARSE " AND " OF_DATABASE " AND state = 'active'\n"
              " GROUP BY 1, 2\n"
              " ORDER BY 3 DESC\n"
              " LIMIT 30"}},
    },
    {
        .title = "Statements that wait",
        .about = "Time that sessions spent in a statement, and the part of it without CPU",
        .kind = PANEL_TABLE,
        .width = 12,
        .nothing = "nobody was active",
        .link = &dbops_dashboard_to_statement,
        .queries =
            {{"WITH top AS (\n"
              "    SELECT datid, queryid, min(datname) AS datname, sum(session_seconds) AS session_seconds,\n"
              "           sum(session_seconds) FILTER (WHERE wait_event IS NOT NULL) AS waited_seconds\n"
              "      FROM dbops.wait_history\n"
              "     WHERE " COARSE " AND " OF_DATABASE " AND queryid <> 0\n"
              "     GROUP BY 1, 2\n"
              "     ORDER BY 4 DESC\n"
              "     LIMIT 30\n"
              ")\n"
              "SELECT top.datname::text, o.definition AS query, top.session_seconds,\n"
              "       COALESCE(top.waited_seconds, 0) AS waited_seconds, top.queryid::text\n"
              "  FROM top\n"
              "  LEFT JOIN dbops.objects AS o\n"
              "    ON o.kind = 'statement' AND o.datid = top.datid AND o.objid = top.queryid\n"
              " ORDER BY 3 DESC"}},
    },
    {
        .title = "Processes",
        .about = "Sessions by their state, and processes of the server, that worked or kept others "
                 "waiting",
        .kind = PANEL_STACK,
        .unit = "short",
        .nothing = "nobody was active",
        .queries = {{"SELECT at AS time, state AS metric,\n"
                     "       sum(session_seconds) / extract(epoch FROM step) AS processes\n"
                     "  FROM dbops.wait_history\n"
                     " WHERE " WITHIN " AND " OF_DATABASE "\n"
                     " GROUP BY 1, 2, step\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Waiting for locks",
        .about = "Processes that wait for a lock",
        .kind = PANEL_LINES,
        .check = "lock queue",
        .queries = {{"SELECT at AS time, lock_waiters AS waiting\n"
                     "  FROM dbops.server_history\n"
                     " WHERE " WITHIN "\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Longest wait for a lock",
        .about = "By kind of lock",
        .kind = PANEL_LINES,
        .unit = "ms",
        .interval = WIDE,
        .nothing = "nobody waited",
        .queries = {{"SELECT at AS time, locktype AS metric, max(longest_wait_ms) AS value\n"
                     "  FROM dbops.lock_history\n"
                     " WHERE " WITHIN " AND " OF_DATABASE " AND waiting > 0\n"
                     " GROUP BY 1, 2\n"
                     " ORDER BY 1"}},
    },
    {
        .title = "Oldest transaction",
        .about =
            "Age of the oldest open transaction, of the oldest running statement, and the longest "
            "time that a session idles inside a transaction",
        .kind = PANEL_LINES,
        .check = "long transaction",
        .queries =
            {{"SELECT at AS time, oldest_transaction_ms AS transaction, oldest_statement_ms AS statement,\n"
              "       oldest_idle_in_transaction_ms AS \"idle in transaction\"\n"
              "  FROM dbops.server_history\n"
              " WHERE " WITHIN "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Deadlocks",
        .about = "Transactions a minute that were ended as each waited for the other",
        .kind = PANEL_BARS,
        .unit = "short",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, deadlocks_per_second * 60 AS value\n"
              "  FROM dbops.database_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE " AND datid <> 0\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Who blocks whom, at the moment",
        .about = "Each session below the one it waits for; stop_sql ends the one on top",
        .kind = PANEL_TABLE,
        .nothing = "nobody is blocked",
        .queries =
            {{"SELECT tree, blocks, state, extract(epoch FROM waiting_for) AS waiting_seconds, locktype,\n"
              "       relation, datname::text, rolname::text, query, stop_sql\n"
              "  FROM dbops.blocking\n"
              " LIMIT 100"}},
    },
    {
        .title = "Who kept others waiting",
        .about = "Time that statements were blocked, by the statement at the root of the queue",
        .kind = PANEL_TABLE,
        .nothing = "nobody was blocked",
        .queries =
            {{"SELECT b.datname::text, b.schemaname::text, b.relname::text, b.locktype, b.blocker_state,\n"
              "       sum(b.blocked_seconds) AS blocked_seconds, max(b.longest_ms) AS longest_ms,\n"
              "       max(b.peak_sessions) AS most_at_once, min(blocker.definition) AS blocking_query,\n"
              "       min(blocked.definition) AS blocked_query\n"
              "  FROM (SELECT datid, datname, schemaname, relname, locktype, blocker_state, blocked_seconds,\n"
              "               longest_ms, peak_sessions, blocker_queryid, queryid\n"
              "          FROM dbops.blocking_history\n"
              "         WHERE " COARSE " AND " OF_DATABASE " AND blocker_state <> 'blocked') AS b\n"
              "  LEFT JOIN dbops.objects AS blocker\n"
              "    ON blocker.kind = 'statement' AND blocker.datid = b.datid AND blocker.objid = b.blocker_queryid\n"
              "  LEFT JOIN dbops.objects AS blocked\n"
              "    ON blocked.kind = 'statement' AND blocked.datid = b.datid AND blocked.objid = b.queryid\n"
              " GROUP BY 1, 2, 3, 4, 5, b.blocker_queryid, b.queryid\n"
              " ORDER BY 6 DESC\n"
              " LIMIT 50"}},
    },
    {
        .title = "Sessions, at the moment",
        .about = "Those that block others and those that work, the longest first",
        .kind = PANEL_TABLE,
        .nothing = "nobody is connected",
        .queries =
            {{"SELECT pid, datname::text, rolname::text, application_name, client_addr, state, blocks,\n"
              "       wait_event_type, wait_event, extract(epoch FROM statement_for) AS statement_seconds,\n"
              "       extract(epoch FROM transaction_for) AS transaction_seconds, query, stop_sql\n"
              "  FROM dbops.sessions\n"
              " LIMIT 100"}},
    },
};

const Dashboard dbops_dashboard_waits = {
    .name = "waits",
    .title = "dbops / Waits",
    .answers = "What do sessions wait for, which statements wait, and who keeps whom waiting?",
    .variables = {&dbops_dashboard_node, &dbops_dashboard_database},
    DASHBOARD_PANELS(panels),
};
