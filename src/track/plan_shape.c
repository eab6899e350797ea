/*
 * track/plan_shape.c
 *		The shape of a plan; see plan_shape.h.
 *
 * A file of its own because it is pure, and because what few plans need is no part of the path that
 * every statement takes.
 */
#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/extensible.h"
#include "nodes/parsenodes.h"
#include "nodes/pathnodes.h"

#include "track/plan_shape.h"

#define DEPTH_MAX 200

/* What is in the high bits alone so far gets into all. */
static inline uint64
finish(uint64 hash)
{
	hash ^= hash >> 32;
	hash *= UINT64CONST(0xd6e8feb86659fd93);
	return hash ^ (hash >> 32);
}

/* Children come in the order of their numbers, but for some that subqueries brought along. */
static const AppendRelInfo *
search_sorted(const List *appends, Index rti)
{
	int low = 0;
	int high = list_length(appends);

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		const AppendRelInfo *append = list_nth(appends, middle);

		if (append->child_relid == rti)
			return append;
		if (append->child_relid < rti)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const AppendRelInfo *
find_parent(ShapeWalk *walk, Index rti)
{
	const List *appends = walk->stmt->appendRelations;
	const AppendRelInfo *found = search_sorted(appends, rti);
	Index *known = &walk->parentless[rti % SHAPE_PARENTLESS];
	const ListCell *cell;

	if (found != NULL || *known == rti)
		return found;
	foreach (cell, appends)
	{
		if (((const AppendRelInfo *) lfirst(cell))->child_relid == rti)
			return lfirst(cell);
	}
	*known = rti;
	return NULL;
}

Index
dbops_plan_shape_root(ShapeWalk *walk, Index rti)
{
	Index root = 0;
	const AppendRelInfo *parent;

	if (walk->stmt->appendRelations == NIL)
		return 0;
	/* The branches of a UNION ALL have a parent too, which is no relation. */
	while ((parent = find_parent(walk, root != 0 ? root : rti)) != NULL &&
	       OidIsValid(parent->parent_reloid))
		root = parent->parent_relid;
	return root;
}

/* A relation, or else the place of whatever it is in the statement. */
static inline uint64
shape_source(ShapeWalk *walk, Index rti)
{
	const RangeTblEntry *entry;

	if (rti == 0)
		return 0;
	if (unlikely(walk->stmt->appendRelations != NIL))
	{
		Index root = dbops_plan_shape_root(walk, rti);

		if (root != 0)
			rti = root;
	}
	entry = list_nth(walk->stmt->rtable, rti - 1);
	return entry->relid != 0 ? entry->relid : dbops_plan_shape_pair(rti, 0);
}

static const Node *
strip_relabel(const Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (const Node *) ((const RelabelType *) node)->arg;
	return node;
}

static AttrNumber
column_in(const List *args, int varno)
{
	const ListCell *cell;

	foreach (cell, args)
	{
		const Node *arg = strip_relabel(lfirst(cell));

		if (arg != NULL && IsA(arg, Var) && ((const Var *) arg)->varno == varno)
			return ((const Var *) arg)->varattno;
	}
	return 0;
}

AttrNumber
dbops_plan_shape_column(const Node *clause, int varno)
{
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return column_in(((const OpExpr *) clause)->args, varno);
		case T_ScalarArrayOpExpr:
			return column_in(((const ScalarArrayOpExpr *) clause)->args, varno);
		case T_RowCompareExpr:
			return column_in(((const RowCompareExpr *) clause)->largs, varno);
		case T_NullTest:
		{
			const Node *arg = strip_relabel((const Node *) ((const NullTest *) clause)->arg);

			return IsA(arg, Var) ? ((const Var *) arg)->varattno : 0;
		}
		default:
			return 0;
	}
}

static pg_noinline uint64
shape_columns(const List *clauses, int varno)
{
	uint64 hash = PLAN_SHAPE_SEED;
	const ListCell *cell;

	foreach (cell, clauses)
		hash = dbops_plan_shape_mix(hash, dbops_plan_shape_column(lfirst(cell), varno));
	return hash;
}

/* How a scan uses an index; `clauses` are those of the search, on columns of `varno`. */
static inline uint64
shape_index(ShapeWalk *walk, const Scan *scan, Oid indexid, const List *clauses, int varno)
{
	uint64 search = unlikely(walk->stmt->appendRelations != NIL) &&
	                        dbops_plan_shape_root(walk, scan->scanrelid) != 0 ?
	                    shape_columns(clauses, varno) :
	                    dbops_plan_shape_pair(list_length(clauses), indexid);

	return dbops_plan_shape_mix(shape_source(walk, scan->scanrelid), search);
}

static uint64
shape_bitmap(const Bitmapset *set)
{
	uint64 hash = PLAN_SHAPE_SEED;

	for (int i = 0; set != NULL && i < set->nwords; i++)
		hash = dbops_plan_shape_mix(hash, set->words[i]);
	return hash;
}

static uint64
shape_numbers(int count, const AttrNumber *numbers)
{
	uint64 hash = count;

	for (int i = 0; i < count; i++)
		hash = dbops_plan_shape_mix(hash, numbers[i]);
	return hash;
}

static uint64
shape_words(const char *words)
{
	uint64 hash = PLAN_SHAPE_SEED;

	while (*words != '\0')
		hash = dbops_plan_shape_mix(hash, (unsigned char) *words++);
	return hash;
}

static uint64
shape_foreign(ShapeWalk *walk, const ForeignScan *scan)
{
	/* What is joined or aggregated on the other side has no relation of its own. */
	uint64 of = scan->scan.scanrelid != 0 ? shape_source(walk, scan->scan.scanrelid) :
	                                        shape_bitmap(scan->fs_relids);

	return dbops_plan_shape_mix(of, dbops_plan_shape_pair(scan->operation, scan->fs_server));
}

static uint64
shape_list(ShapeWalk *walk, const List *plans)
{
	uint64 hash = list_length(plans);
	const ListCell *cell;

	foreach (cell, plans)
		hash = dbops_plan_shape_mix(hash, dbops_plan_shape_of(walk, lfirst(cell)));
	return hash;
}

static uint64
shape_custom(ShapeWalk *walk, const CustomScan *scan)
{
	uint64 hash = dbops_plan_shape_mix(shape_source(walk, scan->scan.scanrelid), scan->flags);

	if (scan->methods != NULL && scan->methods->CustomName != NULL)
		hash = dbops_plan_shape_mix(hash, shape_words(scan->methods->CustomName));
	return dbops_plan_shape_mix(hash, shape_list(walk, scan->custom_plans));
}

static uint64
shape_aggregation(ShapeWalk *walk, const Agg *agg)
{
	uint64 hash = dbops_plan_shape_mix(dbops_plan_shape_pair(agg->aggstrategy, agg->aggsplit),
	                                   shape_numbers(agg->numCols, agg->grpColIdx));

	return agg->chain == NIL ? hash : dbops_plan_shape_mix(hash, shape_list(walk, agg->chain));
}

bool
dbops_plan_shape_add(ShapeSet *set, uint64 shape)
{
	for (int i = 0; i < set->count; i++)
	{
		if (set->shape[i] == shape)
			return false;
	}
	if (set->count == SHAPE_BRANCHES)
		return false;
	set->shape[set->count++] = shape;
	return true;
}

/* Branches are a set: which partitions there are is not the plan's doing, nor is their order. */
static uint64
collect_branches(ShapeWalk *walk, const List *plans, ShapeSet *set)
{
	uint64 sum = 0;
	const ListCell *cell;

	set->count = 0;
	foreach (cell, plans)
	{
		uint64 shape = dbops_plan_shape_of(walk, lfirst(cell));

		if (dbops_plan_shape_add(set, shape))
			sum += shape;
	}
	return sum;
}

const List *
dbops_plan_shape_branches(const Plan *plan)
{
	if (IsA(plan, Append))
		return ((const Append *) plan)->appendplans;
	if (IsA(plan, MergeAppend))
		return ((const MergeAppend *) plan)->mergeplans;
	return NIL;
}

bool
dbops_plan_shape_is_transparent(ShapeWalk *walk, const Plan *plan)
{
	const List *branches = dbops_plan_shape_branches(plan);
	ShapeSet set;

	if (branches == NIL)
		return false;
	collect_branches(walk, branches, &set);
	return set.count == 1;
}

/* What the node does, besides what is below it on the left and right. */
static inline uint64
shape_node(ShapeWalk *walk, const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_FunctionScan:
		case T_ValuesScan:
		case T_TableFuncScan:
		case T_CteScan:
		case T_NamedTuplestoreScan:
		case T_WorkTableScan:
			return shape_source(walk, ((const Scan *) plan)->scanrelid);
		case T_SubqueryScan:
			return dbops_plan_shape_of(walk, ((const SubqueryScan *) plan)->subplan);
		case T_IndexScan:
		{
			const IndexScan *scan = (const IndexScan *) plan;

			return scan->indexorderdir + shape_index(walk, &scan->scan, scan->indexid,
			                                         scan->indexqualorig, scan->scan.scanrelid);
		}
		case T_IndexOnlyScan:
		{
			const IndexOnlyScan *scan = (const IndexOnlyScan *) plan;

			return scan->indexorderdir +
			       shape_index(walk, &scan->scan, scan->indexid, scan->indexqual, INDEX_VAR);
		}
		case T_BitmapIndexScan:
		{
			const BitmapIndexScan *scan = (const BitmapIndexScan *) plan;

			return shape_index(walk, &scan->scan, scan->indexid, scan->indexqualorig,
			                   scan->scan.scanrelid);
		}
		case T_BitmapAnd:
			return shape_list(walk, ((const BitmapAnd *) plan)->bitmapplans);
		case T_BitmapOr:
			return shape_list(walk, ((const BitmapOr *) plan)->bitmapplans);
		case T_ForeignScan:
			return shape_foreign(walk, (const ForeignScan *) plan);
		case T_CustomScan:
			return shape_custom(walk, (const CustomScan *) plan);
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			return ((const Join *) plan)->jointype;
		case T_ModifyTable:
		{
			const ModifyTable *modify = (const ModifyTable *) plan;

			return dbops_plan_shape_pair(modify->operation, modify->onConflictAction) +
			       shape_source(walk, modify->nominalRelation);
		}
		case T_Sort:
			return shape_numbers(((const Sort *) plan)->numCols, ((const Sort *) plan)->sortColIdx);
		case T_IncrementalSort:
			return dbops_plan_shape_pair(
			    ((const IncrementalSort *) plan)->nPresortedCols,
			    shape_numbers(((const Sort *) plan)->numCols, ((const Sort *) plan)->sortColIdx));
		case T_Group:
			return shape_numbers(((const Group *) plan)->numCols,
			                     ((const Group *) plan)->grpColIdx);
		case T_Agg:
			return shape_aggregation(walk, (const Agg *) plan);
		case T_SetOp:
			return dbops_plan_shape_pair(((const SetOp *) plan)->cmd,
			                             ((const SetOp *) plan)->strategy);
		case T_Memoize:
			return ((const Memoize *) plan)->numKeys;
		default:
			return 0;
	}
}

/*
 * Looks through nodes that stand for nothing but their branches, to the first of these.  Of a node
 * that does not, *branches is the shape of what is below it, otherwise 0.
 */
static const Plan *
look_through(ShapeWalk *walk, const Plan *plan, uint64 *branches)
{
	*branches = 0;
	while (unlikely(IsA(plan, Append) || IsA(plan, MergeAppend)))
	{
		ShapeSet set;
		uint64 sum = collect_branches(walk, dbops_plan_shape_branches(plan), &set);

		if (set.count != 1)
		{
			*branches = sum;
			break;
		}
		plan = linitial(dbops_plan_shape_branches(plan));
	}
	return plan;
}

uint64
dbops_plan_shape_of(ShapeWalk *walk, const Plan *plan)
{
	uint64 hash = PLAN_SHAPE_SEED;

	if (plan == NULL || walk->depth >= DEPTH_MAX)
		return PLAN_SHAPE_SEED;
	walk->depth++;
	for (; plan != NULL; plan = plan->lefttree)
	{
		uint64 branches;

		plan = look_through(walk, plan, &branches);
		hash = dbops_plan_shape_mix(hash,
		                            nodeTag(plan) + dbops_plan_shape_pair(plan->parallel_aware, 0));
		hash = dbops_plan_shape_mix(hash, shape_node(walk, plan) + branches);
		if (plan->righttree != NULL)
			hash = dbops_plan_shape_mix(hash, dbops_plan_shape_of(walk, plan->righttree));
	}
	walk->depth--;
	return finish(hash);
}

uint64
dbops_plan_shape(const PlannedStmt *stmt)
{
	ShapeWalk walk = {.stmt = stmt};
	uint64 hash = dbops_plan_shape_line(stmt);

	if (hash != 0)
		return hash;
	hash = dbops_plan_shape_of(&walk, stmt->planTree);
	if (stmt->subplans != NIL)
		hash = dbops_plan_shape_mix(hash, shape_list(&walk, stmt->subplans));
	return dbops_plan_shape_mark(hash);
}
