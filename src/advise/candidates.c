/*
 * advise/candidates.c
 *		From one planning of a statement to the indexes that could serve it; see candidates.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/candidate_list.h"
#include "advise/candidates_btree.h"
#include "advise/candidates_partial.h"
#include "advise/candidates_special.h"
#include "advise/passed_over.h"

typedef struct Finding
{
	Whatif *whatif;
	const CandidateLimits *limits;
	MemoryContext caller;
	Bitmapset *items;
} Finding;

/* ---- which relations ------------------------------------------------------------------------- */

static bool
is_partitioned(Oid table)
{
	return get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE;
}

/*
 * Whether the relation stands for another one that is looked at: a partition for its table, whose
 * clauses are the same in other numbers; or a table with children for itself as one of them.
 */
static bool
is_stand_in(const PlannerInfo *root, const RelOptInfo *rel, Oid table)
{
	const AppendRelInfo *link;

	if (rel->reloptkind != RELOPT_OTHER_MEMBER_REL)
		return root->simple_rte_array[rel->relid]->inh && !is_partitioned(table);
	link = root->append_rel_array[rel->relid];
	return OidIsValid(link->parent_reloid) && is_partitioned(link->parent_reloid);
}

/* ---- what they get --------------------------------------------------------------------------- */

static List *
existing_indexes(Oid table)
{
	Relation relation = table_open(table, NoLock);
	List *specs = NIL;
	ListCell *lc;

	foreach (lc, RelationGetIndexList(relation))
	{
		IndexSpec *spec = dbops_index_spec_of(lfirst_oid(lc));

		if (spec != NULL)
			specs = lappend(specs, spec);
	}
	table_close(relation, NoLock);
	return specs;
}

static List *
unique_columns(const RelOptInfo *rel)
{
	List *sets = NIL;
	ListCell *lc;

	foreach (lc, rel->indexlist)
	{
		const IndexOptInfo *index = lfirst(lc);
		Bitmapset *columns = NULL;

		if (!index->unique || !index->immediate || index->indpred != NIL || index->indexprs != NIL)
			continue;
		for (int i = 0; i < index->nkeycolumns; i++)
			columns = bms_add_member(columns, index->indexkeys[i]);
		sets = lappend(sets, columns);
	}
	return sets;
}

static void
add_items(Finding *finding, List *specs)
{
	ListCell *lc;

	foreach (lc, specs)
	{
		int item = dbops_whatif_add(finding->whatif, lfirst(lc));
		MemoryContext planner = MemoryContextSwitchTo(finding->caller);

		if (item >= 0)
			finding->items = bms_add_member(finding->items, item);
		MemoryContextSwitchTo(planner);
	}
}

static void
look_at_relation(PlannerInfo *root, RelOptInfo *rel, Oid table, void *arg)
{
	Finding *finding = arg;
	const char *reason;
	CandidateList list = {.whatif = finding->whatif, .limits = finding->limits, .selectivity = 1};

	if (is_stand_in(root, rel, table))
		return;
	reason = dbops_passed_over_reason(root, rel, table);
	if (reason != NULL)
	{
		if (finding->limits->on_passed_over != NULL)
			finding->limits->on_passed_over(table, reason, finding->limits->arg);
		return;
	}
	list.wants = dbops_wants_of(root, rel, table, dbops_passed_over_pages(root, rel));
	list.existing = existing_indexes(table);
	list.unique = unique_columns(rel);
	dbops_candidates_btree(&list);
	dbops_candidates_special(&list);
	if (list.specs == NIL)
		dbops_candidates_narrow(&list);
	dbops_candidates_partial(&list);
	add_items(finding, list.specs);
}

/*
 * Whether values of parameters are taken for constants.  If not, they are known to estimates all
 * the same, but what is one of many values makes no predicate.
 */
static void
fold_parameters(ParamListInfo params, bool fold)
{
	for (int i = 0; i < params->numParams; i++)
	{
		if (OidIsValid(params->params[i].ptype))
			params->params[i].pflags = fold ? PARAM_FLAG_CONST : 0;
	}
}

Bitmapset *
dbops_candidates_find(Whatif *whatif, Statement *statement, const CandidateLimits *limits)
{
	Finding finding = {.whatif = whatif, .limits = limits, .caller = CurrentMemoryContext};
	WhatifRequest request = {.on_relation = look_at_relation, .arg = &finding};
	WhatifPlan plan;
	bool planned;

	if (statement->left_out != NULL)
		return NULL;
	fold_parameters(statement->params, false);
	planned = dbops_whatif_plan(whatif, statement, &request, &plan);
	if (statement->left_out == NULL)
		fold_parameters(statement->params, true);
	return planned ? finding.items : NULL;
}
