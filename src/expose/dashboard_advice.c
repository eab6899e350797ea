/*
 * expose/dashboard_advice.c
 *		Dashboard: what could be better.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const Panel panels[] = {
    {
        .title = "Index advice",
        .about =
            "Indexes to create and to drop, what that would save, and what came of advice that was "
            "followed",
        .kind = PANEL_TABLE,
        .height = 11,
        .nothing = "nothing is advised; databases are searched once a day",
        .queries =
            {{"SELECT status, datname::text, action, table_name, ddl, undo_ddl, benefit_ms_per_day,\n"
              "       write_cost_ms_per_day, index_size_bytes, build_seconds, confidence, reason, first_seen,\n"
              "       saved_percent, outcome\n"
              "  FROM dbops.index_recommendations\n"
              " LIMIT 100"}},
    },
    {
        .title = "Worth of open advice",
        .about = "Share of the time of all statements of a database that it would save",
        .kind = PANEL_LINES,
        .check = "index advice",
        .interval = WIDE,
        .nothing = "nothing is advised yet",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, saved_percent AS value\n"
              "  FROM dbops.index_advice_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Open advice",
        .about = "Indexes that are advised and were neither made nor dismissed",
        .kind = PANEL_LINES,
        .unit = "short",
        .interval = WIDE,
        .nothing = "nothing is advised yet",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, open AS value\n"
              "  FROM dbops.index_advice_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Searches for indexes",
        .about = "Of each database the last, and what share of its time that covers",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "none was searched yet",
        .queries =
            {{"SELECT datname::text, state, advised_at, advised, statements, planned, coverage_percent,\n"
              "       window_days, took_ms, failures, error\n"
              "  FROM dbops.index_advice_runs\n"
              " LIMIT 100"}},
    },
    {
        .title = "Verdicts",
        .about =
            "What is wrong at the moment, and what to do, with the points it takes from the score",
        .kind = PANEL_TABLE,
        .height = 10,
        .nothing = "nothing is wrong",
        .queries =
            {{"SELECT status, points, check_name, datname::text, object, value, \"limit\", what_to_do, why, since\n"
              "  FROM dbops.health\n"
              " WHERE status IN ('warning', 'critical')\n"
              " LIMIT 100"}},
    },
    {
        .title = "Settings that wait or are wrong",
        .about = "In files, and not in force: for want of a restart or for an error",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "all are in force",
        .queries =
            {{"SELECT scope, datname::text, rolname::text, name, setting, pending_setting, what_to_do, problem,\n"
              "       sourcefile, sourceline\n"
              "  FROM dbops.settings\n"
              " WHERE what_to_do IS NOT NULL OR problem IS NOT NULL\n"
              " LIMIT 100"}},
    },
    {
        .title = "Settings that drifted",
        .about = "Not as they were accepted, or not as on the primary",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "none, or none was accepted: see dbops.accept_settings()",
        .queries =
            {{"SELECT difference, scope, datname::text, rolname::text, name, compared_with, expected, setting,\n"
              "       since_at, what_to_do\n"
              "  FROM dbops.setting_drift\n"
              " LIMIT 100"}},
    },
    {
        .title = "Settings changed",
        .about = "The latest first",
        .kind = PANEL_TABLE,
        .height = 8,
        .nothing = "none was changed",
        .queries =
            {{"SELECT changed_at, scope, datname, rolname, name, old_setting, new_setting, source, sourcefile,\n"
              "       pending_restart\n"
              "  FROM dbops.setting_changes\n"
              " WHERE changed_at BETWEEN $__timeFrom() AND $__timeTo()\n"
              " LIMIT 100"}},
    },
    {
        .title = "Who keeps dead rows alive",
        .about = "VACUUM cannot remove what they may still need",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "nobody",
        .queries =
            {{"SELECT kind, name, datname, rolname, xmin_age, extract(epoch FROM held_for) AS held_seconds, state,\n"
              "       query, stop_sql\n"
              "  FROM dbops.xmin_holders\n"
              " LIMIT 50"}},
    },
    {
        .title = "Sequences",
        .about = "Those that run out of numbers, the fullest first",
        .kind = PANEL_TABLE,
        .height = 6,
        .check = "sequence",
        .checked = "used_percent",
        .nothing = "no sequence is known yet",
        .queries =
            {{"SELECT datname::text, schemaname::text, sequencename::text, used_percent, last_value, end_value,\n"
              "       extract(epoch FROM full_in) AS full_in_seconds, what_to_do\n"
              "  FROM dbops.sequences\n"
              " ORDER BY used_percent DESC NULLS LAST\n"
              " LIMIT 30"}},
    },
};

const Dashboard dbops_dashboard_advice = {
    .name = "advice",
    .title = "dbops / Advice",
    .answers =
        "What could be better: indexes, settings, keys that run full, and what is wrong at the moment?",
    .variables = {&dbops_dashboard_node, &dbops_dashboard_database},
    DASHBOARD_PANELS(panels),
};
