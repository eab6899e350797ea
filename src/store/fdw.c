/*
 * store/fdw.c
 *		The foreign-data wrapper: the planner's half, and what SQL calls.
 *
 * A foreign table per family shows its history, another what it is at the moment.  The wrapper
 * passes on to the reader the range of time, the step, the node, the labels and the columns that a
 * query needs (store/fdw_quals.h); the rows are checked again.
 */
#include "postgres.h"

#include <math.h>

#include "access/reloptions.h"
#include "access/sysattr.h"
#include "catalog/pg_foreign_table.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"

#include "core/compat.h"
#include "store/fdw_estimate.h"
#include "store/fdw_quals.h"
#include "store/fdw_scan.h"

PG_FUNCTION_INFO_V1(dbops_fdw_handler);
PG_FUNCTION_INFO_V1(dbops_fdw_validator);

static void
plan_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	rel->fdw_private = dbops_fdw_table_open(relid);
	dbops_quals_check_step(root, rel);
	rel->rows = dbops_fdw_estimate_rows(root, rel, rel->baserestrictinfo);
}

static void
add_foreign_path(PlannerInfo *root, RelOptInfo *rel, double rows, Relids outer)
{
	double scanned = dbops_fdw_estimate_scanned(root, rel, rel->baserestrictinfo);
	Cost cost = rel->baserestrictcost.startup +
	            scanned * (cpu_tuple_cost + rel->baserestrictcost.per_tuple);

	if (!bms_is_empty(outer))
		cost *= rows / Max(rel->rows, 1);
	add_path(rel, (Path *) dbops_compat_foreignscan_path(root, rel, rows, cost, outer));
}

/* A path for a clause that compares with columns of other relations: they come from outside. */
static void
add_parameterized_path(PlannerInfo *root, RelOptInfo *rel, RestrictInfo *clause)
{
	Request request;
	Relids outer;
	ParamPathInfo *info;

	if (!join_clause_is_movable_to(clause, rel) ||
	    !dbops_quals_request(root, rel, (Node *) clause, &request))
		return;
	outer = bms_union(clause->clause_relids, rel->lateral_relids);
	outer = bms_del_member(outer, rel->relid);
	if (bms_is_empty(outer))
		return;
	info = get_baserel_parampathinfo(root, rel, outer);
	add_foreign_path(root, rel,
	                 dbops_fdw_estimate_rows(
	                     root, rel, list_concat_copy(rel->baserestrictinfo, info->ppi_clauses)),
	                 outer);
}

/* Picks, for an equivalence class, the members that are the label in question. */
static bool
is_label_member(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec, EquivalenceMember *em,
                void *arg)
{
	const Var *var = (const Var *) em->em_expr;
	const AttrNumber *attribute = arg;

	return IsA(var, Var) && var->varno == rel->relid && var->varattno == *attribute;
}

static void
add_label_paths(PlannerInfo *root, RelOptInfo *rel)
{
	const FdwTable *table = rel->fdw_private;

	for (AttrNumber attribute = 1; attribute <= table->natts; attribute++)
	{
		const Column *column = table->columns[attribute - 1];
		List *clauses;
		ListCell *cell;

		if (column == NULL || column->source != COLUMN_LABEL)
			continue;
		clauses = generate_implied_equalities_for_column(root, rel, is_label_member, &attribute,
		                                                 rel->lateral_referencers);
		foreach (cell, clauses)
			add_parameterized_path(root, rel, lfirst_node(RestrictInfo, cell));
	}
}

static void
plan_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	const FdwTable *table = rel->fdw_private;
	ListCell *cell;

	add_foreign_path(root, rel, rel->rows, rel->lateral_relids);
	if (table->kind != TABLE_HISTORY)
		return;
	foreach (cell, rel->joininfo)
		add_parameterized_path(root, rel, lfirst_node(RestrictInfo, cell));
	if (rel->has_eclass_joins)
		add_label_paths(root, rel);
}

/* The attributes that the query reads or filters by; a whole row needs them all. */
static List *
list_needed(RelOptInfo *rel, List *clauses)
{
	const FdwTable *table = rel->fdw_private;
	Bitmapset *used = NULL;
	List *needed = NIL;
	bool whole_row;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &used);
	pull_varattnos((Node *) clauses, rel->relid, &used);
	whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
	for (AttrNumber attribute = 1; attribute <= table->natts; attribute++)
	{
		if (whole_row || bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, used))
			needed = lappend_int(needed, attribute);
	}
	return needed;
}

static ForeignScan *
plan_scan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *best_path, List *tlist,
          List *scan_clauses, Plan *outer_plan)
{
	List *clauses = extract_actual_clauses(scan_clauses, false);
	List *kinds = NIL;
	List *labels = NIL;
	List *values = NIL;
	ListCell *cell;

	foreach (cell, clauses)
	{
		Request request;

		if (!dbops_quals_request(root, rel, lfirst(cell), &request))
			continue;
		kinds = lappend_int(kinds, request.kind);
		labels = lappend_int(labels, request.label);
		values = lappend(values, request.value);
	}
	/* In the order of FdwPlanList. */
	return make_foreignscan(tlist, clauses, rel->relid, values,
	                        list_make3(kinds, labels, list_needed(rel, clauses)), NIL, NIL,
	                        outer_plan);
}

static List *
import_schema(ImportForeignSchemaStmt *statement, Oid server)
{
	return dbops_fdw_table_commands(dbops_fdw_table_kind(statement->remote_schema),
	                                statement->server_name);
}

Datum
dbops_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = plan_size;
	routine->GetForeignPaths = plan_paths;
	routine->GetForeignPlan = plan_scan;
	routine->BeginForeignScan = dbops_fdw_scan_begin;
	routine->IterateForeignScan = dbops_fdw_scan_next;
	routine->ReScanForeignScan = dbops_fdw_scan_restart;
	routine->EndForeignScan = dbops_fdw_scan_end;
	routine->ExplainForeignScan = dbops_fdw_scan_explain;
	routine->ImportForeignSchema = import_schema;
	PG_RETURN_POINTER(routine);
}

Datum
dbops_fdw_validator(PG_FUNCTION_ARGS)
{
	List *options = untransformRelOptions(PG_GETARG_DATUM(0));

	if (PG_GETARG_OID(1) == ForeignTableRelationId)
		dbops_fdw_table_check_options(options);
	else if (options != NIL)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
		                errmsg("only foreign tables of dbops have options")));
	PG_RETURN_VOID();
}
