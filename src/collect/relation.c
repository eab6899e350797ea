/*
 * collect/relation.c
 *		The families "table" and "index": statistics of relations in all databases.
 *
 * One file because both come from one kind of statistics, told apart only by the dictionary
 * (collect/dictionary.h).  A relation that the inspector has not seen yet is held back: it has no
 * row until its kind is known, and then counts from zero if its database was visited before, else
 * from its first row (dbops_dictionary_generation).  A relation without statistics has a row of
 * zeros, so an index that was never used is seen as such.  Temporary relations are left out.
 *
 * Use of a table's indexes is summed up here from increases, since a sum over those that exist
 * would drop, and then look like a reset, whenever one is dropped.
 */
#include "postgres.h"

#include "access/multixact.h"
#include "access/transam.h"
#include "catalog/pg_class.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/dictionary.h"
#include "collect/pgstat_scan.h"
#include "core/compat.h"
#include "core/compat_statistics.h"
#include "store/frame.h"

#define BLOAT_LEAST_BYTES (DENSITY_LEAST_PAGES * BLCKSZ)

enum
{
	TABLE_SEQ_SCANS,
	TABLE_SEQ_TUPLES_READ,
	TABLE_INDEX_SCANS,
	TABLE_INDEX_TUPLES_FETCHED,
	TABLE_TUPLES_INSERTED,
	TABLE_TUPLES_UPDATED,
	TABLE_TUPLES_DELETED,
	TABLE_TUPLES_HOT_UPDATED,
	TABLE_TUPLES_NEWPAGE_UPDATED,
	TABLE_LIVE_TUPLES,
	TABLE_DEAD_TUPLES,
	TABLE_MOD_SINCE_ANALYZE,
	TABLE_INS_SINCE_VACUUM,
	TABLE_BLOCKS_READ,
	TABLE_BLOCKS_HIT,
	TABLE_VACUUMS,
	TABLE_AUTOVACUUMS,
	TABLE_ANALYZES,
	TABLE_AUTOANALYZES,
	TABLE_VACUUM_MS,
	TABLE_AUTOVACUUM_MS,
	TABLE_ANALYZE_MS,
	TABLE_AUTOANALYZE_MS,
	TABLE_LAST_SEQ_SCAN_AT,
	TABLE_LAST_VACUUM_AT,
	TABLE_LAST_AUTOVACUUM_AT,
	TABLE_LAST_ANALYZE_AT,
	TABLE_LAST_AUTOANALYZE_AT,
	TABLE_MAIN_BYTES,
	TABLE_INDEX_BYTES,
	TABLE_TOAST_BYTES,
	TABLE_TOTAL_BYTES,
	TABLE_PAGES,
	TABLE_ESTIMATED_TUPLES,
	TABLE_XID_AGE,
	TABLE_MXID_AGE,
	TABLE_BLOAT_BYTES,
	TABLE_NMETRICS
};

enum
{
	INDEX_SCANS,
	INDEX_TUPLES_READ,
	INDEX_TUPLES_FETCHED,
	INDEX_BLOCKS_READ,
	INDEX_BLOCKS_HIT,
	INDEX_LAST_SCAN_AT,
	INDEX_BYTES,
	INDEX_PAGES,
	INDEX_ESTIMATED_TUPLES,
	INDEX_INVALID,
	INDEX_BLOAT_BYTES,
	INDEX_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("OID of the database; 0 for shared catalogs"),
    LABEL_OF_RELATION("OID of the relation"),
};

static const Metric table_metrics[] = {
    [TABLE_SEQ_SCANS] = COUNT(1, "seq_scan", "Sequential scans started"),
    [TABLE_SEQ_TUPLES_READ] = COUNT(2, "seq_tup_read", "Live rows read by sequential scans"),
    [TABLE_INDEX_SCANS] = COUNT(3, "idx_scan", "Scans of the table's indexes started"),
    [TABLE_INDEX_TUPLES_FETCHED] =
        COUNT(4, "idx_tup_fetch", "Live rows fetched by way of an index"),
    [TABLE_TUPLES_INSERTED] = COUNT(5, "n_tup_ins", "Rows inserted"),
    [TABLE_TUPLES_UPDATED] = COUNT(6, "n_tup_upd", "Rows updated, in any way"),
    [TABLE_TUPLES_DELETED] = COUNT(7, "n_tup_del", "Rows deleted"),
    [TABLE_TUPLES_HOT_UPDATED] =
        COUNT(8, "n_tup_hot_upd", "Rows updated without a new index entry"),
    [TABLE_TUPLES_NEWPAGE_UPDATED] =
        COUNT(9, "n_tup_newpage_upd", "Rows updated whose new version went to another page"),
    [TABLE_LIVE_TUPLES] = GAUGE(10, "n_live_tup", "", ROLLUP_LAST, "Estimated number of live rows"),
    [TABLE_DEAD_TUPLES] = GAUGE(11, "n_dead_tup", "", ROLLUP_LAST, "Estimated number of dead rows"),
    [TABLE_MOD_SINCE_ANALYZE] =
        GAUGE(12, "n_mod_since_analyze", "", ROLLUP_LAST, "Rows changed since the last ANALYZE"),
    [TABLE_INS_SINCE_VACUUM] =
        GAUGE(13, "n_ins_since_vacuum", "", ROLLUP_LAST, "Rows inserted since the last VACUUM"),
    [TABLE_BLOCKS_READ] = COUNT(14, "blks_read", "Blocks of the table not found in the buffers"),
    [TABLE_BLOCKS_HIT] = COUNT(15, "blks_hit", "Blocks of the table found in the buffers"),
    [TABLE_VACUUMS] = COUNT(16, "vacuum_count", "VACUUM runs by hand, other than FULL"),
    [TABLE_AUTOVACUUMS] = COUNT(17, "autovacuum_count", "VACUUM runs by autovacuum"),
    [TABLE_ANALYZES] = COUNT(18, "analyze_count", "ANALYZE runs by hand"),
    [TABLE_AUTOANALYZES] = COUNT(19, "autoanalyze_count", "ANALYZE runs by autovacuum"),
    [TABLE_VACUUM_MS] = COUNT_MS(20, "total_vacuum_ms", 0, "Time of VACUUM runs by hand (from 18)"),
    [TABLE_AUTOVACUUM_MS] =
        COUNT_MS(21, "total_autovacuum_ms", 0, "Time of automatic VACUUM (from 18)"),
    [TABLE_ANALYZE_MS] =
        COUNT_MS(22, "total_analyze_ms", 0, "Time of ANALYZE runs by hand (from 18)"),
    [TABLE_AUTOANALYZE_MS] =
        COUNT_MS(23, "total_autoanalyze_ms", 0, "Time of automatic ANALYZE (from 18)"),
    [TABLE_LAST_SEQ_SCAN_AT] = INSTANT(24, "last_seq_scan_at", "Last sequential scan (from 16)"),
    [TABLE_LAST_VACUUM_AT] = INSTANT(25, "last_vacuum_at", "Last VACUUM by hand"),
    [TABLE_LAST_AUTOVACUUM_AT] = INSTANT(26, "last_autovacuum_at", "Last automatic VACUUM"),
    [TABLE_LAST_ANALYZE_AT] = INSTANT(27, "last_analyze_at", "Last ANALYZE by hand"),
    [TABLE_LAST_AUTOANALYZE_AT] = INSTANT(28, "last_autoanalyze_at", "Last automatic ANALYZE"),
    [TABLE_MAIN_BYTES] =
        GAUGE(29, "main_bytes", "bytes", ROLLUP_LAST, "Size of the table's rows, its main fork"),
    [TABLE_INDEX_BYTES] = GAUGE(30, "index_bytes", "bytes", ROLLUP_LAST, "Size of its indexes"),
    [TABLE_TOAST_BYTES] = GAUGE(31, "toast_bytes", "bytes", ROLLUP_LAST,
                                "Size of its TOAST table with that one's index"),
    [TABLE_TOTAL_BYTES] =
        GAUGE(32, "total_bytes", "bytes", ROLLUP_LAST, "Size with all forks, indexes and TOAST"),
    [TABLE_PAGES] = GAUGE(33, "pages", "", ROLLUP_LAST, "Pages as of the last VACUUM or ANALYZE"),
    [TABLE_ESTIMATED_TUPLES] =
        GAUGE(34, "planner_tuples", "", ROLLUP_LAST,
              "Rows as of the last VACUUM or ANALYZE, as the planner sees it"),
    [TABLE_XID_AGE] = AGE(35, "xid_age", "Transactions since the oldest XID that is not frozen"),
    [TABLE_MXID_AGE] = AGE(36, "mxid_age", "Multixacts since the oldest one in the table"),
    [TABLE_BLOAT_BYTES] =
        GAUGE(37, "bloat_bytes", "bytes", ROLLUP_LAST,
              "What of main_bytes VACUUM FULL would give back, from 1 MB on; estimated"),
};

static const Metric index_metrics[] = {
    [INDEX_SCANS] = COUNT(1, "idx_scan", "Scans started"),
    [INDEX_TUPLES_READ] = COUNT(2, "idx_tup_read", "Index entries returned"),
    [INDEX_TUPLES_FETCHED] = COUNT(3, "idx_tup_fetch", "Live rows fetched by plain index scans"),
    [INDEX_BLOCKS_READ] = COUNT(4, "blks_read", "Blocks of the index not found in the buffers"),
    [INDEX_BLOCKS_HIT] = COUNT(5, "blks_hit", "Blocks of the index found in the buffers"),
    [INDEX_LAST_SCAN_AT] = INSTANT(6, "last_scan_at", "Last scan (from 16)"),
    [INDEX_BYTES] = GAUGE(7, "total_bytes", "bytes", ROLLUP_LAST, "Size of the index"),
    [INDEX_PAGES] = GAUGE(8, "pages", "", ROLLUP_LAST, "Pages as of the last VACUUM or ANALYZE"),
    [INDEX_ESTIMATED_TUPLES] =
        GAUGE(9, "planner_tuples", "", ROLLUP_LAST, "Entries as of the last VACUUM or ANALYZE"),
    [INDEX_INVALID] = FLAG(10, "invalid", "1 if queries cannot use it, else 0"),
    [INDEX_BLOAT_BYTES] =
        GAUGE(11, "bloat_bytes", "bytes", ROLLUP_LAST,
              "What REINDEX would give back of a B-tree of columns, from 1 MB on; estimated"),
};

static const Derived table_derived[] = {
    {"hit_percent",
     DERIVED_RATIO,
     100,
     {"blks_hit"},
     {"blks_hit", "blks_read"},
     "percent",
     "Share of blocks found in the buffers"},
    {"dead_percent",
     DERIVED_RATIO,
     100,
     {"n_dead_tup"},
     {"n_live_tup", "n_dead_tup"},
     "percent",
     "Share of rows that are dead"},
    RATIO("bloat_percent", 100, "bloat_bytes", "main_bytes", "percent",
          "Share of its size that VACUUM FULL would give back, estimated"),
    RATIO("hot_percent", 100, "n_tup_hot_upd", "n_tup_upd", "percent",
          "Share of updates without a new index entry"),
    {"seq_scan_percent",
     DERIVED_RATIO,
     100,
     {"seq_scan"},
     {"seq_scan", "idx_scan"},
     "percent",
     "Share of scans that read the whole table"},
};

static const Derived index_derived[] = {
    RATIO("bloat_percent", 100, "bloat_bytes", "total_bytes", "percent",
          "Share of its size that REINDEX would give back, estimated"),
    {"hit_percent",
     DERIVED_RATIO,
     100,
     {"blks_hit"},
     {"blks_hit", "blks_read"},
     "percent",
     "Share of blocks found in the buffers"},
};

/* From a place in the statistics to a metric.  An instant of 0 means never. */
typedef struct StatField
{
	int metric;
	int offset; /* -1: not in this version */
} StatField;

static const StatField table_fields[] = {
    {TABLE_SEQ_SCANS, DBOPS_TABLE_STAT(numscans)},
    {TABLE_SEQ_TUPLES_READ, DBOPS_TABLE_STAT(tuples_returned)},
    {TABLE_TUPLES_INSERTED, DBOPS_TABLE_STAT(tuples_inserted)},
    {TABLE_TUPLES_UPDATED, DBOPS_TABLE_STAT(tuples_updated)},
    {TABLE_TUPLES_DELETED, DBOPS_TABLE_STAT(tuples_deleted)},
    {TABLE_TUPLES_HOT_UPDATED, DBOPS_TABLE_STAT(tuples_hot_updated)},
    {TABLE_TUPLES_NEWPAGE_UPDATED, DBOPS_TABLE_NEWPAGE_UPDATED},
    {TABLE_LIVE_TUPLES, DBOPS_TABLE_LIVE_TUPLES},
    {TABLE_DEAD_TUPLES, DBOPS_TABLE_DEAD_TUPLES},
    {TABLE_MOD_SINCE_ANALYZE, DBOPS_TABLE_MOD_SINCE_ANALYZE},
    {TABLE_INS_SINCE_VACUUM, DBOPS_TABLE_INS_SINCE_VACUUM},
    {TABLE_BLOCKS_HIT, DBOPS_TABLE_STAT(blocks_hit)},
    {TABLE_VACUUMS, DBOPS_TABLE_STAT(vacuum_count)},
    {TABLE_AUTOVACUUMS, DBOPS_TABLE_AUTOVACUUM_COUNT},
    {TABLE_ANALYZES, DBOPS_TABLE_STAT(analyze_count)},
    {TABLE_AUTOANALYZES, DBOPS_TABLE_AUTOANALYZE_COUNT},
    {TABLE_VACUUM_MS, DBOPS_TABLE_VACUUM_TIME},
    {TABLE_AUTOVACUUM_MS, DBOPS_TABLE_AUTOVACUUM_TIME},
    {TABLE_ANALYZE_MS, DBOPS_TABLE_ANALYZE_TIME},
    {TABLE_AUTOANALYZE_MS, DBOPS_TABLE_AUTOANALYZE_TIME},
    {TABLE_LAST_SEQ_SCAN_AT, DBOPS_TABLE_LASTSCAN},
    {TABLE_LAST_VACUUM_AT, DBOPS_TABLE_LAST_VACUUM},
    {TABLE_LAST_AUTOVACUUM_AT, DBOPS_TABLE_LAST_AUTOVACUUM},
    {TABLE_LAST_ANALYZE_AT, DBOPS_TABLE_LAST_ANALYZE},
    {TABLE_LAST_AUTOANALYZE_AT, DBOPS_TABLE_LAST_AUTOANALYZE},
};

static const StatField index_fields[] = {
    {INDEX_SCANS, DBOPS_TABLE_STAT(numscans)},
    {INDEX_TUPLES_READ, DBOPS_TABLE_STAT(tuples_returned)},
    {INDEX_TUPLES_FETCHED, DBOPS_TABLE_STAT(tuples_fetched)},
    {INDEX_BLOCKS_HIT, DBOPS_TABLE_STAT(blocks_hit)},
    {INDEX_LAST_SCAN_AT, DBOPS_TABLE_LASTSCAN},
};

/* One reading of the statistics, shared by all rows of a frame. */
typedef struct Reading
{
	Frame *frame;
	int round;
	const RelationStats *stats;
	TransactionId next_xid;
	MultiXactId next_mxid;
} Reading;

static const PgStat_StatTabEntry no_stats;

static bool
is_table(const DictionaryEntry *entry)
{
	return entry->seen.relkind == RELKIND_RELATION || entry->seen.relkind == RELKIND_TOASTVALUE ||
	       entry->seen.relkind == RELKIND_MATVIEW ||
	       entry->seen.relkind == RELKIND_PARTITIONED_TABLE ||
	       entry->seen.relkind == RELKIND_FOREIGN_TABLE;
}

static bool
is_index(const DictionaryEntry *entry)
{
	return entry->seen.relkind == RELKIND_INDEX || entry->seen.relkind == RELKIND_PARTITIONED_INDEX;
}

/* Copies the statistics and leaves in each dictionary entry where its own are. */
static void
begin_reading(Reading *reading, Frame *frame)
{
	static int round = 0;
	int count;

	reading->frame = frame;
	reading->round = ++round;
	reading->stats = dbops_pgstat_scan_relations(&count);
	reading->next_xid = ReadNextTransactionId();
	reading->next_mxid = ReadNextMultiXactId();
	for (int i = 0; i < count; i++)
	{
		DictionaryEntry *entry =
		    dbops_dictionary_meet(reading->stats[i].datid, reading->stats[i].relid);

		if (entry == NULL)
			continue;
		entry->stats_round = reading->round;
		entry->stats_index = i;
	}
	dbops_frame_reserve(frame, (int) dbops_dictionary_entries());
}

static const PgStat_StatTabEntry *
stats_of(const Reading *reading, const DictionaryEntry *entry)
{
	return entry->stats_round == reading->round ? &reading->stats[entry->stats_index].stats :
	                                              &no_stats;
}

static void
fill_fields(int64 *values, const Metric *metrics, const StatField *fields, int nfields,
            const PgStat_StatTabEntry *stats)
{
	for (int i = 0; i < nfields; i++)
	{
		int64 value;

		if (fields[i].offset < 0)
			continue;
		memcpy(&value, (const char *) stats + fields[i].offset, sizeof(value));
		if (value != 0 || metrics[fields[i].metric].kind != METRIC_TIMESTAMP)
			values[fields[i].metric] = value;
	}
}

static int64 *
add_row(Frame *frame, const DictionaryEntry *entry)
{
	const EntityKey key = {{entry->key.datid, entry->key.relid}};

	return dbops_frame_add(frame, &key, NULL);
}

/* A counter that went down was reset and starts anew. */
static int64
increase(int64 previous, int64 current)
{
	return current >= previous ? current - previous : current;
}

static void
count_index_use(DictionaryEntry *entry, void *arg)
{
	const Reading *reading = arg;
	const PgStat_StatTabEntry *stats = stats_of(reading, entry);
	DictionaryEntry *table;

	if (!is_index(entry))
		return;
	table = dbops_dictionary_lookup(entry->key.datid, entry->seen.parentid);
	if (table != NULL)
	{
		table->index_scans += increase(entry->previous_scans, stats->numscans);
		table->index_fetched += increase(entry->previous_fetched, stats->tuples_fetched);
	}
	entry->previous_scans = stats->numscans;
	entry->previous_fetched = stats->tuples_fetched;
}

/* Not of what has become too small to be looked at. */
static int64
bloat_of(const DictionaryEntry *entry)
{
	if (entry->dense_bytes == FAMILY_NULL || entry->seen.main_bytes == FAMILY_NULL ||
	    entry->seen.main_bytes < BLOAT_LEAST_BYTES)
		return FAMILY_NULL;
	return Max(entry->seen.main_bytes - entry->dense_bytes, 0);
}

static void
fill_table_size(int64 *values, const DictionaryEntry *entry, const Reading *reading)
{
	const Inspected *seen = &entry->seen;

	values[TABLE_MAIN_BYTES] = seen->main_bytes;
	if (seen->relkind != RELKIND_FOREIGN_TABLE)
	{
		values[TABLE_INDEX_BYTES] = entry->index_bytes;
		values[TABLE_TOAST_BYTES] = entry->toast_bytes;
		values[TABLE_TOTAL_BYTES] = entry->index_bytes + entry->toast_bytes +
		                            (seen->all_bytes == FAMILY_NULL ? 0 : seen->all_bytes);
	}
	values[TABLE_BLOAT_BYTES] = bloat_of(entry);
	values[TABLE_PAGES] = seen->pages;
	if (seen->tuples >= 0)
		values[TABLE_ESTIMATED_TUPLES] = seen->tuples;
	if (TransactionIdIsNormal(seen->frozen_xid))
		values[TABLE_XID_AGE] = (int32) (reading->next_xid - seen->frozen_xid);
	if (MultiXactIdIsValid(seen->min_mxid))
		values[TABLE_MXID_AGE] = (int32) (reading->next_mxid - seen->min_mxid);
}

static void
add_table(DictionaryEntry *entry, void *arg)
{
	const Reading *reading = arg;
	const PgStat_StatTabEntry *stats = stats_of(reading, entry);
	int64 *values;

	if (!is_table(entry) || entry->seen.persistence == RELPERSISTENCE_TEMP)
		return;
	values = add_row(reading->frame, entry);
	fill_fields(values, table_metrics, table_fields, lengthof(table_fields), stats);
	values[TABLE_BLOCKS_READ] = stats->blocks_fetched - stats->blocks_hit;
	values[TABLE_INDEX_SCANS] = entry->index_scans;
	values[TABLE_INDEX_TUPLES_FETCHED] = entry->index_fetched + stats->tuples_fetched;
	fill_table_size(values, entry, reading);
}

static void
add_index(DictionaryEntry *entry, void *arg)
{
	const Reading *reading = arg;
	const PgStat_StatTabEntry *stats = stats_of(reading, entry);
	int64 *values;

	if (!is_index(entry) || entry->seen.persistence == RELPERSISTENCE_TEMP)
		return;
	values = add_row(reading->frame, entry);
	fill_fields(values, index_metrics, index_fields, lengthof(index_fields), stats);
	values[INDEX_BLOCKS_READ] = stats->blocks_fetched - stats->blocks_hit;
	values[INDEX_BYTES] = entry->seen.all_bytes;
	values[INDEX_BLOAT_BYTES] = bloat_of(entry);
	values[INDEX_PAGES] = entry->seen.pages;
	values[INDEX_INVALID] = entry->seen.invalid;
	if (entry->seen.tuples >= 0)
		values[INDEX_ESTIMATED_TUPLES] = entry->seen.tuples;
}

static void
read_tables(Frame *frame)
{
	Reading reading;

	begin_reading(&reading, frame);
	dbops_dictionary_walk(count_index_use, &reading);
	dbops_dictionary_walk(add_table, &reading);
}

static void
read_indexes(Frame *frame)
{
	Reading reading;

	begin_reading(&reading, frame);
	dbops_dictionary_walk(add_index, &reading);
}

const Family dbops_family_table = {
    .id = 7,
    .name = "table",
    .help = "Tables, TOAST tables, materialized views and catalogs of all databases",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(table_metrics),
    DERIVED(table_derived),
    .rates = true,
    .refresh_hourly = true,
    .sampler_only = true,
    .read = read_tables,
    .generation = dbops_dictionary_generation,
};

const Family dbops_family_index = {
    .id = 8,
    .name = "index",
    .help = "Indexes of all databases",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(index_metrics),
    DERIVED(index_derived),
    .rates = true,
    .refresh_hourly = true,
    .sampler_only = true,
    .read = read_indexes,
    .generation = dbops_dictionary_generation,
};
