/*
 * advise/upkeep.c
 *		Upkeep by table; see upkeep.h.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "advise/statement_writes.h"
#include "advise/table_writes.h"
#include "advise/update_kinds.h"
#include "advise/upkeep.h"
#include "advise/write_index.h"

/* What was written in less time may be a load that does not come again. */
#define ENOUGH_DAYS 1.0

/* A statement that was called so often is one that comes again. */
#define ENOUGH_CALLS 3

/* Share of updates that are HOT where nobody has seen any. */
#define HOT_ASSUMED 0.5

typedef struct TableEntry
{
	Oid table;
	TableWrites *writes;
} TableEntry;

struct Upkeep
{
	UpkeepOptions options;
	MemoryContext memory;
	UpdateRows *rows;
	HTAB *tables;
};

Upkeep *
dbops_upkeep_begin(const UpkeepOptions *options)
{
	HASHCTL table = {
	    .keysize = sizeof(Oid), .entrysize = sizeof(TableEntry), .hcxt = CurrentMemoryContext};
	Upkeep *upkeep = palloc(sizeof(Upkeep));

	upkeep->options = *options;
	upkeep->memory = CurrentMemoryContext;
	upkeep->rows = dbops_update_rows_load(options->statements, options->window_ms);
	upkeep->tables = hash_create("dbops upkeep", 64, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return upkeep;
}

static double
least_of(double measured, double found)
{
	return isnan(measured) ? found : Min(measured, found);
}

/*
 * In a short time what is written once counts as if it were written all the time, so there only
 * statements count that come again.
 */
static void
take_recurring(WriteFacts *facts, const StatementWrites *found)
{
	facts->inserts = least_of(facts->inserts, found->inserts);
	facts->updates = least_of(facts->updates, found->updates);
	facts->deletes = least_of(facts->deletes, found->deletes);
}

static void
take_written(WriteFacts *facts, const StatementWrites *found)
{
	facts->inserts = found->inserts;
	facts->updates = found->updates;
	facts->deletes = found->deletes;
}

static void
take_statements(const Upkeep *upkeep, Oid table, TableWrites *writes)
{
	const UpkeepOptions *options = &upkeep->options;
	const bool recurring = options->tell == STATEMENTS_TELL_RECURRING && options->window_days > 0;
	WriteFacts *facts = &writes->facts;
	const double hot = facts->updates > 0 ? facts->hot_updates / facts->updates : HOT_ASSUMED;
	StatementWrites found;

	if (options->tell == STATEMENTS_TELL_COLUMNS || (recurring && writes->days >= ENOUGH_DAYS))
		return;
	found = dbops_statement_writes_find(options->statements, table, upkeep->rows,
	                                    recurring ? ENOUGH_CALLS / options->window_days : 0);
	if (recurring)
		take_recurring(facts, &found);
	else if (writes->days < ENOUGH_DAYS || found.inserts + found.updates + found.deletes > 0)
		take_written(facts, &found);
	facts->hot_updates = facts->updates * hot;
}

/* Loaded before it is entered, so an error leaves no entry behind. */
static const TableWrites *
writes_of(Upkeep *upkeep, Oid table)
{
	const TableEntry *known = hash_search(upkeep->tables, &table, HASH_FIND, NULL);
	MemoryContext caller;
	UpdateKinds kinds;
	TableWrites *writes;

	if (known != NULL)
		return known->writes;

	caller = MemoryContextSwitchTo(upkeep->memory);
	kinds = dbops_update_kinds_find(upkeep->options.statements, table, upkeep->rows);
	writes = dbops_table_writes_load(table, upkeep->options.window_ms, kinds.kinds, kinds.nkinds);
	writes->facts.ms_per_cost = upkeep->options.ms_per_cost;
	take_statements(upkeep, table, writes);
	((TableEntry *) hash_search(upkeep->tables, &table, HASH_ENTER, NULL))->writes = writes;
	MemoryContextSwitchTo(caller);
	return writes;
}

/* Rows such an index holds: what the planner counts are entries, of GIN more than one a row. */
static WriteIndex
index_of_spec(const TableWrites *writes, const IndexSpec *spec, const IndexSize *size)
{
	const double tuples = writes->facts.table_tuples;
	const double rows = isnan(tuples) ? size->tuples : Min(size->tuples, tuples);

	return dbops_write_index_of_spec(spec, size, rows, tuples);
}

WriteCost
dbops_upkeep_of_spec(Upkeep *upkeep, const IndexSpec *spec, const IndexSize *size)
{
	const TableWrites *writes = writes_of(upkeep, spec->table);
	const WriteIndex index = index_of_spec(writes, spec, size);

	return dbops_write_cost(&writes->facts, &index);
}

WriteCost
dbops_upkeep_of_index(Upkeep *upkeep, Oid table, Oid index)
{
	const TableWrites *writes = writes_of(upkeep, table);

	for (int i = 0; i < writes->facts.nindexes; i++)
		if (writes->indexes[i] == index)
			return dbops_write_cost_existing(&writes->facts, i);
	/* It is not written to. */
	return (WriteCost){.known = WRITES_KNOWN};
}

BuildCost
dbops_upkeep_build(Upkeep *upkeep, const IndexSpec *spec, const IndexSize *size)
{
	const TableWrites *writes = writes_of(upkeep, spec->table);
	const WriteIndex index = index_of_spec(writes, spec, size);
	const BuildFacts facts = {
	    .concurrently = true,
	    .table_pages = writes->table_pages,
	    .table_tuples = writes->facts.table_tuples,
	    .maintenance_bytes = maintenance_work_mem * 1024.0,
	    .max_workers = max_parallel_maintenance_workers,
	    .min_parallel_pages = min_parallel_table_scan_size,
	    .cached_ratio = writes->table_cached_ratio,
	    .ms_per_cost = upkeep->options.ms_per_cost,
	};

	return dbops_build_cost(&facts, &index);
}

const WriteFacts *
dbops_upkeep_writes(Upkeep *upkeep, Oid table, double *table_pages)
{
	const TableWrites *writes = writes_of(upkeep, table);

	*table_pages = writes->table_pages;
	return &writes->facts;
}
