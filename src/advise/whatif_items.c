/*
 * advise/whatif_items.c
 *		Which indexes there may be, and what is known of them; see whatif_items.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/hypothetical.h"
#include "advise/size_facts.h"
#include "advise/whatif_items.h"

/* An index that does not exist has an OID that no catalog row has yet: the last one, and
 * downwards. */
#define FIRST_FAKE_OID PG_UINT32_MAX

typedef struct IndexItem
{
	Oid indexid;
	int item;
} IndexItem;

/* How large an item of a partitioned table is in one partition. */
typedef struct PartitionItemKey
{
	Oid partition;
	int item;
} PartitionItemKey;

typedef struct PartitionItem
{
	PartitionItemKey key;
	IndexSize size;
} PartitionItem;

static HTAB *
create_map(const Whatif *whatif, const char *name, Size key, Size entry)
{
	HASHCTL ctl = {.keysize = key, .entrysize = entry, .hcxt = whatif->memory};

	return hash_create(name, 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

Whatif *
dbops_whatif_new(void)
{
	MemoryContext memory =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops what-if", ALLOCSET_DEFAULT_SIZES);
	Whatif *whatif = MemoryContextAllocZero(memory, sizeof(Whatif));
	MemoryContext caller;

	whatif->memory = memory;
	whatif->capacity = 64;
	whatif->items = MemoryContextAlloc(memory, sizeof(KnownIndex) * whatif->capacity);
	whatif->tables = create_map(whatif, "dbops items of tables", sizeof(Oid), sizeof(TableItems));
	whatif->indexes = create_map(whatif, "dbops items of indexes", sizeof(Oid), sizeof(IndexItem));
	whatif->partitions = create_map(whatif, "dbops items of partitions", sizeof(PartitionItemKey),
	                                sizeof(PartitionItem));
	caller = MemoryContextSwitchTo(memory);
	whatif->sampled = dbops_sampled_new();
	whatif->samples = dbops_key_samples_new();
	MemoryContextSwitchTo(caller);
	return whatif;
}

TableItems *
dbops_whatif_items_of(const Whatif *whatif, Oid table)
{
	return hash_search(whatif->tables, &table, HASH_FIND, NULL);
}

static TableItems *
enter_table(Whatif *whatif, Oid table)
{
	bool found;
	TableItems *entry = hash_search(whatif->tables, &table, HASH_ENTER, &found);

	if (!found)
	{
		entry->items = NIL;
		entry->sample = NULL;
	}
	return entry;
}

/* In the memory of the what-if. */
static int
append_item(Whatif *whatif, const KnownIndex *item)
{
	TableItems *entry = enter_table(whatif, item->shown.table);

	if (whatif->nitems == whatif->capacity)
	{
		whatif->capacity *= 2;
		whatif->items = repalloc(whatif->items, sizeof(KnownIndex) * whatif->capacity);
	}
	whatif->items[whatif->nitems] = *item;
	entry->items = lappend_int(entry->items, whatif->nitems);
	return whatif->nitems++;
}

static int
find_spec(const Whatif *whatif, const IndexSpec *spec)
{
	const TableItems *entry = dbops_whatif_items_of(whatif, spec->table);
	ListCell *lc;

	foreach (lc, entry ? entry->items : NIL)
	{
		const IndexSpec *other = whatif->items[lfirst_int(lc)].shown.spec;

		if (other != NULL && dbops_index_spec_equal(other, spec))
			return lfirst_int(lc);
	}
	return -1;
}

/* Some partitions of the table, if it is partitioned. */
static const PartitionSample *
partitions_of(Whatif *whatif, Relation table)
{
	TableItems *entry;
	MemoryContext caller;

	if (table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return NULL;
	entry = enter_table(whatif, RelationGetRelid(table));
	if (entry->sample == NULL)
	{
		caller = MemoryContextSwitchTo(whatif->memory);
		entry->sample = dbops_partition_sample(RelationGetRelid(table));
		MemoryContextSwitchTo(caller);
	}
	return entry->sample;
}

static bool
has_expressions(const IndexSpec *spec)
{
	for (int i = 0; i < spec->nkeys; i++)
	{
		if (spec->columns[i].attno == 0)
			return true;
	}
	return false;
}

/* Statistics of the expressions in the index; false if one fails. */
static bool
sample_expressions(Whatif *whatif, const IndexSpec *spec, Relation table, HeapTuple *statistics)
{
	for (int i = 0; i < spec->nkeys; i++)
	{
		const SampledExpression *sampled;

		if (spec->columns[i].attno != 0)
			continue;
		sampled = dbops_sampled_expression(whatif->sampled, table, spec->columns[i].expression);
		if (sampled->fails)
			return false;
		statistics[i] = sampled->statistics;
	}
	return true;
}

/* The same; a partitioned table has its rows in partitions, of which the largest stands for all. */
static bool
know_expressions(Whatif *whatif, const IndexSpec *spec, Relation table, HeapTuple **statistics)
{
	const PartitionSample *partitions;
	const IndexSpec *mapped;
	Relation largest;
	bool possible = true;

	*statistics = NULL;
	if (!has_expressions(spec))
		return true;
	*statistics = MemoryContextAllocZero(whatif->memory, sizeof(HeapTuple) * spec->ncolumns);
	partitions = partitions_of(whatif, table);
	if (partitions == NULL)
		return sample_expressions(whatif, spec, table, *statistics);
	largest = try_table_open(dbops_partition_largest(partitions), AccessShareLock);
	if (largest == NULL)
		return true;
	mapped = dbops_partition_spec(spec, RelationGetRelid(largest));
	if (mapped != NULL)
		possible = sample_expressions(whatif, mapped, largest, *statistics);
	table_close(largest, NoLock);
	return possible;
}

/*
 * A partitioned table is as large as its partitions, of which no samples are taken: they may be
 * many.  In a memory context that is short-lived.
 */
static IndexSize
size_of(Whatif *whatif, const IndexSpec *spec, Relation table, const HeapTuple *statistics)
{
	const PartitionSample *partitions = partitions_of(whatif, table);
	const SizeHints hints = {.statistics = statistics,
	                         .samples = partitions == NULL ? whatif->samples : NULL};

	if (partitions != NULL)
		return dbops_partition_size(spec, partitions, &hints);
	return dbops_index_size(dbops_size_facts_load(spec, table, &hints));
}

int
dbops_whatif_add(Whatif *whatif, const IndexSpec *spec)
{
	MemoryContext caller;
	Relation table;
	KnownIndex item = {0};
	int number = find_spec(whatif, spec);

	if (number >= 0)
		return number;
	table = table_open(spec->table, NoLock);
	item.shown.table = spec->table;
	if (know_expressions(whatif, spec, table, &item.statistics))
	{
		item.shown.size = size_of(whatif, spec, table, item.statistics);
		caller = MemoryContextSwitchTo(whatif->memory);
		item.shown.spec = dbops_index_spec_keep(spec);
		item.info = dbops_hypothetical_new(item.shown.spec, table, FIRST_FAKE_OID - whatif->nitems,
		                                   &item.shown.size);
		number = append_item(whatif, &item);
		MemoryContextSwitchTo(caller);
	}
	table_close(table, NoLock);
	return number;
}

double
dbops_whatif_share(Whatif *whatif, Oid table, List *predicate)
{
	Relation relation = table_open(table, NoLock);
	double share = -1;

	if (relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		share = dbops_sampled_predicate(whatif->sampled, relation, predicate)->share;
	table_close(relation, NoLock);
	return share;
}

/* The index, and those of the partitions if it is that of a partitioned table. */
static List *
list_parts(Oid indexid)
{
	return get_rel_relkind(indexid) == RELKIND_PARTITIONED_INDEX ?
	           find_all_inheritors(indexid, AccessShareLock, NULL) :
	           list_make1_oid(indexid);
}

static IndexSize
add_up_sizes(const List *indexes)
{
	IndexSize sum = {.tree_height = -1};
	ListCell *lc;

	foreach (lc, indexes)
	{
		IndexSize size = dbops_size_of_index(lfirst_oid(lc));

		sum.pages += size.pages;
		sum.tuples += size.tuples;
		sum.tree_height = Max(sum.tree_height, size.tree_height);
	}
	return sum;
}

int
dbops_whatif_add_existing(Whatif *whatif, Oid indexid)
{
	MemoryContext caller;
	KnownIndex item = {.shown.indexid = indexid};
	IndexItem *entry = hash_search(whatif->indexes, &indexid, HASH_FIND, NULL);
	List *parts;
	ListCell *lc;
	int number;

	if (entry != NULL)
		return entry->item;
	parts = list_parts(indexid);
	caller = MemoryContextSwitchTo(whatif->memory);
	item.shown.spec = dbops_index_spec_of(indexid);
	item.shown.table = IndexGetRelation(indexid, false);
	item.shown.size = add_up_sizes(parts);
	number = append_item(whatif, &item);
	MemoryContextSwitchTo(caller);
	foreach (lc, parts)
	{
		indexid = lfirst_oid(lc);
		entry = hash_search(whatif->indexes, &indexid, HASH_ENTER, NULL);
		entry->item = number;
	}
	return number;
}

void
dbops_whatif_call(Whatif *whatif, int item, const char *name)
{
	whatif->items[item].shown.name = MemoryContextStrdup(whatif->memory, name);
}

int
dbops_whatif_count(const Whatif *whatif)
{
	return whatif->nitems;
}

const WhatifItem *
dbops_whatif_item(const Whatif *whatif, int item)
{
	Assert(item >= 0 && item < whatif->nitems);
	return &whatif->items[item].shown;
}

int
dbops_whatif_find(const Whatif *whatif, Oid indexid)
{
	const IndexItem *entry;

	if (indexid > FIRST_FAKE_OID - whatif->nitems)
		return FIRST_FAKE_OID - indexid;
	entry = hash_search(whatif->indexes, &indexid, HASH_FIND, NULL);
	return entry ? entry->item : -1;
}

const IndexSize *
dbops_whatif_size_in(Whatif *whatif, int item, const IndexSpec *spec, Relation partition)
{
	const SizeHints hints = {.statistics = whatif->items[item].statistics};
	const PartitionItemKey key = {.partition = RelationGetRelid(partition), .item = item};
	HTAB *known = whatif->partitions;
	PartitionItem *entry = hash_search(known, &key, HASH_FIND, NULL);

	if (entry == NULL)
	{
		IndexSize size = dbops_index_size(dbops_size_facts_load(spec, partition, &hints));

		entry = hash_search(known, &key, HASH_ENTER, NULL);
		entry->size = size;
	}
	return &entry->size;
}
