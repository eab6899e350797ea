/*
 * expose/report_statements.c
 *		Sections of the report: statements, waits, errors.
 *
 * Thousands of statements are read once, in coarse steps: percentiles and curves are read of those
 * alone that are shown.
 */
#include "postgres.h"

#include "expose/report_section.h"

/* What is read of all statements is as little as will do to choose among them. */
static const char statements_query[] =
    "WITH step AS MATERIALIZED ( "
    "    SELECT at, known, seconds FROM dbops._server_steps($1, $2, $3) "
    "), whole AS MATERIALIZED ( "
    "    SELECT datid, userid, queryid, toplevel, sum(calls)::float8 AS calls, sum(total_exec_ms) AS ms "
    "      FROM dbops.statement_history WHERE " REPORT_TIME " AND step = $4 "
    "     GROUP BY datid, userid, queryid, toplevel "
    "), top AS MATERIALIZED ( "
    "    SELECT datid, userid, queryid, toplevel, calls, ms, "
    "           row_number() OVER (ORDER BY ms DESC, queryid) AS rank "
    "      FROM whole WHERE ms > 0 ORDER BY ms DESC, queryid LIMIT $5 "
    "), part AS MATERIALIZED ( "
    "    SELECT h.at, t.rank, dbops.merge(h.exec_histogram) AS h, sum(h.total_exec_ms) AS ms, "
    "           sum(h.rows)::float8 AS rows, sum(h.errors)::float8 AS errors, "
    "           sum(h.temp_blks_written)::float8 AS temp "
    "      FROM dbops.statement_history AS h JOIN top AS t USING (datid, userid, queryid, toplevel) "
    "     WHERE h.at >= $1 AND h.at < $2 AND h.node = dbops.node_name() AND h.step = $3 "
    "       AND h.queryid = ANY (ARRAY(SELECT queryid FROM top)) "
    "     GROUP BY h.at, t.rank "
    "), merged AS ( "
    "    SELECT rank, dbops.merge(h) AS h, sum(rows) AS rows, sum(errors) AS errors, sum(temp) AS temp "
    "      FROM part GROUP BY rank "
    "), series AS ( "
    "    SELECT t.rank, "
    "           array_agg(CASE WHEN s.known THEN COALESCE(p.ms / 1000 / s.seconds, 0) END ORDER BY s.at) AS load, "
    "           array_agg(dbops.quantile(p.h, 0.95) ORDER BY s.at) AS p95 "
    "      FROM top AS t CROSS JOIN step AS s LEFT JOIN part AS p ON p.at = s.at AND p.rank = t.rank "
    "     GROUP BY t.rank "
    "), shown AS ( "
    "    SELECT t.rank, concat_ws('/', t.datid, t.userid, t.queryid, t.toplevel) AS key, o.definition AS query, "
    "           concat_ws(', ', d.datname, r.rolname, CASE WHEN NOT t.toplevel THEN 'in a function' END) AS whose, "
    "           t.calls, t.ms, m.errors, m.rows, m.temp, m.h, t.queryid, s.load, s.p95 "
    "      FROM top AS t JOIN series AS s USING (rank) LEFT JOIN merged AS m USING (rank) "
    "      LEFT JOIN pg_database AS d ON d.oid = t.datid "
    "      LEFT JOIN pg_roles AS r ON r.oid = t.userid "
    "      LEFT JOIN dbops.objects AS o ON o.kind = 'statement' AND o.datid = t.datid AND o.objid = t.queryid "
    "    UNION ALL "
    "    SELECT NULL, '', concat('all others, ', count(*), ' statements'), NULL, sum(w.calls), sum(w.ms), "
    "           NULL, NULL, NULL, NULL, NULL, NULL, NULL "
    "      FROM whole AS w LEFT JOIN top AS t USING (datid, userid, queryid, toplevel) "
    "     WHERE w.toplevel AND t.rank IS NULL HAVING count(*) > 0 "
    ") "
    "SELECT w.key, left(regexp_replace(COALESCE(w.query, concat('query ', w.queryid)), '\\s+', ' ', 'g'), 40), "
    "       100 * w.ms / total.ms, w.ms, w.calls, w.ms / NULLIF(w.calls, 0), "
    "       dbops.quantile(w.h, 0.5), dbops.quantile(w.h, 0.95), dbops.quantile(w.h, 0.99), w.errors, w.rows, "
    "       w.temp * current_setting('block_size')::float8, w.load, w.p95, w.whose, "
    "       COALESCE(w.query, concat('query ', w.queryid, ', of which no text is known')) "
    "  FROM shown AS w "
    " CROSS JOIN (SELECT NULLIF(sum(ms) FILTER (WHERE toplevel), 0) AS ms FROM whole) AS total "
    " ORDER BY w.rank NULLS LAST";

static const ReportColumn statements_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "", .format = CELL_LABEL},
    {.title = "share of time",
     .format = CELL_SHARE,
     .help = "Of the time of all that clients sent"},
    {.title = "time", .format = CELL_FIGURE, .unit = "ms", .worse = WORSE_HIGH},
    {.title = "calls", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "mean", .format = CELL_FIGURE, .unit = "ms", .worse = WORSE_HIGH},
    {.title = "p50",
     .format = CELL_FIGURE,
     .unit = "ms",
     .worse = WORSE_HIGH,
     .help = "Half of the calls took this long at most"},
    {.title = "p95",
     .format = CELL_FIGURE,
     .unit = "ms",
     .worse = WORSE_HIGH,
     .help = "95 of 100 calls took this long at most"},
    {.title = "p99",
     .format = CELL_FIGURE,
     .unit = "ms",
     .worse = WORSE_HIGH,
     .help = "99 of 100 calls took this long at most"},
    {.title = "errors", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "rows", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "temporary files",
     .format = CELL_FIGURE,
     .unit = "bytes",
     .worse = WORSE_HIGH,
     .help = "Written by sorts and hashes beyond work_mem"},
    {.title = "time over time", .format = CELL_SERIES},
    {.title = "p95 over time", .format = CELL_SERIES},
    {.title = "database, role", .format = CELL_TEXT},
    {.title = "statement", .format = CELL_STATEMENT},
    {0},
};

const ReportPart dbops_report_statements[] = {
    {.lead = "Those that took most time first. Latencies are those of calls that did not fail.",
     .kind = PART_TABLE,
     .query = statements_query,
     .columns = statements_columns,
     .charts =
         {{.title = "Statements at work at a time",
           .unit = "",
           .stacked = true,
           .label = 1,
           .series = 12},
          {.title = "95th percentile of the first five", .unit = "ms", .label = 1, .series = 13}},
     .limit = 20,
     .empty = "No statement was recorded.",
     .next = "SELECT calls, p99_ms, errors, query FROM dbops.statements;"},
    {0},
};

/* ---- waits --------------------------------------------------------------------------------- */

static const char waits_query[] =
    "WITH step AS MATERIALIZED ( "
    "    SELECT at, known, seconds FROM dbops._server_steps($1, $2, $3) "
    "), part AS MATERIALIZED ( "
    "    SELECT at, wait_event_type, wait_event, queryid, datid, "
    "           CASE WHEN state IN (" REPORT_ACTIVE ") THEN '' ELSE state || ', ' END AS who, "
    "           sum(session_seconds)::float8 AS spent, max(peak_sessions)::float8 AS peak "
    "      FROM dbops.wait_history WHERE " REPORT_TIME " AND step = $3 "
    "     GROUP BY at, wait_event_type, wait_event, queryid, datid, who "
    "), top AS MATERIALIZED ( "
    "    SELECT wait_event_type, wait_event, who, sum(spent) AS spent, max(peak) AS peak, "
    "           row_number() OVER (ORDER BY sum(spent) DESC) AS rank "
    "      FROM part GROUP BY wait_event_type, wait_event, who "
    "     ORDER BY sum(spent) DESC LIMIT $5 "
    "), by_step AS ( "
    "    SELECT at, wait_event_type, wait_event, who, sum(spent) AS spent "
    "      FROM part GROUP BY at, wait_event_type, wait_event, who "
    "), series AS ( "
    "    SELECT t.rank, array_agg(CASE WHEN s.known THEN COALESCE(b.spent / s.seconds, 0) END ORDER BY s.at) AS load "
    "      FROM top AS t CROSS JOIN step AS s "
    "      LEFT JOIN by_step AS b USING (at, wait_event_type, wait_event, who) GROUP BY t.rank "
    "), statement AS ( "
    "    SELECT DISTINCT ON (t.rank) t.rank, p.queryid, p.datid, sum(p.spent) AS spent "
    "      FROM top AS t JOIN part AS p USING (wait_event_type, wait_event, who) "
    "     WHERE p.queryid <> 0 GROUP BY t.rank, p.queryid, p.datid "
    "     ORDER BY t.rank, sum(p.spent) DESC "
    "), length AS ( "
    "    SELECT NULLIF(sum(seconds), 0) AS seconds FROM step "
    ") "
    "SELECT concat_ws('/', t.who, t.wait_event_type, t.wait_event), w.name, w.name, "
    "       100 * t.spent / NULLIF((SELECT sum(spent) FROM part), 0), t.spent, t.spent / length.seconds, t.peak, s.load, "
    "       CASE WHEN o.definition IS NOT NULL "
    "            THEN concat('most of it, ', round((100 * q.spent / NULLIF(t.spent, 0))::numeric), ' %: ', o.definition) END "
    "  FROM top AS t JOIN series AS s USING (rank) CROSS JOIN length "
    " CROSS JOIN LATERAL (SELECT t.who || concat_ws(': ', NULLIF(t.wait_event_type, t.wait_event), t.wait_event)) AS w(name) "
    "  LEFT JOIN statement AS q USING (rank) "
    "  LEFT JOIN dbops.objects AS o ON o.kind = 'statement' AND o.datid = q.datid AND o.objid = q.queryid "
    " ORDER BY t.rank";

static const ReportColumn waits_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "", .format = CELL_LABEL},
    {.title = "what sessions did", .format = CELL_TEXT},
    {.title = "share", .format = CELL_SHARE},
    {.title = "time",
     .format = CELL_FIGURE,
     .unit = "seconds",
     .worse = WORSE_HIGH,
     .help = "Of all sessions together"},
    {.title = "sessions, mean",
     .format = CELL_FIGURE,
     .unit = "",
     .worse = WORSE_HIGH,
     .help = "How many did so at a time"},
    {.title = "at most", .format = CELL_FIGURE, .unit = "", .worse = WORSE_HIGH},
    {.title = "over time", .format = CELL_SERIES},
    {.title = "statement", .format = CELL_STATEMENT},
    {0},
};

static const char blocking_query[] =
    "SELECT concat_ws('/', b.datid, b.blocker_queryid, b.blocker_state, b.locktype, b.relid), "
    "       sum(b.blocked_seconds)::float8, max(b.longest_ms)::float8, max(b.peak_sessions)::float8, "
    "       max(b.blocker_state), concat_ws(' ', max(b.locktype), concat_ws('.', max(b.schemaname::text), max(b.relname::text))), "
    "       max(b.datname::text), "
    "       COALESCE(max(o.definition), 'nothing at the moment it was seen, or not known') "
    "  FROM dbops.blocking_history AS b "
    "  LEFT JOIN dbops.objects AS o ON o.kind = 'statement' AND o.datid = b.datid AND o.objid = b.blocker_queryid "
    " WHERE b.at >= $1 AND b.at < $2 AND b.node = dbops.node_name() AND b.step = $4 "
    "   AND b.blocker_state <> 'blocked' "
    " GROUP BY b.datid, b.blocker_queryid, b.blocker_state, b.locktype, b.relid "
    " ORDER BY 2 DESC LIMIT $5";

static const ReportColumn blocking_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "others waited",
     .format = CELL_FIGURE,
     .unit = "seconds",
     .worse = WORSE_HIGH,
     .help = "All that waited, together"},
    {.title = "longest", .format = CELL_FIGURE, .unit = "ms", .worse = WORSE_HIGH},
    {.title = "at a time", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "blocker was", .format = CELL_TEXT},
    {.title = "lock", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "what blocked", .format = CELL_STATEMENT},
    {0},
};

const ReportPart dbops_report_waits[] = {
    {.lead =
         "What sessions and processes did, each time they were looked at: CPU is what waits for nothing.",
     .kind = PART_TABLE,
     .query = waits_query,
     .columns = waits_columns,
     .charts = {{.title = "Sessions at a time, by what they did",
                 .unit = "",
                 .stacked = true,
                 .label = 1,
                 .series = 7}},
     .limit = 15,
     .empty = "No session was seen at work.",
     .next = "SELECT * FROM dbops.waits;"},
    {.title = "Who held others up",
     .lead = "At the root of the queue: what held a lock that others waited for.",
     .kind = PART_TABLE,
     .query = blocking_query,
     .columns = blocking_columns,
     .limit = 10,
     .empty = "Nobody was seen waiting for a lock.",
     .next = "SELECT * FROM dbops.blocking;"},
    {0},
};

/* ---- errors -------------------------------------------------------------------------------- */

static const char errors_query[] =
    "WITH step AS MATERIALIZED ( "
    "    SELECT at, known, seconds FROM dbops._server_steps($1, $2, $3) "
    "), part AS MATERIALIZED ( "
    "    SELECT at, datid, queryid, sqlstate, sum(count)::float8 AS count, "
    "           sum(statement_timeouts + lock_timeouts + transaction_timeouts)::float8 AS timeouts, "
    "           max(last_at) AS last_at "
    "      FROM dbops.error_history WHERE " REPORT_TIME " AND step = $3 "
    "     GROUP BY at, datid, queryid, sqlstate "
    "), top AS MATERIALIZED ( "
    "    SELECT datid, sqlstate, queryid, sum(count) AS count, sum(timeouts) AS timeouts, max(last_at) AS last_at, "
    "           row_number() OVER (ORDER BY sum(count) DESC, sqlstate) AS rank "
    "      FROM part GROUP BY datid, sqlstate, queryid ORDER BY sum(count) DESC, sqlstate LIMIT $5 "
    "), series AS ( "
    "    SELECT t.rank, array_agg(CASE WHEN s.known THEN COALESCE(60 * p.count / s.seconds, 0) END ORDER BY s.at) AS rate "
    "      FROM top AS t CROSS JOIN step AS s LEFT JOIN part AS p USING (at, datid, sqlstate, queryid) GROUP BY t.rank "
    "), latest AS ( "
    "    SELECT DISTINCT ON (datid, queryid, sqlstate) datid, queryid, sqlstate, message, query "
    "      FROM dbops._recent_errors() ORDER BY datid, queryid, sqlstate, at DESC "
    ") "
    "SELECT concat_ws('/', t.datid, t.sqlstate, t.queryid), "
    "       concat_ws(' ', t.sqlstate, left(COALESCE(l.message, o.definition), 40)), "
    "       t.sqlstate, "
    "       CASE WHEN t.timeouts > 0 THEN 'timeout' "
    "            WHEN t.sqlstate = '40001' THEN 'serialization failure' "
    "            WHEN t.sqlstate = '40P01' THEN 'deadlock' ELSE c.name END, "
    "       t.count, t.last_at, d.datname::text, s.rate, l.message, COALESCE(o.definition, l.query) "
    "  FROM top AS t JOIN series AS s USING (rank) "
    "  LEFT JOIN latest AS l USING (datid, queryid, sqlstate) "
    "  LEFT JOIN pg_database AS d ON d.oid = t.datid "
    "  LEFT JOIN dbops.objects AS o ON o.kind = 'statement' AND o.datid = t.datid AND o.objid = t.queryid "
    "  LEFT JOIN (VALUES ('08', 'connection'), ('0A', 'not supported'), ('21', 'cardinality'), ('22', 'data'), "
    "                    ('23', 'constraint'), ('25', 'transaction state'), ('26', 'statement name'), "
    "                    ('28', 'authorization'), ('2B', 'dependent objects'), ('34', 'cursor'), "
    "                    ('3D', 'database name'), ('3F', 'schema name'), ('40', 'rollback'), "
    "                    ('42', 'syntax or access'), ('53', 'resources'), ('54', 'limit'), ('55', 'object state'), "
    "                    ('57', 'intervention'), ('58', 'system'), ('72', 'snapshot'), ('P0', 'PL/pgSQL'), "
    "                    ('XX', 'internal')) AS c(class, name) ON c.class = left(t.sqlstate, 2) "
    " ORDER BY t.rank";

static const ReportColumn errors_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "", .format = CELL_LABEL},
    {.title = "SQLSTATE", .format = CELL_TEXT},
    {.title = "kind", .format = CELL_TEXT},
    {.title = "times", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "last", .format = CELL_TIME},
    {.title = "database", .format = CELL_TEXT},
    {.title = "over time", .format = CELL_SERIES},
    {.title = "message", .format = CELL_NOTE, .help = "The latest one, if it is still known"},
    {.title = "statement", .format = CELL_STATEMENT},
    {0},
};

static const char logins_query[] =
    "SELECT concat_ws('/', reason, rolname, datname, client_addr), reason, rolname, datname, client_addr, "
    "       sum(failures)::float8, max(last_at) "
    "  FROM dbops.login_history WHERE " REPORT_TIME " AND step = $4 "
    " GROUP BY reason, rolname, datname, client_addr HAVING sum(failures) > 0 "
    " ORDER BY sum(failures) DESC LIMIT $5";

static const ReportColumn logins_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "reason", .format = CELL_TEXT},
    {.title = "role", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "address", .format = CELL_TEXT},
    {.title = "times", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "last", .format = CELL_TIME},
    {0},
};

const ReportPart dbops_report_errors[] = {
    {.lead = "By SQLSTATE and statement, those that a function caught among them.",
     .kind = PART_TABLE,
     .query = errors_query,
     .columns = errors_columns,
     .charts =
         {{.title = "Errors per minute", .unit = "/min", .stacked = true, .label = 1, .series = 7}},
     .limit = 15,
     .empty = "Nothing failed.",
     .next = "SELECT * FROM dbops.errors;"},
    {.title = "Failed logins",
     .kind = PART_TABLE,
     .query = logins_query,
     .columns = logins_columns,
     .limit = 10,
     .empty = "No login failed.",
     .next = "SELECT * FROM dbops.logins;"},
    {0},
};
