/*
 * advise/whatif.c
 *		Planning with indexes that do not exist; see whatif.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"

#include "advise/hypothetical.h"
#include "advise/whatif_items.h"
#include "core/compat_planner.h"

/* What is being planned, and how it is told from what is planned within. */
typedef struct Planning
{
	const struct Planning *outer; /* a function that is evaluated there asked for this one */
	Whatif *whatif;
	Statement *statement;
	const WhatifRequest *request;
	MemoryContext caller;
	WhatifPlan *plan;
} Planning;

static const Planning *active = NULL;
static CompatIndexListHook prev_index_list = NULL;
static set_rel_pathlist_hook_type prev_rel_pathlist = NULL;
static get_index_stats_hook_type prev_index_stats = NULL;

/*
 * Whatever ends a planning, its memory goes: then nothing of it is injected any more, nor of those
 * within, which an error may have ended before.
 */
static void
forget_planning(void *arg)
{
	for (const Planning *planning = active; planning != NULL; planning = planning->outer)
	{
		if (planning == arg)
			active = planning->outer;
	}
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

/* Takes existing indexes that are not present from the list, be they items or parts of one. */
static void
hide_indexes(RelOptInfo *rel)
{
	ListCell *lc;

	foreach (lc, rel->indexlist)
	{
		int item = dbops_whatif_find(active->whatif, lfirst_node(IndexOptInfo, lc)->indexoid);

		if (item >= 0 && !bms_is_member(item, active->request->present))
			rel->indexlist = foreach_delete_current(rel->indexlist, lc);
	}
}

/* Puts those in that do not exist. */
static void
list_indexes(RelOptInfo *rel, const TableItems *entry)
{
	const Whatif *whatif = active->whatif;
	ListCell *lc;

	foreach (lc, entry->items)
	{
		const KnownIndex *item = &whatif->items[lfirst_int(lc)];

		if (item->info != NULL && bms_is_member(lfirst_int(lc), active->request->present))
			dbops_hypothetical_inject(item->info, rel);
	}
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
			                           dbops_whatif_size_in(active->whatif, item, spec, relation)),
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
		const TableItems *entry = dbops_whatif_items_of(active->whatif, link->parent_reloid);

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
	hide_indexes(rel);
	entry = dbops_whatif_items_of(active->whatif, DBOPS_INDEX_LIST_RELID);
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

/* They are ours, and stay. */
static void
keep_statistics(HeapTuple tuple)
{
}

static bool
see_statistics(PlannerInfo *root, Oid indexid, AttrNumber attnum, VariableStatData *vardata)
{
	const KnownIndex *known;
	int item;

	if (prev_index_stats && prev_index_stats(root, indexid, attnum, vardata))
		return true;
	item = is_ours(root) ? dbops_whatif_find(active->whatif, indexid) : -1;
	if (item < 0)
		return false;
	known = &active->whatif->items[item];
	if (known->statistics == NULL || known->statistics[attnum - 1] == NULL)
		return false;
	vardata->statsTuple = known->statistics[attnum - 1];
	vardata->freefunc = keep_statistics;
	return true;
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
	prev_index_stats = get_index_stats_hook;
	get_index_stats_hook = see_statistics;
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

static List *
named_relations(const PlannedStmt *planned)
{
	List *relations = NIL;
	ListCell *lc;

	foreach (lc, planned->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (dbops_compat_is_named(rte))
			relations = lappend_oid(relations, rte->relid);
	}
	return relations;
}

static void
plan_query(const Planning *planning, Query *query)
{
	Statement *statement = planning->statement;
	PlannedStmt *planned;

	if (query->commandType == CMD_UTILITY)
		return;
	planned = dbops_compat_standard_planner(copyObject(query), statement->source->text,
	                                        CURSOR_OPT_PARALLEL_OK, statement->params);
	/* Its cost tells of values in the rows, to whom EXPLAIN would not. */
	dbops_compat_check_permissions(planned);
	dbops_sent_statement_extend(statement, named_relations(planned));
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

	if (!dbops_sent_statement_lock(planning->statement))
		return;
	active = planning;
	foreach (lc, planning->statement->queries)
		plan_query(planning, lfirst_node(Query, lc));
	active = planning->outer;
}

bool
dbops_whatif_plan(Whatif *whatif, Statement *statement, const WhatifRequest *request,
                  WhatifPlan *plan)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext working;
	MemoryContextCallback *ending;
	Planning *planning;
	TaskError error;
	bool planned;

	if (statement->left_out != NULL)
		return false;
	install_hooks();
	*plan = (WhatifPlan){0};
	working = AllocSetContextCreate(caller, "dbops planning", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(working);
	planning = palloc(sizeof(Planning));
	*planning = (Planning){.outer = active,
	                       .whatif = whatif,
	                       .statement = statement,
	                       .request = request,
	                       .caller = caller,
	                       .plan = plan};
	ending = palloc0(sizeof(MemoryContextCallback));
	ending->func = forget_planning;
	ending->arg = planning;
	MemoryContextRegisterResetCallback(working, ending);
	planned = dbops_restricted_run(&statement->context, plan_statement, planning, &error);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
	if (!planned)
		dbops_sent_statement_fail(statement, &error);
	else
		statement->failures = 0;
	return planned && statement->left_out == NULL;
}
