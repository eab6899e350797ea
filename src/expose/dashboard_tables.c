/*
 * expose/dashboard_tables.c
 *		Dashboard: tables and indexes of all databases.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const DashboardVariable object = {
    .name = "object",
    .label = "Table",
    .about = "Tables that are shown; with all of them, those that are used most",
    .query =
        "SELECT datname || ': ' || schemaname || '.' || objname AS __text, objid::text AS __value "
        "FROM dbops.objects WHERE kind = 'table' AND dropped_at IS NULL AND schemaname NOT IN "
        "('pg_catalog', 'information_schema', 'dbops') AND " OF_DATABASE " ORDER BY 1 LIMIT 2000",
    .all = "'0'",
};

/* Those chosen, or else those that are used most. */
#define SHOWN                                                                            \
	OF_DATABASE "\n"                                                                     \
	            "   AND relid = ANY ((SELECT dbops._busy_tables(\n"                      \
	            "           $__timeFrom(), $__timeTo(), ${node:sqlstring},\n"            \
	            "           ARRAY[${database:sqlstring}], ARRAY[${object:sqlstring}],\n" \
	            "           10))::oid[])\n"

#define NAME "concat_ws('.', datname, schemaname, COALESCE(relname::text, '#' || relid))"

#define BY_TABLE(value)                                           \
	"SELECT at AS time, " NAME " AS metric, " value " AS value\n" \
	"  FROM dbops.table_history\n"                                \
	" WHERE " COARSE " AND " SHOWN " ORDER BY 1"

/* What a table at rest has is what it had before: it is sampled once an hour. */
#define STATE_BY_TABLE(value)                                                                \
	"SELECT GREATEST(at, $__timeFrom()) AS time, " NAME " AS metric, " value " AS value\n"   \
	"  FROM dbops.table_history\n"                                                           \
	" WHERE at BETWEEN $__timeFrom()::timestamptz - interval '70 minutes' AND $__timeTo()\n" \
	"   AND " COARSE_STEP " AND " ON_NODE " AND " SHOWN " ORDER BY at"

static const Panel panels[] = {
    {
        .title = "Tables",
        .about =
            "Those most read as a whole first; counts are those of the last hour. Click a table to "
            "see it alone",
        .kind = PANEL_TABLE,
        .height = 11,
        .check = "dead rows",
        .checked = "dead_percent",
        .nothing = "no table is known yet: names come within some minutes",
        .link = &dbops_dashboard_to_table,
        .queries =
            {{"SELECT datname::text, schemaname::text, relname::text, total_bytes, n_live_tup, dead_percent,\n"
              "       seq_scan, seq_tup_read, idx_scan, n_tup_ins, n_tup_upd, n_tup_del, hot_percent,\n"
              "       hit_percent, last_vacuum_at, last_analyze_at, xid_age, relid::text\n"
              "  FROM dbops.tables\n"
              " WHERE " OF_DATABASE " AND " OF_TABLE "\n"
              " LIMIT 100"}},
    },
    {
        .title = "Size",
        .about = "With indexes and TOAST",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .interval = WIDE,
        .nothing = "no table was sampled",
        .queries = {{STATE_BY_TABLE("total_bytes")}},
    },
    {
        .title = "Dead rows",
        .about = "Share of dead rows among all, as the server estimates",
        .kind = PANEL_LINES,
        .check = "dead rows",
        .interval = WIDE,
        .nothing = "no table was sampled",
        .queries = {{STATE_BY_TABLE("dead_percent")}},
    },
    {
        .title = "Rows read by sequential scans",
        .about = "Rows a second; many of them on a large table mean that an index is missing",
        .kind = PANEL_LINES,
        .unit = "ops",
        .interval = WIDE,
        .nothing = "tables are at rest",
        .queries = {{BY_TABLE("seq_tup_read_per_second")}},
    },
    {
        .title = "Index scans",
        .about = "Scans of its indexes a second",
        .kind = PANEL_LINES,
        .unit = "ops",
        .interval = WIDE,
        .nothing = "tables are at rest",
        .queries = {{BY_TABLE("idx_scan_per_second")}},
    },
    {
        .title = "Rows written",
        .about = "Rows inserted, updated and deleted a second",
        .kind = PANEL_LINES,
        .unit = "ops",
        .interval = WIDE,
        .nothing = "tables are at rest",
        .queries = {{BY_TABLE(
            "n_tup_ins_per_second + n_tup_upd_per_second + n_tup_del_per_second")}},
    },
    {
        .title = "Found in shared buffers",
        .about = "Share of blocks that needed no read",
        .kind = PANEL_LINES,
        .unit = "percent",
        .interval = WIDE,
        .nothing = "tables are at rest",
        .queries = {{BY_TABLE("hit_percent")}},
    },
    {
        .title = "Vacuum and analyze",
        .about = "Runs in a step, by table; by hand or by autovacuum",
        .kind = PANEL_BARS,
        .unit = "short",
        .interval = WIDE,
        .nothing = "tables are at rest",
        .queries = {{BY_TABLE(
            "vacuum_count + autovacuum_count + analyze_count + autoanalyze_count")}},
    },
    {
        .title = "Updates without new index entries",
        .about = "Share of updates that found room on their page (HOT)",
        .kind = PANEL_LINES,
        .unit = "percent",
        .interval = WIDE,
        .nothing = "tables are at rest",
        .queries = {{BY_TABLE("hot_percent")}},
    },
    {.title = "Indexes", .kind = PANEL_ROW},
    {
        .title = "Indexes",
        .about = "Invalid ones first, then those used least; counts are those of the last hour",
        .kind = PANEL_TABLE,
        .height = 10,
        .nothing = "no index is known yet: names come within some minutes",
        .queries =
            {{"SELECT datname::text, schemaname::text, relname::text, indexrelname::text, total_bytes, idx_scan,\n"
              "       idx_tup_read, hit_percent, is_valid, is_unique, has_constraint, definition\n"
              "  FROM dbops.indexes\n"
              " WHERE " OF_DATABASE " AND schemaname NOT IN ('pg_catalog', 'pg_toast', 'dbops')\n"
              " LIMIT 100"}},
    },
    {.title = "Maintenance", .kind = PANEL_ROW},
    {
        .title = "Tables that autovacuum should work on",
        .about = "By database",
        .kind = PANEL_LINES,
        .check = "autovacuum overdue",
        .interval = WIDE,
        .nothing = "nothing was counted yet",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, 'shared') AS metric, tables_overdue AS value\n"
              "  FROM dbops.autovacuum_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE "\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Transaction ids used up",
        .about =
            "Share of those there are before they wrap, by the age of the oldest row of a database",
        .kind = PANEL_LINES,
        .check = "xid wraparound",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, 100 * xid_age / 2147483648.0 AS value\n"
              "  FROM dbops.database_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE " AND datid <> 0\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Size of databases",
        .about = "As last inspected",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .interval = WIDE,
        .nothing = "not inspected yet",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, size_bytes AS value\n"
              "  FROM dbops.database_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE " AND datid <> 0 AND size_bytes IS NOT NULL\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Cache hits",
        .about = "Share of blocks found in shared buffers, by database",
        .kind = PANEL_LINES,
        .check = "cache hit",
        .nothing = "nothing was read",
        .queries =
            {{"SELECT at AS time, COALESCE(datname::text, '#' || datid) AS metric, hit_percent AS value\n"
              "  FROM dbops.database_history\n"
              " WHERE " WITHIN " AND " OF_DATABASE " AND datid <> 0\n"
              " ORDER BY 1"}},
    },
    {
        .title = "Under way",
        .about = "VACUUM, CREATE INDEX and other long commands, and how far they are",
        .kind = PANEL_TABLE,
        .height = 6,
        .nothing = "nothing is under way",
        .queries =
            {{"SELECT datname::text, what, phase, percent, done, extract(epoch FROM elapsed) AS elapsed_seconds,\n"
              "       extract(epoch FROM phase_remaining) AS remaining_seconds, waits_for_pid, pid\n"
              "  FROM dbops.progress\n"
              " LIMIT 50"}},
    },
    {
        .title = "Integer keys",
        .about = "Keys that run out of numbers, the fullest first",
        .kind = PANEL_TABLE,
        .height = 8,
        .check = "integer key",
        .checked = "used_percent",
        .nothing = "no integer key is known yet",
        .queries =
            {{"SELECT datname::text, schemaname::text, relname::text, column_name, type, used_percent,\n"
              "       farthest_value, limit_value, extract(epoch FROM full_in) AS full_in_seconds, what_to_do\n"
              "  FROM dbops.integer_keys\n"
              " WHERE " OF_DATABASE "\n"
              " ORDER BY used_percent DESC NULLS LAST\n"
              " LIMIT 30"}},
    },
};

const Dashboard dbops_dashboard_tables = {
    .name = "tables",
    .title = "dbops / Tables and indexes",
    .answers =
        "Which tables are large, grow, bloat or are read as a whole, which indexes are used, and does vacuum keep up?",
    .variables = {&dbops_dashboard_node, &dbops_dashboard_database, &object},
    DASHBOARD_PANELS(panels),
};
