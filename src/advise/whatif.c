/*
 * advise/whatif.c
 *		Planning with indexes that do not exist; see whatif.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "optimizer/paths.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/hypothetical.h"
#include "advise/partition_index.h"
#include "advise/size_facts.h"
#include "advise/whatif.h"
#include "core/compat_planner.h"

/* An index that does not exist has an OID that no catalog row has yet: the last one, and
 * downwards. */
#define FIRST_FAKE_OID PG_UINT32_MAX

typedef struct KnownIndex
{
	WhatifItem shown;
	IndexOptInfo *info; /* NULL if it exists */
} KnownIndex;

/* Items of a table, and of an index. */
typedef struct TableItems
{
	Oid table;
	List *items;             /* of int */
	PartitionSample *sample; /* NULL unless it is partitioned and has items */
} TableItems;

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

typedef struct IndexItem
{
	Oid indexid;
	int item;
} IndexItem;

struct Whatif
{
	MemoryContext memory;
	int nitems;
	int capacity;
	KnownIndex *items;
	HTAB *tables;     /* TableItems */
	HTAB *indexes;    /* IndexItem, those that exist */
	HTAB *partitions; /* PartitionItem */
};

/* What is being planned, and how it is told from what is planned within. */
typedef struct Planning
{
	Whatif *whatif;
	Statement *statement;
	const WhatifRequest *request;
	MemoryContext caller;
	WhatifPlan *plan;
} Planning;

static const Planning *active = NULL;
static CompatIndexListHook prev_index_list = NULL;
static set_rel_pathlist_hook_type prev_rel_pathlist = NULL;

/* Whatever ends a planning, its memory goes: then nothing is injected any more. */
static void
forget_planning(void *arg)
{
	active = NULL;
}

/* ---- items ----------------------------------------------------------------------------------- */

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

	whatif->memory = memory;
	whatif->capacity = 64;
	whatif->items = MemoryContextAlloc(memory, sizeof(KnownIndex) * whatif->capacity);
	whatif->tables = create_map(whatif, "dbops items of tables", sizeof(Oid), sizeof(TableItems));
	whatif->indexes = create_map(whatif, "dbops items of indexes", sizeof(Oid), sizeof(IndexItem));
	whatif->partitions = create_map(whatif, "dbops items of partitions", sizeof(PartitionItemKey),
	                                sizeof(PartitionItem));
	return whatif;
}

static TableItems *
items_of(const Whatif *whatif, Oid table)
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
	const TableItems *entry = items_of(whatif, spec->table);
	ListCell *lc;

	foreach (lc, entry ? entry->items : NIL)
	{
		const IndexSpec *other = whatif->items[lfirst_int(lc)].shown.spec;

		if (other != NULL && dbops_index_spec_equal(other, spec))
			return lfirst_int(lc);
	}
	return -1;
}

/* A partitioned table is as large as its partitions.  In a memory context that is short-lived. */
static IndexSize
size_of(Whatif *whatif, const IndexSpec *spec, Relation table)
{
	TableItems *entry;
	MemoryContext caller;

	if (table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return dbops_size_of_spec(spec, table);
	entry = enter_table(whatif, spec->table);
	if (entry->sample == NULL)
	{
		caller = MemoryContextSwitchTo(whatif->memory);
		entry->sample = dbops_partition_sample(spec->table);
		MemoryContextSwitchTo(caller);
	}
	return dbops_partition_size(spec, entry->sample);
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
	item.shown.size = size_of(whatif, spec, table);
	caller = MemoryContextSwitchTo(whatif->memory);
	item.shown.spec = dbops_index_spec_copy(spec);
	item.info = dbops_hypothetical_new(item.shown.spec, table, FIRST_FAKE_OID - whatif->nitems,
	                                   &item.shown.size);
	number = append_item(whatif, &item);
	MemoryContextSwitchTo(caller);
	table_close(table, NoLock);
	return number;
}

int
dbops_whatif_add_existing(Whatif *whatif, Oid indexid)
{
	MemoryContext caller;
	KnownIndex item = {.shown.indexid = indexid};
	IndexItem *entry = hash_search(whatif->indexes, &indexid, HASH_FIND, NULL);

	if (entry != NULL)
		return entry->item;
	caller = MemoryContextSwitchTo(whatif->memory);
	item.shown.spec = dbops_index_spec_of(indexid);
	item.shown.table = IndexGetRelation(indexid, false);
	item.shown.size = dbops_size_of_index(indexid);
	entry = hash_search(whatif->indexes, &indexid, HASH_ENTER, NULL);
	entry->item = append_item(whatif, &item);
	MemoryContextSwitchTo(caller);
	return entry->item;
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

const Whatif *
dbops_whatif_active(void)
{
	return active != NULL ? active->whatif : NULL;
}

/* ---- in the planner -------------------------------------------------------------------------- */

/*
 * Whether the planner is at work for us.  What is planned meanwhile, in a function that the planner
 * evaluates, has other parameters.
 */
static bool
is_ours(const PlannerInfo *root)
{
	return active != NULL && root->glob->boundParams == active->statement->params;
}

/* Takes existing indexes that are not present from the list, and puts the others in. */
static void
list_indexes(RelOptInfo *rel, const TableItems *entry)
{
	const Whatif *whatif = active->whatif;
	ListCell *lc;

	foreach (lc, rel->indexlist)
	{
		int item = dbops_whatif_find(whatif, lfirst_node(IndexOptInfo, lc)->indexoid);

		if (item >= 0 && !bms_is_member(item, active->request->present))
			rel->indexlist = foreach_delete_current(rel->indexlist, lc);
	}
	foreach (lc, entry->items)
	{
		const KnownIndex *item = &whatif->items[lfirst_int(lc)];

		if (item->info != NULL && bms_is_member(lfirst_int(lc), active->request->present))
			dbops_hypothetical_inject(item->info, rel);
	}
}

static const IndexSize *
size_in_partition(int item, const IndexSpec *spec, Relation partition)
{
	const PartitionItemKey key = {.partition = RelationGetRelid(partition), .item = item};
	HTAB *known = active->whatif->partitions;
	PartitionItem *entry = hash_search(known, &key, HASH_FIND, NULL);

	if (entry == NULL)
	{
		IndexSize size = dbops_size_of_spec(spec, partition);

		entry = hash_search(known, &key, HASH_ENTER, NULL);
		entry->size = size;
	}
	return &entry->size;
}

/* Puts the items of a partitioned table into one of its partitions. */
static void
list_inherited(RelOptInfo *rel, Oid partition, const TableItems *entry)
{
	const Whatif *whatif = active->whatif;
	Relation relation = table_open(partition, NoLock);
	ListCell *lc;

	foreach (lc, entry->items)
	{
		int item = lfirst_int(lc);
		const KnownIndex *known = &whatif->items[item];
		IndexSpec *spec;

		if (known->info == NULL || !bms_is_member(item, active->request->present))
			continue;
		spec = dbops_partition_spec(known->shown.spec, partition);
		if (spec != NULL)
			dbops_hypothetical_inject(
			    dbops_hypothetical_new(spec, relation, known->info->indexoid,
			                           size_in_partition(item, spec, relation)),
			    rel);
	}
	table_close(relation, NoLock);
}

/* The same for each table that it is a partition of, directly or not. */
static void
list_inherited_indexes(const PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	const AppendRelInfo *link = root->append_rel_array ? root->append_rel_array[rel->relid] : NULL;

	for (; link != NULL && OidIsValid(link->parent_reloid);
	     link = root->append_rel_array[link->parent_relid])
	{
		const TableItems *entry = items_of(active->whatif, link->parent_reloid);

		if (entry != NULL && get_rel_relkind(link->parent_reloid) == RELKIND_PARTITIONED_TABLE)
			list_inherited(rel, relid, entry);
	}
}

static void
see_indexes(DBOPS_INDEX_LIST_PARAMS)
{
	const TableItems *entry;

	if (prev_index_list)
		prev_index_list(DBOPS_INDEX_LIST_ARGS);
	if (!is_ours(root) || !OidIsValid(DBOPS_INDEX_LIST_RELID))
		return;
	if (rel->fdwroutine != NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("it reads a foreign table, which planning may connect to")));
	entry = items_of(active->whatif, DBOPS_INDEX_LIST_RELID);
	if (entry != NULL)
		list_indexes(rel, entry);
	list_inherited_indexes(root, rel, DBOPS_INDEX_LIST_RELID);
}

static void
see_relation(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	if (prev_rel_pathlist)
		prev_rel_pathlist(root, rel, rti, rte);
	if (is_ours(root) && active->request->on_relation != NULL && rte->rtekind == RTE_RELATION)
		active->request->on_relation(root, rel, rte->relid, active->request->arg);
}

static void
install_hooks(void)
{
	static bool installed = false;

	if (installed)
		return;
	prev_index_list = *dbops_compat_index_list_hook();
	*dbops_compat_index_list_hook() = see_indexes;
	prev_rel_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = see_relation;
	installed = true;
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void collect_uses(Plan *plan);

static void
collect_from(List *plans)
{
	ListCell *lc;

	foreach (lc, plans)
		collect_uses(lfirst(lc));
}

static void
collect_use(Oid indexid)
{
	int item = dbops_whatif_find(active->whatif, indexid);
	MemoryContext planner = MemoryContextSwitchTo(active->caller);

	if (item >= 0)
		active->plan->uses = bms_add_member(active->plan->uses, item);
	MemoryContextSwitchTo(planner);
}

/* The items that a plan reads. */
static void
collect_uses(Plan *plan)
{
	if (plan == NULL)
		return;
	switch (nodeTag(plan))
	{
		case T_IndexScan:
			collect_use(((IndexScan *) plan)->indexid);
			break;
		case T_IndexOnlyScan:
			collect_use(((IndexOnlyScan *) plan)->indexid);
			break;
		case T_BitmapIndexScan:
			collect_use(((BitmapIndexScan *) plan)->indexid);
			break;
		case T_BitmapAnd:
			collect_from(((BitmapAnd *) plan)->bitmapplans);
			break;
		case T_BitmapOr:
			collect_from(((BitmapOr *) plan)->bitmapplans);
			break;
		case T_Append:
			collect_from(((Append *) plan)->appendplans);
			break;
		case T_MergeAppend:
			collect_from(((MergeAppend *) plan)->mergeplans);
			break;
		case T_SubqueryScan:
			collect_uses(((SubqueryScan *) plan)->subplan);
			break;
		case T_CustomScan:
			collect_from(((CustomScan *) plan)->custom_plans);
			break;
		default:
			break;
	}
	collect_uses(plan->lefttree);
	collect_uses(plan->righttree);
}

static void
plan_query(const Planning *planning, Query *query)
{
	const Statement *statement = planning->statement;
	PlannedStmt *planned;

	if (query->commandType == CMD_UTILITY)
		return;
	planned = dbops_compat_standard_planner(copyObject(query), statement->source->text,
	                                        CURSOR_OPT_PARALLEL_OK, statement->params);
	planning->plan->cost += planned->planTree->total_cost;
	collect_uses(planned->planTree);
	collect_from(planned->subplans);
	if (planning->request->on_plan != NULL)
		planning->request->on_plan(planned, statement, planning->request->arg);
}

static void
plan_statement(void *arg)
{
	const Planning *planning = arg;
	ListCell *lc;

	if (!dbops_statement_lock(planning->statement))
		return;
	active = planning;
	foreach (lc, planning->statement->queries)
		plan_query(planning, lfirst_node(Query, lc));
	active = NULL;
}

bool
dbops_whatif_plan(Whatif *whatif, Statement *statement, const WhatifRequest *request,
                  WhatifPlan *plan)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext working;
	MemoryContextCallback *ending;
	Planning planning = {.whatif = whatif,
	                     .statement = statement,
	                     .request = request,
	                     .caller = caller,
	                     .plan = plan};
	TaskError error;
	bool planned;

	if (statement->left_out != NULL)
		return false;
	install_hooks();
	*plan = (WhatifPlan){0};
	working = AllocSetContextCreate(caller, "dbops planning", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(working);
	ending = palloc0(sizeof(MemoryContextCallback));
	ending->func = forget_planning;
	MemoryContextRegisterResetCallback(working, ending);
	planned = dbops_restricted_run(&statement->context, plan_statement, &planning, &error);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
	if (!planned)
		dbops_statement_fail(statement, &error);
	else
		statement->failures = 0;
	return planned && statement->left_out == NULL;
}
