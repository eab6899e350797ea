/*
 * track/plan_text.c
 *		A plan as text; see plan_text.h.
 *
 * A file of its own because it must follow track/plan_shape: plans of one shape have one text.
 * Where the shape looks through an Append, so does the text, and a partition is printed as one of
 * the partitions of its table.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "nodes/extensible.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "core/compat.h"
#include "track/plan_columns.h"
#include "track/plan_shape.h"
#include "track/plan_text.h"

#define LEVELS_MAX 100

typedef struct Printer
{
	ShapeWalk walk;
	const EState *estate;
	int level;
	int margin; /* spaces before everything at this level */
} Printer;

static PlanText output;

static const struct NodeName
{
	NodeTag tag;
	const char *name;
} node_names[] = {
    {T_Result, "Result"},
    {T_ProjectSet, "ProjectSet"},
    {T_Append, "Append"},
    {T_MergeAppend, "Merge Append"},
    {T_RecursiveUnion, "Recursive Union"},
    {T_BitmapAnd, "BitmapAnd"},
    {T_BitmapOr, "BitmapOr"},
    {T_SeqScan, "Seq Scan"},
    {T_SampleScan, "Sample Scan"},
    {T_IndexScan, "Index Scan"},
    {T_IndexOnlyScan, "Index Only Scan"},
    {T_BitmapIndexScan, "Bitmap Index Scan"},
    {T_BitmapHeapScan, "Bitmap Heap Scan"},
    {T_TidScan, "Tid Scan"},
    {T_TidRangeScan, "Tid Range Scan"},
    {T_SubqueryScan, "Subquery Scan"},
    {T_FunctionScan, "Function Scan"},
    {T_TableFuncScan, "Table Function Scan"},
    {T_ValuesScan, "Values Scan"},
    {T_CteScan, "CTE Scan"},
    {T_NamedTuplestoreScan, "Named Tuplestore Scan"},
    {T_WorkTableScan, "WorkTable Scan"},
    {T_ForeignScan, "Foreign Scan"},
    {T_CustomScan, "Custom Scan"},
    {T_NestLoop, "Nested Loop"},
    {T_MergeJoin, "Merge"},
    {T_HashJoin, "Hash"},
    {T_Material, "Materialize"},
    {T_Memoize, "Memoize"},
    {T_Sort, "Sort"},
    {T_IncrementalSort, "Incremental Sort"},
    {T_Group, "Group"},
    {T_WindowAgg, "WindowAgg"},
    {T_Unique, "Unique"},
    {T_Gather, "Gather"},
    {T_GatherMerge, "Gather Merge"},
    {T_Hash, "Hash"},
    {T_LockRows, "LockRows"},
    {T_Limit, "Limit"},
};

static void print_tree(Printer *printer, const Plan *plan, const PlanState *state);

/* What finds no room is still hashed. */
static void
put_bytes(const char *bytes, int length)
{
	int room = Min(length, PLAN_TEXT_MAX - output.length);

	output.planid = hash_bytes_extended((const unsigned char *) bytes, length, output.planid);
	memcpy(output.bytes + output.length, bytes, room);
	output.length += room;
}

static void
put(const char *words)
{
	put_bytes(words, strlen(words));
}

static void
put_spaces(int count)
{
	while (count-- > 0)
		put_bytes(" ", 1);
}

static const RangeTblEntry *
entry_of(const Printer *printer, Index rti)
{
	return list_nth(printer->walk.stmt->rtable, rti - 1);
}

/* ---- columns ---- */

static void
put_keys(const Printer *printer, const Plan *plan, int count, const AttrNumber *columns)
{
	for (int i = 0; i < count; i++)
	{
		put(i == 0 ? " by (" : ", ");
		put(dbops_plan_columns_output(printer->walk.stmt, plan, columns[i]));
	}
	if (count > 0)
		put(")");
}

/* The columns that an index is searched by, each named once. */
static void
put_search(const Printer *printer, const Plan *plan, const List *clauses)
{
	const char *last = NULL;
	const ListCell *cell;

	foreach (cell, clauses)
	{
		const char *name = dbops_plan_columns_search(printer->walk.stmt, plan, lfirst(cell));

		if (last != NULL && strcmp(name, last) == 0)
			continue;
		put(last == NULL ? " by (" : ", ");
		put(name);
		last = name;
	}
	if (last != NULL)
		put(")");
}

/* ---- relations and indexes ---- */

static void
put_source(Printer *printer, Index rti)
{
	Index root = dbops_plan_shape_root(&printer->walk, rti);
	const RangeTblEntry *entry = entry_of(printer, root != 0 ? root : rti);
	const char *alias = entry->eref->aliasname;
	Relation relation = NULL;

	put(" on ");
	/* A partitioned table may be open or not, and must have one name. */
	if (root != 0)
		put("partitions of ");
	else if (entry->rtekind == RTE_RELATION && printer->estate->es_relations != NULL)
		relation = printer->estate->es_relations[rti - 1];
	if (relation != NULL)
	{
		put(RelationGetRelationName(relation));
		if (strcmp(alias, RelationGetRelationName(relation)) == 0)
			return;
		put(" ");
	}
	put(alias);
}

static Relation
index_of(const PlanState *state)
{
	switch (nodeTag(state))
	{
		case T_IndexScanState:
			return ((const IndexScanState *) state)->iss_RelationDesc;
		case T_IndexOnlyScanState:
			return ((const IndexOnlyScanState *) state)->ioss_RelationDesc;
		case T_BitmapIndexScanState:
			return ((const BitmapIndexScanState *) state)->biss_RelationDesc;
		default:
			return NULL;
	}
}

static void
put_index_scan(Printer *printer, const Plan *plan, const PlanState *state)
{
	Index rti = ((const Scan *) plan)->scanrelid;
	Relation index = state == NULL ? NULL : index_of(state);
	bool bitmap = IsA(plan, BitmapIndexScan);

	/* The index of a partition is one of many alike. */
	if (index != NULL && dbops_plan_shape_root(&printer->walk, rti) == 0)
	{
		put(bitmap ? " on " : " using ");
		put(RelationGetRelationName(index));
	}
	if (!bitmap)
		put_source(printer, rti);
	put_search(printer, plan,
	           bitmap                   ? ((const BitmapIndexScan *) plan)->indexqualorig :
	           IsA(plan, IndexOnlyScan) ? ((const IndexOnlyScan *) plan)->indexqual :
	                                      ((const IndexScan *) plan)->indexqualorig);
}

/* ---- nodes ---- */

static const char *
name_of_node(const Plan *plan)
{
	for (int i = 0; i < lengthof(node_names); i++)
	{
		if (node_names[i].tag == nodeTag(plan))
			return node_names[i].name;
	}
	return "another node";
}

static const char *
name_of_aggregation(const Agg *agg)
{
	switch (agg->aggstrategy)
	{
		case AGG_SORTED:
			return "GroupAggregate";
		case AGG_HASHED:
			return "HashAggregate";
		case AGG_MIXED:
			return "MixedAggregate";
		default:
			return "Aggregate";
	}
}

static void
put_aggregation(const Printer *printer, const Agg *agg)
{
	const Plan *input = agg->plan.lefttree;

	if (DO_AGGSPLIT_SKIPFINAL(agg->aggsplit))
		put("Partial ");
	else if (DO_AGGSPLIT_COMBINE(agg->aggsplit))
		put("Finalize ");
	put(name_of_aggregation(agg));
	put_keys(printer, input, agg->numCols, agg->grpColIdx);
}

static void
put_modification(Printer *printer, const ModifyTable *modify)
{
	put(modify->operation == CMD_INSERT ? "Insert" :
	    modify->operation == CMD_UPDATE ? "Update" :
	    modify->operation == CMD_DELETE ? "Delete" :
	                                      "Merge");
	put_source(printer, modify->nominalRelation);
	if (modify->onConflictAction != ONCONFLICT_NONE)
		put(modify->onConflictAction == ONCONFLICT_UPDATE ? " or update" : " or do nothing");
}

static void
put_join(const Plan *plan)
{
	JoinType type = ((const Join *) plan)->jointype;

	put(name_of_node(plan));
	if (type == JOIN_INNER && IsA(plan, NestLoop))
		return;
	if (type != JOIN_INNER)
	{
		put(" ");
		put(dbops_compat_join_name(type));
	}
	put(" Join");
}

static void
put_set_operation(const SetOp *set)
{
	static const char *const commands[] = {
	    [SETOPCMD_INTERSECT] = " Intersect",
	    [SETOPCMD_INTERSECT_ALL] = " Intersect All",
	    [SETOPCMD_EXCEPT] = " Except",
	    [SETOPCMD_EXCEPT_ALL] = " Except All",
	};

	put(set->strategy == SETOP_HASHED ? "HashSetOp" : "SetOp");
	put(commands[set->cmd]);
}

static void
put_custom(const CustomScan *scan)
{
	if (scan->methods == NULL || scan->methods->CustomName == NULL)
		return;
	put(" (");
	put(scan->methods->CustomName);
	put(")");
}

/* What follows the name of the node. */
static void
put_details(Printer *printer, const Plan *plan, const PlanState *state)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapIndexScan:
			put_index_scan(printer, plan, state);
			break;
		case T_Sort:
		case T_IncrementalSort:
			put_keys(printer, plan, ((const Sort *) plan)->numCols,
			         ((const Sort *) plan)->sortColIdx);
			break;
		case T_Group:
			put_keys(printer, plan->lefttree, ((const Group *) plan)->numCols,
			         ((const Group *) plan)->grpColIdx);
			break;
		case T_CustomScan:
			put_custom((const CustomScan *) plan);
			if (((const Scan *) plan)->scanrelid != 0)
				put_source(printer, ((const Scan *) plan)->scanrelid);
			break;
		case T_SeqScan:
		case T_SampleScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_SubqueryScan:
		case T_FunctionScan:
		case T_ValuesScan:
		case T_TableFuncScan:
		case T_CteScan:
		case T_NamedTuplestoreScan:
		case T_WorkTableScan:
		case T_ForeignScan:
			if (((const Scan *) plan)->scanrelid != 0)
				put_source(printer, ((const Scan *) plan)->scanrelid);
			break;
		default:
			break;
	}
}

static bool
is_backward(const Plan *plan)
{
	return (IsA(plan, IndexScan) &&
	        ScanDirectionIsBackward(((const IndexScan *) plan)->indexorderdir)) ||
	       (IsA(plan, IndexOnlyScan) &&
	        ScanDirectionIsBackward(((const IndexOnlyScan *) plan)->indexorderdir));
}

static void
put_node(Printer *printer, const Plan *plan, const PlanState *state)
{
	if (plan->parallel_aware)
		put("Parallel ");
	switch (nodeTag(plan))
	{
		case T_Agg:
			put_aggregation(printer, (const Agg *) plan);
			break;
		case T_ModifyTable:
			put_modification(printer, (const ModifyTable *) plan);
			break;
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			put_join(plan);
			break;
		case T_SetOp:
			put_set_operation((const SetOp *) plan);
			break;
		default:
			put(name_of_node(plan));
			if (is_backward(plan))
				put(" Backward");
			put_details(printer, plan, state);
			break;
	}
	put("\n");
}

/* ---- the tree ---- */

/* States of branches; those pruned at the start of the execution have none. */
static const PlanState *
state_of_branch(const PlanState *state, int branch, int nbranches)
{
	if (state == NULL)
		return NULL;
	if (IsA(state, AppendState) && ((const AppendState *) state)->as_nplans == nbranches)
		return ((const AppendState *) state)->appendplans[branch];
	if (IsA(state, MergeAppendState) && ((const MergeAppendState *) state)->ms_nplans == nbranches)
		return ((const MergeAppendState *) state)->mergeplans[branch];
	return NULL;
}

/* Each branch that differs from those before. */
static void
print_branches(Printer *printer, const Plan *plan, const PlanState *state)
{
	const List *branches = dbops_plan_shape_branches(plan);
	ShapeSet set = {.count = 0};

	for (int i = 0; i < list_length(branches); i++)
	{
		const Plan *branch = list_nth(branches, i);

		if (dbops_plan_shape_add(&set, dbops_plan_shape_of(&printer->walk, branch)))
			print_tree(printer, branch, state_of_branch(state, i, list_length(branches)));
	}
}

static void
print_bitmaps(Printer *printer, const List *plans, PlanState *const *states)
{
	for (int i = 0; i < list_length(plans); i++)
		print_tree(printer, list_nth(plans, i), states == NULL ? NULL : states[i]);
}

static void
print_custom(Printer *printer, const CustomScan *scan, const CustomScanState *state)
{
	for (int i = 0; i < list_length(scan->custom_plans); i++)
		print_tree(printer, list_nth(scan->custom_plans, i),
		           state != NULL && i < list_length(state->custom_ps) ?
		               list_nth(state->custom_ps, i) :
		               NULL);
}

static void
print_below(Printer *printer, const Plan *plan, const PlanState *state)
{
	if (plan->lefttree != NULL)
		print_tree(printer, plan->lefttree, state == NULL ? NULL : state->lefttree);
	if (plan->righttree != NULL)
		print_tree(printer, plan->righttree, state == NULL ? NULL : state->righttree);
	switch (nodeTag(plan))
	{
		case T_Append:
		case T_MergeAppend:
			print_branches(printer, plan, state);
			break;
		case T_BitmapAnd:
			print_bitmaps(printer, ((const BitmapAnd *) plan)->bitmapplans,
			              state ? ((const BitmapAndState *) state)->bitmapplans : NULL);
			break;
		case T_BitmapOr:
			print_bitmaps(printer, ((const BitmapOr *) plan)->bitmapplans,
			              state ? ((const BitmapOrState *) state)->bitmapplans : NULL);
			break;
		case T_SubqueryScan:
			print_tree(printer, ((const SubqueryScan *) plan)->subplan,
			           state ? ((const SubqueryScanState *) state)->subplan : NULL);
			break;
		case T_CustomScan:
			print_custom(printer, (const CustomScan *) plan, (const CustomScanState *) state);
			break;
		default:
			break;
	}
}

static void
print_tree(Printer *printer, const Plan *plan, const PlanState *state)
{
	if (printer->level >= LEVELS_MAX)
		return;
	while (dbops_plan_shape_is_transparent(&printer->walk, plan))
	{
		const List *branches = dbops_plan_shape_branches(plan);

		plan = linitial(branches);
		state = state == NULL ? NULL : state_of_branch(state, 0, list_length(branches));
	}
	put_spaces(printer->margin);
	if (printer->level > 0)
		put("->  ");
	put_node(printer, plan, state);
	printer->margin += printer->level == 0 ? 2 : 6;
	printer->level++;
	print_below(printer, plan, state);
	printer->level--;
	printer->margin -= printer->level == 0 ? 2 : 6;
}

static void
print_subplans(Printer *printer)
{
	const List *plans = printer->walk.stmt->subplans;
	const List *states = printer->estate->es_subplanstates;

	printer->level = 1;
	printer->margin = 4;
	for (int i = 0; i < list_length(plans); i++)
	{
		char header[32];

		if (list_nth(plans, i) == NULL)
			continue;
		snprintf(header, sizeof(header), "  SubPlan %d\n", i + 1);
		put(header);
		print_tree(printer, list_nth(plans, i),
		           i < list_length(states) ? list_nth(states, i) : NULL);
	}
}

const PlanText *
dbops_plan_text_print(const QueryDesc *desc)
{
	Printer printer = {.walk = {.stmt = desc->plannedstmt}, .estate = desc->estate};

	output.length = 0;
	output.planid = 0;
	print_tree(&printer, desc->plannedstmt->planTree, desc->planstate);
	print_subplans(&printer);
	if (output.length == PLAN_TEXT_MAX)
		output.length = pg_mbcliplen(output.bytes, output.length, output.length);
	else
		output.length--; /* without the last line feed */
	output.bytes[output.length] = '\0';
	if (output.planid == 0)
		output.planid = 1;
	return &output;
}
