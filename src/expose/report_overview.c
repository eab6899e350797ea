/*
 * expose/report_overview.c
 *		Sections of the report: the whole at a glance, health, and what changed.
 */
#include "postgres.h"

#include "expose/report_section.h"

static const char figures_query[] =
    "SELECT name, unit, bad, series FROM dbops._trends($1, $2, $3) ORDER BY \"position\"";

/* What sessions did, by kind of wait; the rarest kinds are one. */
static const char load_query[] =
    "WITH step AS MATERIALIZED ( "
    "    SELECT at, known, seconds FROM dbops._server_steps($1, $2, $3) "
    "), wait AS ( "
    "    SELECT at, wait_event_type AS kind, sum(session_seconds)::float8 AS spent "
    "      FROM dbops.wait_history "
    "     WHERE " REPORT_TIME " AND step = $3 AND state IN (" REPORT_ACTIVE ") "
    "     GROUP BY at, wait_event_type "
    "), ranked AS ( "
    "    SELECT kind, row_number() OVER (ORDER BY sum(spent) DESC, kind) AS rank "
    "      FROM wait GROUP BY kind "
    "), named AS ( "
    "    SELECT w.at, LEAST(r.rank, 8) AS rank, sum(w.spent) AS spent "
    "      FROM wait AS w JOIN ranked AS r USING (kind) GROUP BY w.at, LEAST(r.rank, 8) "
    "), kind AS ( "
    "    SELECT LEAST(rank, 8) AS rank, "
    "           CASE WHEN count(*) = 1 THEN min(kind) ELSE 'others' END AS name "
    "      FROM ranked GROUP BY LEAST(rank, 8) "
    ") "
    "SELECT 'Active sessions, by what they waited for', '', k.name, "
    "       array_agg(CASE WHEN s.known THEN COALESCE(n.spent / s.seconds, 0) END ORDER BY s.at) "
    "  FROM kind AS k CROSS JOIN step AS s "
    "  LEFT JOIN named AS n ON n.at = s.at AND n.rank = k.rank "
    " GROUP BY k.rank, k.name ORDER BY k.rank";

/* Charts of some of the figures, those that are looked at for their shape. */
static const TileCurve curves[] = {
    {"Transactions", "transactions"},
    {"CPU of the machine, stalled by disk", "CPU of the machine"},
    {"CPU of the machine, stalled by disk", "stalled by disk"},
    {"Connections", "connections"},
    {"Connections", "idle in transaction"},
    {0},
};

const ReportPart dbops_report_overview[] = {
    {.kind = PART_STACKED,
     .query = load_query,
     .empty = "No session was seen at work in this time."},
    {.kind = PART_TILES,
     .query = figures_query,
     .curves = curves,
     .empty = "No figures.",
     .next = "SELECT * FROM dbops.trends;"},
    {0},
};

/* ---- health -------------------------------------------------------------------------------- */

static const char verdicts_query[] =
    "SELECT status, check_name, datname::text, object, value, \"limit\", since, points::float8, "
    "       evidence, what_to_do "
    "  FROM dbops.health WHERE status <> 'ok' LIMIT $5";

static const ReportColumn verdicts_columns[] = {
    {.title = "status", .format = CELL_STATUS},
    {.title = "check", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "object", .format = CELL_TEXT},
    {.title = "value", .format = CELL_TEXT},
    {.title = "limit", .format = CELL_TEXT},
    {.title = "since", .format = CELL_TIME},
    {.title = "points",
     .format = CELL_FIGURE,
     .unit = "count",
     .help = "What it takes from the score of 100"},
    {.title = "evidence", .format = CELL_NOTE},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

/* Judged anew only when something changed: until then a score stays. */
static const char score_query[] =
    "SELECT 'Health, of 100', 'count', 'score', array_agg(CASE WHEN known THEN score END ORDER BY at) "
    "  FROM (SELECT at, known, min(score) OVER (PARTITION BY age) AS score "
    "          FROM (SELECT s.at, s.known, h.score, count(h.score) OVER (ORDER BY s.at) AS age "
    "                  FROM dbops._server_steps($1, $2, $3) AS s "
    "                  LEFT JOIN (SELECT at, min(score)::float8 AS score FROM dbops.health_history "
    "                              WHERE " REPORT_TIME
    " AND step = $3 AND datid = 0 GROUP BY at) AS h "
    "                 USING (at)) AS judged) AS carried";

/* Verdicts of the time, whatever holds now. */
static const char past_verdicts_query[] =
    "WITH verdict AS ( "
    "    SELECT concat_ws('/', check_name, datname, object, schemaname, relname) AS key, "
    "           max(CASE status WHEN 'critical' THEN 2 ELSE 1 END) AS worst, check_name, "
    "           max(datname::text) AS datname, "
    "           COALESCE(NULLIF(concat_ws('.', schemaname, relname), ''), object) AS object, "
    "           min(since_at) AS since_at, max(at) AS at, max(points)::float8 AS points, "
    "           max((regexp_match(object, '^\\d+ (-?\\d{5,})'))[1])::bigint AS queryid "
    "      FROM dbops.verdict_history "
    "     WHERE " REPORT_TIME " AND status IN ('warning', 'critical') "
    "     GROUP BY check_name, datname, object, schemaname, relname "
    ") "
    "SELECT key, CASE worst WHEN 2 THEN 'critical' ELSE 'warning' END, check_name, datname, "
    "       CASE WHEN o.query IS NULL THEN object END, since_at, at, points, o.query "
    "  FROM verdict "
    "  LEFT JOIN LATERAL ( "
    "    SELECT max(s.definition) AS query FROM dbops.objects AS s "
    "     WHERE s.kind = 'statement' AND s.objid = verdict.queryid) AS o ON verdict.queryid IS NOT NULL "
    " ORDER BY worst DESC, points DESC, at DESC LIMIT $5";

static const ReportColumn past_verdicts_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "at worst", .format = CELL_STATUS},
    {.title = "check", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "object", .format = CELL_TEXT},
    {.title = "first", .format = CELL_TIME},
    {.title = "last", .format = CELL_TIME},
    {.title = "points", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "statement", .format = CELL_STATEMENT},
    {0},
};

const ReportPart dbops_report_health[] = {
    {.title = "As it is now",
     .kind = PART_TABLE,
     .query = verdicts_query,
     .columns = verdicts_columns,
     .limit = 30,
     .empty = "All checks are ok.",
     .next = "SELECT * FROM dbops.health;",
     .fixed = true},
    {.title = "In this time",
     .kind = PART_LINES,
     .query = score_query,
     .empty = "No score was taken."},
    {.kind = PART_TABLE,
     .query = past_verdicts_query,
     .columns = past_verdicts_columns,
     .limit = 25,
     .empty = "No check was in warning or critical."},
    {0},
};

/* ---- what changed -------------------------------------------------------------------------- */

static const char events_query[] =
    "WITH event AS ( "
    "    SELECT DISTINCT started_at AS at, 'start' AS what, 'the server was started' AS detail, "
    "           NULL AS more "
    "      FROM dbops.server_history "
    "     WHERE " REPORT_TIME " AND step = $3 AND started_at >= $1 AND started_at < $2 "
    "    UNION ALL "
    "    SELECT changed_at, 'setting', "
    "           concat(name, ': ', COALESCE(old_setting, 'not set'), ' to ', "
    "                  COALESCE(new_setting, 'not set'), "
    "                  CASE WHEN pending_restart THEN ', waits for a restart' END), "
    "           concat_ws(', ', scope, datname, rolname, sourcefile) "
    "      FROM dbops.setting_changes "
    "     WHERE changed_at >= $1 AND changed_at < $2 AND node = dbops.node_name() "
    "    UNION ALL "
    "    SELECT created_seen_at, 'index', concat('created ', index_name), table_name "
    "      FROM dbops.index_recommendations WHERE created_seen_at >= $1 AND created_seen_at < $2 "
    "    UNION ALL "
    "    SELECT dropped_seen_at, 'index', concat('dropped ', index_name), table_name "
    "      FROM dbops.index_recommendations WHERE dropped_seen_at >= $1 AND dropped_seen_at < $2 "
    "    UNION ALL "
    "    SELECT first_seen_at, 'new object', concat(kind, ' ', concat_ws('.', schemaname, objname)), "
    "           concat('in ', datname) "
    "      FROM dbops.objects "
    "     WHERE kind IN ('table', 'index', 'matview') AND first_seen_at >= $1 AND first_seen_at < $2 "
    "       AND schemaname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'dbops') "
    "       AND first_seen_at > (SELECT min(o.first_seen_at) + interval '15 minutes' "
    "                              FROM dbops.objects AS o WHERE o.kind = 'table') "
    "    UNION ALL "
    "    SELECT dropped_at, 'object gone', concat(kind, ' ', concat_ws('.', schemaname, objname)), "
    "           concat('of ', datname) "
    "      FROM dbops.objects "
    "     WHERE kind IN ('table', 'index', 'matview') AND dropped_at >= $1 AND dropped_at < $2 "
    ") "
    "SELECT at, what, detail, more FROM event ORDER BY at DESC LIMIT $5";

static const ReportColumn events_columns[] = {
    {.title = "when", .format = CELL_TIME},
    {.title = "what", .format = CELL_TEXT},
    {.title = "change", .format = CELL_TEXT},
    {.title = "of", .format = CELL_TEXT},
    {0},
};

static const char plan_changes_query[] =
    "SELECT changed_at, datname::text, times_slower::float8, mean_ms_before::float8, "
    "       mean_ms_after::float8, calls_after::float8, cost_ms::float8, change, query, "
    "       format('SELECT plan_before, plan_after FROM dbops.plan_changes WHERE queryid = %s;', queryid) "
    "  FROM dbops.plan_changes "
    " WHERE changed_at >= $1 AND changed_at < $2 AND COALESCE(query, '') !~ '\\mdbops[.]_' "
    " ORDER BY cost_ms DESC NULLS LAST LIMIT $5";

static const ReportColumn plan_changes_columns[] = {
    {.title = "when", .format = CELL_TIME},
    {.title = "database", .format = CELL_TEXT},
    {.title = "times slower",
     .format = CELL_FIGURE,
     .unit = "",
     .help = "Mean after, divided by that before"},
    {.title = "mean before", .format = CELL_FIGURE, .unit = "ms"},
    {.title = "mean after", .format = CELL_FIGURE, .unit = "ms"},
    {.title = "calls since", .format = CELL_FIGURE, .unit = "count"},
    {.title = "time lost",
     .format = CELL_FIGURE,
     .unit = "ms",
     .help = "What its calls took more since; negative: gained"},
    {.title = "change", .format = CELL_NOTE},
    {.title = "statement", .format = CELL_STATEMENT},
    {.title = "plans", .format = CELL_PASTE},
    {0},
};

/* Steps of which nothing is known, those that follow each other as one. */
static const char gaps_query[] =
    "SELECT min(at), LEAST(max(at) + $3, $2), "
    "       EXTRACT(epoch FROM LEAST(max(at) + $3, $2) - min(at))::float8 "
    "  FROM (SELECT at, known, count(*) FILTER (WHERE known) OVER (ORDER BY at) AS seen "
    "          FROM dbops._server_steps($1, $2, $3)) AS step "
    " WHERE NOT known GROUP BY seen ORDER BY 3 DESC LIMIT $5";

static const ReportColumn gaps_columns[] = {
    {.title = "from", .format = CELL_TIME},
    {.title = "to", .format = CELL_TIME},
    {.title = "for", .format = CELL_FIGURE, .unit = "seconds"},
    {0},
};

const ReportPart dbops_report_changes[] = {
    {.title = "Starts, settings, objects",
     .kind = PART_TABLE,
     .query = events_query,
     .columns = events_columns,
     .limit = 40,
     .empty =
         "The server was not started, no setting was changed, and no table or index came or went.",
     .fixed = false},
    {.title = "Plans",
     .lead = "Statements that got another plan, the one that cost most time first.",
     .kind = PART_TABLE,
     .query = plan_changes_query,
     .columns = plan_changes_columns,
     .limit = 10,
     .empty = "No statement got another plan."},
    {.title = "Times of which nothing is known",
     .kind = PART_TABLE,
     .query = gaps_query,
     .columns = gaps_columns,
     .limit = 10,
     .empty = "None.",
     .next = "SELECT * FROM dbops.gaps;"},
    {0},
};
