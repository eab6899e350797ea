/*
 * expose/report_objects.c
 *		Sections of the report: tables and indexes, advice, capacity, settings.
 */
#include "postgres.h"

#include "expose/report_section.h"

/* ---- tables and indexes -------------------------------------------------------------------- */

/* The first by each of four reasons; a table may stand out by several. */
static const char tables_query[] =
    "WITH whole AS MATERIALIZED ( "
    "    SELECT datid, relid, sum(seq_tup_read)::float8 AS seq_read, sum(seq_scan)::float8 AS seq_scan, "
    "           sum(idx_scan)::float8 AS idx_scan, sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 AS written, "
    "           sum(blks_read)::float8 AS blks_read, max(dead_percent) AS dead_percent, "
    "           max(n_dead_tup)::float8 AS dead, "
    "           max(total_bytes)::float8 AS bytes, (max(total_bytes) - min(total_bytes))::float8 AS grown "
    "      FROM dbops.table_history WHERE " REPORT_TIME " AND step = $4 GROUP BY datid, relid "
    "), named AS ( "
    "    SELECT w.datid, w.relid, concat_ws('.', o.schemaname, COALESCE(o.objname, w.relid::text)) AS name, "
    "           COALESCE(o.datname, CASE WHEN w.datid = 0 THEN 'all' END)::text AS datname, "
    "           w.seq_read, w.seq_scan, w.idx_scan, w.written, w.blks_read, w.dead_percent, w.dead, w.bytes, w.grown "
    "      FROM whole AS w "
    "      LEFT JOIN dbops.objects AS o "
    "        ON o.kind IN ('table', 'matview', 'toast') AND o.datid = w.datid AND o.objid = w.relid::bigint "
    "     WHERE COALESCE(o.schemaname, '') NOT IN ('pg_catalog', 'information_schema', 'dbops') "
    "), ranked AS ( "
    "    SELECT datid, relid, name, datname, seq_read, seq_scan, idx_scan, written, blks_read, dead_percent, bytes, grown, "
    "           CASE WHEN seq_read > 0 THEN row_number() OVER (ORDER BY seq_read DESC NULLS LAST) END AS by_read, "
    "           CASE WHEN written > 0 THEN row_number() OVER (ORDER BY written DESC NULLS LAST) END AS by_write, "
    "           CASE WHEN grown > 0 THEN row_number() OVER (ORDER BY grown DESC NULLS LAST) END AS by_growth, "
    "           CASE WHEN dead > 1000 AND dead_percent > 20 "
    "                THEN row_number() OVER (ORDER BY dead DESC NULLS LAST) END AS by_dead "
    "      FROM named "
    ") "
    "SELECT concat_ws('/', datid, relid), name, datname, "
    "       concat_ws(', ', CASE WHEN by_read <= $5 THEN 'read whole' END, CASE WHEN by_write <= $5 THEN 'written' END, "
    "                 CASE WHEN by_growth <= $5 THEN 'grown' END, CASE WHEN by_dead <= $5 THEN 'dead rows' END), "
    "       seq_read, seq_scan, idx_scan, written, blks_read * current_setting('block_size')::float8, "
    "       dead_percent, bytes, grown "
    "  FROM ranked "
    " WHERE LEAST(by_read, by_write, by_growth, by_dead) <= $5 "
    " ORDER BY LEAST(by_read, by_write, by_growth, by_dead), by_read";

static const ReportColumn tables_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "table", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "stands out as", .format = CELL_TEXT},
    {.title = "rows read by scans",
     .format = CELL_FIGURE,
     .unit = "count",
     .worse = WORSE_HIGH,
     .help = "By sequential scans"},
    {.title = "sequential scans", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "index scans", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "rows written", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "read from disk",
     .format = CELL_FIGURE,
     .unit = "bytes",
     .worse = WORSE_HIGH,
     .help = "Or from the system's cache"},
    {.title = "dead, at most", .format = CELL_FIGURE, .unit = "percent", .worse = WORSE_HIGH},
    {.title = "size",
     .format = CELL_FIGURE,
     .unit = "bytes",
     .worse = WORSE_UNKNOWN,
     .help = "With its indexes and TOAST"},
    {.title = "grown", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_UNKNOWN},
    {0},
};

static const char indexes_query[] =
    "WITH whole AS ( "
    "    SELECT datid, relid, sum(idx_scan)::float8 AS scans, sum(idx_tup_read)::float8 AS rows, "
    "           sum(blks_read)::float8 AS blks_read, sum(blks_hit)::float8 AS blks_hit, "
    "           max(total_bytes)::float8 AS bytes, (max(total_bytes) - min(total_bytes))::float8 AS grown, "
    "           max(invalid)::float8 AS invalid "
    "      FROM dbops.index_history WHERE " REPORT_TIME " AND step = $4 GROUP BY datid, relid "
    "), top AS ( "
    "    SELECT datid, relid, scans, rows, blks_read, blks_hit, bytes, grown, invalid, "
    "           row_number() OVER (ORDER BY COALESCE(invalid, 0) DESC, blks_read DESC NULLS LAST, relid) AS rank "
    "      FROM whole WHERE blks_read > 0 OR invalid > 0 "
    "     ORDER BY COALESCE(invalid, 0) DESC, blks_read DESC NULLS LAST, relid LIMIT 10 * $5 "
    ") "
    "SELECT concat_ws('/', t.datid, t.relid), concat_ws('.', o.schemaname, COALESCE(o.objname, t.relid::text)), "
    "       o.parentname::text, o.datname::text, "
    "       CASE WHEN t.invalid > 0 OR o.is_valid IS FALSE THEN 'invalid: serves nobody' END, "
    "       t.blks_read * current_setting('block_size')::float8, "
    "       100 * t.blks_hit / NULLIF(t.blks_hit + t.blks_read, 0), t.scans, t.rows, t.bytes, t.grown "
    "  FROM top AS t "
    "  LEFT JOIN dbops.objects AS o ON o.kind LIKE '%index' AND o.datid = t.datid AND o.objid = t.relid::bigint "
    " WHERE COALESCE(o.schemaname, '') NOT IN ('pg_catalog', 'dbops') "
    " ORDER BY t.rank LIMIT $5";

static const ReportColumn indexes_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "index", .format = CELL_TEXT},
    {.title = "of", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "", .format = CELL_TEXT},
    {.title = "read from disk",
     .format = CELL_FIGURE,
     .unit = "bytes",
     .worse = WORSE_HIGH,
     .help = "Or from the system's cache"},
    {.title = "found in cache", .format = CELL_FIGURE, .unit = "percent", .worse = WORSE_LOW},
    {.title = "scans", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "entries read", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "size", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_UNKNOWN},
    {.title = "grown", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_UNKNOWN},
    {0},
};

const ReportPart dbops_report_tables[] = {
    {.title = "Tables that stand out",
     .lead =
         "The first by rows read in sequential scans, by rows written, by growth, and by dead rows; those of the system are left out.",
     .kind = PART_TABLE,
     .query = tables_query,
     .columns = tables_columns,
     .limit = 6,
     .empty = "No table was read or written.",
     .next = "SELECT * FROM dbops.tables;"},
    {.title = "Indexes read from disk most",
     .kind = PART_TABLE,
     .query = indexes_query,
     .columns = indexes_columns,
     .limit = 10,
     .empty = "No index was read from disk, and none is invalid.",
     .next = "SELECT * FROM dbops.indexes;"},
    {0},
};

/* ---- advice -------------------------------------------------------------------------------- */

static const char advice_query[] =
    "SELECT status, action, datname::text, table_name, benefit_ms_per_day, index_size_bytes::float8, confidence, "
    "       first_seen, concat_ws('; ', reason, outcome), "
    "       CASE WHEN status = 'regressed' THEN undo_ddl ELSE ddl END "
    "  FROM dbops.index_recommendations WHERE status NOT IN ('gone', 'dismissed') LIMIT $5";

static const ReportColumn advice_columns[] = {
    {.title = "status", .format = CELL_TEXT},
    {.title = "action", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "table", .format = CELL_TEXT},
    {.title = "saves a day", .format = CELL_FIGURE, .unit = "ms"},
    {.title = "size", .format = CELL_FIGURE, .unit = "bytes"},
    {.title = "confidence", .format = CELL_TEXT},
    {.title = "since", .format = CELL_TIME},
    {.title = "because", .format = CELL_NOTE},
    {.title = "DDL", .format = CELL_PASTE},
    {0},
};

static const char advised_query[] =
    "SELECT datname::text, state, advised_at, advised::float8, coverage_percent, error "
    "  FROM dbops.index_advice_runs LIMIT $5";

static const ReportColumn advised_columns[] = {
    {.title = "database", .format = CELL_TEXT},
    {.title = "state", .format = CELL_TEXT},
    {.title = "last searched", .format = CELL_TIME},
    {.title = "advised", .format = CELL_FIGURE, .unit = "count"},
    {.title = "time covered",
     .format = CELL_FIGURE,
     .unit = "percent",
     .help = "Share of the time of statements that can be advised on"},
    {.title = "what went wrong", .format = CELL_NOTE},
    {0},
};

static const char autovacuum_query[] =
    "SELECT datname, tables_overdue::float8, worst_table, times_its_threshold::float8, workers::float8, "
    "       cancelled::float8 "
    "  FROM dbops.autovacuum WHERE tables_overdue > 0 OR cancelled > 0 LIMIT $5";

static const ReportColumn autovacuum_columns[] = {
    {.title = "database", .format = CELL_TEXT},
    {.title = "tables overdue", .format = CELL_FIGURE, .unit = "count"},
    {.title = "the worst", .format = CELL_TEXT},
    {.title = "times its threshold", .format = CELL_FIGURE, .unit = ""},
    {.title = "workers", .format = CELL_FIGURE, .unit = "count"},
    {.title = "runs cancelled in the last hour", .format = CELL_FIGURE, .unit = "count"},
    {0},
};

const ReportPart dbops_report_advice[] = {
    {.title = "Indexes to create, and to drop",
     .lead = "As of the last search, once a day. Each line of DDL is run in its own database.",
     .kind = PART_TABLE,
     .query = advice_query,
     .columns = advice_columns,
     .limit = 20,
     .empty = "No advice is open.",
     .next = "SELECT * FROM dbops.index_recommendations;",
     .fixed = true},
    {.title = "Where was searched",
     .kind = PART_TABLE,
     .query = advised_query,
     .columns = advised_columns,
     .limit = 20,
     .empty = "No database was searched yet: SELECT dbops.advise_now('…') does so at once.",
     .fixed = true},
    {.title = "What autovacuum does not get to",
     .kind = PART_TABLE,
     .query = autovacuum_query,
     .columns = autovacuum_columns,
     .limit = 10,
     .empty = "No table is overdue.",
     .next = "SELECT * FROM dbops.autovacuum;",
     .fixed = true},
    {0},
};

/* ---- capacity ------------------------------------------------------------------------------ */

/* The pace is that of the time; what shrinks, or is known for less than an hour, has none. */
static const char filesystems_query[] =
    "WITH used AS ( "
    "    SELECT mount, max(at) - min(at) AS span, "
    "           (array_agg(used_bytes ORDER BY at))[1]::float8 AS first, "
    "           (array_agg(used_bytes ORDER BY at DESC))[1]::float8 AS last, "
    "           (array_agg(available_bytes ORDER BY at DESC))[1]::float8 AS available, "
    "           (array_agg(total_bytes ORDER BY at DESC))[1]::float8 AS total, "
    "           (array_agg(used_percent ORDER BY at DESC))[1] AS used_percent, "
    "           (array_agg(inodes_used_percent ORDER BY at DESC))[1] AS inodes_percent "
    "      FROM dbops.filesystem_history WHERE " REPORT_TIME " AND step = $3 GROUP BY mount "
    "), paced AS ( "
    "    SELECT mount, first, last, available, total, used_percent, inodes_percent, "
    "           CASE WHEN span >= interval '1 hour' THEN (last - first) / EXTRACT(epoch FROM span)::float8 END AS pace "
    "      FROM used "
    ") "
    "SELECT mount, mount, used_percent, total, available, last - first, pace * 86400, "
    "       CASE WHEN pace > 0 THEN available / pace END, inodes_percent "
    "  FROM paced ORDER BY used_percent DESC NULLS LAST LIMIT $5";

static const ReportColumn filesystems_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "file system", .format = CELL_TEXT},
    {.title = "used", .format = CELL_SHARE, .worse = WORSE_HIGH},
    {.title = "size", .format = CELL_FIGURE, .unit = "bytes"},
    {.title = "available", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_LOW},
    {.title = "grown",
     .format = CELL_FIGURE,
     .unit = "bytes",
     .worse = WORSE_UNKNOWN,
     .help = "In this time"},
    {.title = "grows a day",
     .format = CELL_FIGURE,
     .unit = "bytes",
     .help = "At the pace of this time; of less than an hour none is told"},
    {.title = "full in", .format = CELL_FIGURE, .unit = "seconds", .help = "At that pace"},
    {.title = "inodes used", .format = CELL_FIGURE, .unit = "percent", .worse = WORSE_HIGH},
    {0},
};

static const char databases_query[] =
    "WITH used AS ( "
    "    SELECT datid, max(datname::text) AS datname, max(connections)::float8 AS connections, "
    "           sum(xact_commit + xact_rollback)::float8 AS transactions, sum(temp_bytes)::float8 AS temp, "
    "           max(xid_age)::float8 AS xid_age, "
    "           (array_agg(size_bytes ORDER BY at) FILTER (WHERE size_bytes IS NOT NULL))[1]::float8 AS first, "
    "           (array_agg(size_bytes ORDER BY at DESC) FILTER (WHERE size_bytes IS NOT NULL))[1]::float8 AS last "
    "      FROM dbops.database_history WHERE " REPORT_TIME
    " AND step = $4 AND datid <> 0 GROUP BY datid "
    ") "
    "SELECT datid::text, datname, last, last - first, connections, transactions, temp, 100 * xid_age / 2147483648 "
    "  FROM used ORDER BY last DESC NULLS LAST, datname LIMIT $5";

static const ReportColumn databases_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "database", .format = CELL_TEXT},
    {.title = "size", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_UNKNOWN},
    {.title = "grown", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_UNKNOWN},
    {.title = "connections, at most",
     .format = CELL_FIGURE,
     .unit = "count",
     .worse = WORSE_UNKNOWN},
    {.title = "transactions", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_UNKNOWN},
    {.title = "temporary files", .format = CELL_FIGURE, .unit = "bytes", .worse = WORSE_HIGH},
    {.title = "transaction IDs used",
     .format = CELL_FIGURE,
     .unit = "percent",
     .help = "How near it is to wraparound"},
    {0},
};

static const char keys_query[] =
    "SELECT concat_ws('.', schemaname, relname, column_name), datname::text, type, used_percent::float8, "
    "       EXTRACT(epoch FROM full_in)::float8, what_to_do "
    "  FROM dbops.integer_keys WHERE used_percent > 50 OR full_in < interval '1 year' LIMIT $5";

static const ReportColumn keys_columns[] = {
    {.title = "column", .format = CELL_TEXT},
    {.title = "database", .format = CELL_TEXT},
    {.title = "type", .format = CELL_TEXT},
    {.title = "used", .format = CELL_SHARE},
    {.title = "full in", .format = CELL_FIGURE, .unit = "seconds"},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

static const char room_query[] =
    "SELECT v.what, v.what, v.used, v.most, 100 * v.used / NULLIF(v.most, 0), v.setting "
    "  FROM (SELECT max(connections)::float8 AS connections, max(connection_limit)::float8 AS connection_limit, "
    "               max(workers)::float8 AS workers, max(worker_limit)::float8 AS worker_limit, "
    "               max(walsenders)::float8 AS walsenders, max(walsender_limit)::float8 AS walsender_limit, "
    "               max(autovacuum_workers)::float8 AS autovacuum, max(autovacuum_worker_limit)::float8 AS autovacuum_limit, "
    "               max(prepared_transactions)::float8 AS prepared, max(prepared_transaction_limit)::float8 AS prepared_limit "
    "          FROM dbops.server_history WHERE " REPORT_TIME " AND step = $3) AS s "
    " CROSS JOIN LATERAL (VALUES "
    "       ('connections', s.connections, s.connection_limit, 'max_connections'), "
    "       ('worker processes', s.workers, s.worker_limit, 'max_worker_processes'), "
    "       ('WAL senders', s.walsenders, s.walsender_limit, 'max_wal_senders'), "
    "       ('autovacuum workers', s.autovacuum, s.autovacuum_limit, 'autovacuum_max_workers'), "
    "       ('prepared transactions', s.prepared, s.prepared_limit, 'max_prepared_transactions')) "
    "       AS v(what, used, most, setting) "
    " WHERE v.most > 0 ORDER BY 5 DESC NULLS LAST LIMIT $5";

static const ReportColumn room_columns[] = {
    {.title = "", .format = CELL_KEY},
    {.title = "what", .format = CELL_TEXT},
    {.title = "in use, at most", .format = CELL_FIGURE, .unit = "count", .worse = WORSE_HIGH},
    {.title = "of", .format = CELL_FIGURE, .unit = "count"},
    {.title = "share", .format = CELL_SHARE, .worse = WORSE_HIGH},
    {.title = "setting", .format = CELL_TEXT},
    {0},
};

const ReportPart dbops_report_capacity[] = {
    {.title = "File systems",
     .kind = PART_TABLE,
     .query = filesystems_query,
     .columns = filesystems_columns,
     .limit = 12,
     .empty = "No file system was seen.",
     .next = "SELECT * FROM dbops.system;"},
    {.title = "Databases",
     .kind = PART_TABLE,
     .query = databases_query,
     .columns = databases_columns,
     .limit = 20,
     .empty = "No database was seen.",
     .next = "SELECT * FROM dbops.databases;"},
    {.title = "Limits",
     .kind = PART_TABLE,
     .query = room_query,
     .columns = room_columns,
     .limit = 10,
     .empty = "Nothing was seen."},
    {.title = "Integer keys that run full",
     .kind = PART_TABLE,
     .query = keys_query,
     .columns = keys_columns,
     .limit = 10,
     .empty = "None is more than half full, or will be within a year.",
     .next = "SELECT * FROM dbops.integer_keys;",
     .fixed = true},
    {0},
};

/* ---- settings ------------------------------------------------------------------------------ */

static const char drift_query[] =
    "SELECT difference, scope, name, expected, setting, since_at, what_to_do FROM dbops.setting_drift LIMIT $5";

static const ReportColumn drift_columns[] = {
    {.title = "difference", .format = CELL_TEXT}, {.title = "scope", .format = CELL_TEXT},
    {.title = "setting", .format = CELL_TEXT},    {.title = "should be", .format = CELL_TEXT},
    {.title = "is", .format = CELL_TEXT},         {.title = "since", .format = CELL_TIME},
    {.title = "to do", .format = CELL_NOTE},      {0},
};

static const char settings_query[] =
    "SELECT name, left(setting, 200), concat_ws(' ', scope, datname, rolname), concat_ws(':', sourcefile, sourceline), "
    "       left(pending_setting, 200), COALESCE(problem, what_to_do) FROM dbops.settings LIMIT $5";

static const ReportColumn settings_columns[] = {
    {.title = "setting", .format = CELL_TEXT},
    {.title = "value", .format = CELL_TEXT},
    {.title = "of", .format = CELL_TEXT},
    {.title = "from", .format = CELL_TEXT},
    {.title = "after a restart", .format = CELL_TEXT},
    {.title = "to do", .format = CELL_NOTE},
    {0},
};

const ReportPart dbops_report_settings[] = {
    {.title = "Not as they should be",
     .kind = PART_TABLE,
     .query = drift_query,
     .columns = drift_columns,
     .limit = 20,
     .empty =
         "None differs from what was accepted. SELECT dbops.accept_settings() accepts those of now.",
     .fixed = true},
    {.title = "Other than built in",
     .kind = PART_TABLE,
     .query = settings_query,
     .columns = settings_columns,
     .limit = 100,
     .empty = "All settings are as they are built in.",
     .next = "SELECT * FROM dbops.settings;",
     .fixed = true},
    {0},
};
