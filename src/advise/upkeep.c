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

#include "advise/table_writes.h"
#include "advise/update_kinds.h"
#include "advise/upkeep.h"
#include "advise/write_index.h"

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
