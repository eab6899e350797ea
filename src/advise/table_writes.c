/*
 * advise/table_writes.c
 *		Facts of the writes to a table; see table_writes.h.
 *
 * The history has a row of a table where something changed, so the time that it speaks of is taken
 * from the server's rows, which are always there.  A table that came later counts from then on.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "pgstat.h"
#include "postmaster/autovacuum.h"
#include "postmaster/bgwriter.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "advise/table_writes.h"
#include "advise/write_index.h"
#include "core/compat_activity.h"
#include "core/spi.h"

#define MS_A_DAY 86400000.0

/* So much of the window is as good as all of it, and below a minute rates say nothing. */
#define ENOUGH_DAYS 1.0
#define LEAST_DAYS (1.0 / 1440)

/* Fewer blocks asked for say nothing about how much is cached. */
#define ENOUGH_BLOCKS 1000

enum
{
	COUNT_DAYS,
	COUNT_INSERTS,
	COUNT_UPDATES,
	COUNT_HOT_UPDATES,
	COUNT_DELETES,
	COUNT_NCOLUMNS
};

/*
 * By hour, so that what is read does not grow with how often the server is sampled; so the window
 * begins with an hour.
 */
static const char history_query[] =
    "WITH asked AS (\n"
    "    SELECT pg_catalog.date_bin('1 hour', pg_catalog.now() - $3 * interval '1 ms',\n"
    "               '2000-01-01 00:00+00') AS since,\n"
    "           pg_catalog.min(first_seen_at) AS born_at\n"
    "      FROM dbops.object\n"
    "     WHERE class = 'r' AND datid = $1 AND objid = ANY ($2::bigint[])\n"
    "), watched AS (\n"
    "    SELECT EXTRACT(epoch FROM LEAST(pg_catalog.sum(h.covers),\n"
    "               pg_catalog.now() - pg_catalog.min(asked.born_at))) / 86400 AS days\n"
    "      FROM asked, dbops.server_history AS h\n"
    "     WHERE h.step = '1 hour' AND h.node = dbops.node_name() AND h.at >= asked.since\n"
    "), written AS (\n"
    "    SELECT pg_catalog.sum(h.n_tup_ins) AS ins, pg_catalog.sum(h.n_tup_upd) AS upd,\n"
    "           pg_catalog.sum(h.n_tup_hot_upd) AS hot_upd, pg_catalog.sum(h.n_tup_del) AS del\n"
    "      FROM asked, dbops.table_history AS h\n"
    "     WHERE h.step = '1 hour' AND h.node = dbops.node_name() AND h.at >= asked.since\n"
    "       AND h.datid = $1 AND h.relid = ANY ($2)\n"
    ")\n"
    "SELECT days::float8, COALESCE(ins, 0)::float8, COALESCE(upd, 0)::float8,\n"
    "       COALESCE(hot_upd, 0)::float8, COALESCE(del, 0)::float8\n"
    "  FROM watched, written\n"
    " WHERE EXISTS (SELECT FROM asked WHERE born_at IS NOT NULL)";

/* Counters that were never reset are as old as the database at most, and nobody knows how old. */
static const char counters_query[] =
    "SELECT (EXTRACT(epoch FROM pg_catalog.now() - pg_catalog.pg_stat_get_db_stat_reset_time($1))\n"
    "           / 86400)::float8,\n"
    "       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(relid))::float8,\n"
    "       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_updated(relid))::float8,\n"
    "       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_hot_updated(relid))::float8,\n"
    "       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_deleted(relid))::float8\n"
    "  FROM pg_catalog.unnest($2) AS relid";

enum
{
	BLOCKS_FETCHED,
	BLOCKS_HIT,
	BLOCKS_READ_MS,
	BLOCKS_READ,
};

/* Of relations; and of the whole database what it takes to read a block, where that is timed. */
static const char blocks_query[] =
    "SELECT pg_catalog.sum(pg_catalog.pg_stat_get_blocks_fetched(relid))::float8,\n"
    "       pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(relid))::float8,\n"
    "       pg_catalog.pg_stat_get_db_blk_read_time($1),\n"
    "       (pg_catalog.pg_stat_get_db_blocks_fetched($1)\n"
    "           - pg_catalog.pg_stat_get_db_blocks_hit($1))::float8\n"
    "  FROM pg_catalog.unnest($2) AS relid";

WritesSource
dbops_table_writes_choose(double history_days, double counter_days, double window_days)
{
	const double least = Min(LEAST_DAYS, window_days);

	if (history_days >= Min(window_days, ENOUGH_DAYS))
		return WRITES_FROM_HISTORY;
	if (counter_days >= least && !(history_days >= counter_days))
		return WRITES_FROM_COUNTERS;
	return history_days >= least ? WRITES_FROM_HISTORY : WRITES_FROM_NOWHERE;
}

/* A column that is NULL is NaN. */
static double
read_number(const SpiRows *rows, int column)
{
	bool isnull;
	Datum value;

	if (rows->nrows == 0)
		return NAN;
	value = dbops_spi_cell(rows, 0, column, &isnull);
	return isnull ? NAN : DatumGetFloat8(value);
}

static SpiValue
oid_array(const List *oids)
{
	Datum *values = palloc(sizeof(Datum) * Max(list_length(oids), 1));
	ArrayType *array;
	ListCell *lc;

	foreach (lc, oids)
		values[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	array = construct_array(values, list_length(oids), OIDOID, sizeof(Oid), true, TYPALIGN_INT);
	return (SpiValue){.type = OIDARRAYOID, .value = PointerGetDatum(array)};
}

static void
take_rows(TableWrites *writes, WritesSource source, const SpiRows *rows)
{
	WriteFacts *facts = &writes->facts;

	writes->source = source;
	writes->days = read_number(rows, COUNT_DAYS);
	facts->inserts = read_number(rows, COUNT_INSERTS) / writes->days;
	facts->updates = read_number(rows, COUNT_UPDATES) / writes->days;
	facts->hot_updates = read_number(rows, COUNT_HOT_UPDATES) / writes->days;
	facts->deletes = read_number(rows, COUNT_DELETES) / writes->days;
}

/* How many rows are written, by what tells most. */
static void
load_rows(TableWrites *writes, const List *tables, int64 window_ms)
{
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(MyDatabaseId)},
	    oid_array(tables),
	    {.type = FLOAT8OID, .value = Float8GetDatum((double) window_ms)},
	};
	const SpiRows *counters = dbops_spi_query(counters_query, params, 2);
	const SpiRows *history = NULL;
	double history_days = NAN;
	WritesSource source;

	if (OidIsValid(get_extension_oid("dbops", true)))
	{
		history = dbops_spi_query(history_query, params, lengthof(params));
		history_days = read_number(history, COUNT_DAYS);
	}
	source = dbops_table_writes_choose(history_days, read_number(counters, COUNT_DAYS),
	                                   window_ms / MS_A_DAY);
	if (source == WRITES_FROM_HISTORY)
		take_rows(writes, source, history);
	else if (source == WRITES_FROM_COUNTERS)
		take_rows(writes, source, counters);
	else
	{
		WriteFacts *facts = &writes->facts;

		facts->inserts = facts->updates = facts->hot_updates = facts->deletes = NAN;
	}
}

/* Dead rows that autovacuum waits for; see relation_needs_vacanalyze(). */
static double
find_threshold(Relation relation, double tuples)
{
	const StdRdOptions *options = (const StdRdOptions *) relation->rd_options;
	const AutoVacOpts *own = options == NULL ? NULL : &options->autovacuum;
	const double base =
	    own != NULL && own->vacuum_threshold >= 0 ? own->vacuum_threshold : autovacuum_vac_thresh;
	const double scale = own != NULL && own->vacuum_scale_factor >= 0 ? own->vacuum_scale_factor :
	                                                                    autovacuum_vac_scale;
	const double threshold = base + scale * Max(tuples, 0);
	const double limit = dbops_compat_vacuum_max_threshold(own);

	return limit >= 0 ? Min(threshold, limit) : threshold;
}

/*
 * Size and threshold of a table; sums of those of its partitions.  Rows are those that the planner
 * sees: what was counted last, by the size of the table as it is.
 */
static void
load_table(TableWrites *writes, const List *tables)
{
	WriteFacts *facts = &writes->facts;
	ListCell *lc;

	foreach (lc, tables)
	{
		Relation relation = table_open(lfirst_oid(lc), NoLock);
		BlockNumber pages;
		double tuples;
		double all_visible;

		estimate_rel_size(relation, NULL, &pages, &tuples, &all_visible);
		writes->table_pages += pages;
		facts->table_tuples += tuples;
		facts->dead_per_vacuum += find_threshold(relation, relation->rd_rel->reltuples);
		table_close(relation, NoLock);
	}
}

static List *
load_indexes(TableWrites *writes, Relation relation)
{
	List *oids = RelationGetIndexList(relation);
	WriteIndex *indexes = palloc0(sizeof(WriteIndex) * Max(list_length(oids), 1));
	List *written = NIL;
	ListCell *lc;

	writes->indexes = palloc0(sizeof(Oid) * Max(list_length(oids), 1));
	foreach (lc, oids)
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisready)
		{
			writes->indexes[writes->facts.nindexes] = lfirst_oid(lc);
			indexes[writes->facts.nindexes++] =
			    dbops_write_index_of(index, writes->facts.table_tuples);
			written = lappend_oid(written, lfirst_oid(lc));
		}
		index_close(index, AccessShareLock);
	}
	writes->facts.indexes = indexes;
	return written;
}

/* The leaves of a tree of partitioned indexes, whose blocks are counted. */
static List *
find_leaves(const List *indexes)
{
	List *leaves = NIL;
	ListCell *lc;

	foreach (lc, indexes)
		leaves = list_concat_unique_oid(
		    leaves, get_rel_relkind(lfirst_oid(lc)) == RELKIND_PARTITIONED_INDEX ?
		                find_all_inheritors(lfirst_oid(lc), AccessShareLock, NULL) :
		                list_make1_oid(lfirst_oid(lc)));
	return leaves;
}

/* The share of blocks of relations that were cached when asked for. */
static double
load_cached_ratio(const List *relations, double *read_ms)
{
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(MyDatabaseId)},
	    oid_array(relations),
	};
	const SpiRows *rows = dbops_spi_query(blocks_query, params, lengthof(params));
	const double fetched = read_number(rows, BLOCKS_FETCHED);
	const double ms = read_number(rows, BLOCKS_READ_MS);
	const double read = read_number(rows, BLOCKS_READ);

	*read_ms = read >= ENOUGH_BLOCKS && ms > 0 ? ms / read : 0;
	return fetched >= ENOUGH_BLOCKS ? read_number(rows, BLOCKS_HIT) / fetched : NAN;
}

/* What has rows of its own: the table, or its partitions. */
static List *
find_tables(Relation relation)
{
	List *tables = NIL;
	ListCell *lc;

	if (relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return list_make1_oid(RelationGetRelid(relation));
	foreach (lc, find_all_inheritors(RelationGetRelid(relation), AccessShareLock, NULL))
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
			tables = lappend_oid(tables, lfirst_oid(lc));
	return tables;
}

TableWrites *
dbops_table_writes_load(Oid table, int64 window_ms, const UpdateFacts *kinds, int nkinds)
{
	TableWrites *writes = palloc0(sizeof(TableWrites));
	Relation relation = table_open(table, AccessShareLock);
	const List *tables = find_tables(relation);
	List *indexes;

	load_table(writes, tables);
	indexes = load_indexes(writes, relation);
	load_rows(writes, tables, window_ms);
	writes->table_cached_ratio = load_cached_ratio(tables, &writes->facts.read_ms);
	writes->facts.cached_ratio = load_cached_ratio(find_leaves(indexes), &writes->facts.read_ms);
	writes->facts.checkpoint_seconds = CheckPointTimeout;
	writes->facts.full_page_writes = fullPageWrites;
	writes->facts.kinds = kinds;
	writes->facts.nkinds = nkinds;
	table_close(relation, AccessShareLock);
	return writes;
}
