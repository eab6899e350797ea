/*
 * track/plan_columns.c
 *		Names of the columns that a plan sorts, groups and searches by; see plan_columns.h.
 */
#include "postgres.h"

#include "nodes/parsenodes.h"

#include "track/plan_columns.h"
#include "track/plan_shape.h"

#define LOOKS_MAX 200 /* at what a column is in the plans below */

static const RangeTblEntry *
entry_of(const PlannedStmt *stmt, Index rti)
{
	return list_nth(stmt->rtable, rti - 1);
}

static const char *
name_of_column(const RangeTblEntry *entry, AttrNumber column)
{
	if (column < 0)
		return "system column";
	if (column == 0)
		return "expression";
	return column <= list_length(entry->eref->colnames) ?
	           strVal(list_nth(entry->eref->colnames, column - 1)) :
	           "expression";
}

/* The column of the table that a column of the index is about; 0 for an expression. */
static AttrNumber
find_indexed(const IndexOnlyScan *scan, AttrNumber column)
{
	const Node *node;

	if (column <= 0 || column > list_length(scan->indextlist))
		return 0;
	node = (const Node *) ((const TargetEntry *) list_nth(scan->indextlist, column - 1))->expr;
	return IsA(node, Var) ? ((const Var *) node)->varattno : 0;
}

/* The plan that an OUTER_VAR in the node speaks of. */
static const Plan *
outer_of(const Plan *plan)
{
	const List *branches = dbops_plan_shape_branches(plan);

	return branches != NIL ? linitial(branches) : plan->lefttree;
}

/* The column that an entry of a target list hands on; NULL when it computes one. */
static const Var *
find_var(const List *targets, AttrNumber column)
{
	const Node *node;

	if (column <= 0 || column > list_length(targets))
		return NULL;
	node = (const Node *) ((const TargetEntry *) list_nth(targets, column - 1))->expr;
	while (node != NULL && IsA(node, RelabelType))
		node = (const Node *) ((const RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) ? (const Var *) node : NULL;
}

const char *
dbops_plan_columns_output(const PlannedStmt *stmt, const Plan *plan, AttrNumber column)
{
	for (int looks = 0; plan != NULL && looks < LOOKS_MAX; looks++)
	{
		const Var *var = find_var(plan->targetlist, column);

		if (var == NULL)
			break;
		column = var->varattno;
		if (var->varno == OUTER_VAR)
			plan = outer_of(plan);
		else if (var->varno == INNER_VAR)
			plan = plan->righttree;
		else if (!IS_SPECIAL_VARNO(var->varno))
			return name_of_column(entry_of(stmt, var->varno), column);
		else if (IsA(plan, IndexOnlyScan) && var->varno == INDEX_VAR)
			return name_of_column(entry_of(stmt, ((const Scan *) plan)->scanrelid),
			                      find_indexed((const IndexOnlyScan *) plan, column));
		else
			break;
	}
	return "expression";
}

const char *
dbops_plan_columns_search(const PlannedStmt *stmt, const Plan *plan, const Node *clause)
{
	Index rti = ((const Scan *) plan)->scanrelid;
	AttrNumber column;

	if (IsA(plan, IndexOnlyScan))
		column =
		    find_indexed((const IndexOnlyScan *) plan, dbops_plan_shape_column(clause, INDEX_VAR));
	else
		column = dbops_plan_shape_column(clause, rti);
	return name_of_column(entry_of(stmt, rti), column);
}
