/*
 * advise/hypothetical.c
 *		IndexOptInfo of an index that does not exist; see hypothetical.h.
 */
#include "postgres.h"

#include "access/amapi.h"
#include "catalog/heap.h"
#include "catalog/pg_am.h"
#include "nodes/makefuncs.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "advise/hypothetical.h"
#include "core/compat_planner.h"

static void
fill_columns(IndexOptInfo *info, const IndexSpec *spec)
{
	int n = spec->ncolumns;
	bool btree = spec->am == BTREE_AM_OID;

	info->ncolumns = n;
	info->nkeycolumns = spec->nkeys;
	info->indexkeys = palloc0(sizeof(int) * n);
	info->indexcollations = palloc0(sizeof(Oid) * n);
	info->opfamily = palloc0(sizeof(Oid) * n);
	info->opcintype = palloc0(sizeof(Oid) * n);
	info->canreturn = palloc0(sizeof(bool) * n);
	info->opclassoptions = palloc0(sizeof(bytea *) * n);
	for (int i = 0; i < n; i++)
	{
		const SpecColumn *column = &spec->columns[i];

		info->indexkeys[i] = column->attno;
		info->canreturn[i] = btree;
		if (i >= spec->nkeys)
			continue;
		info->indexcollations[i] = column->collation;
		info->opfamily[i] = get_opclass_family(column->opclass);
		info->opcintype[i] = get_opclass_input_type(column->opclass);
	}
}

/* A B-tree can be read in order; what other access methods can sort by goes through operators. */
static void
fill_order(IndexOptInfo *info, const IndexSpec *spec)
{
	if (spec->am != BTREE_AM_OID)
		return;
	info->sortopfamily = info->opfamily;
	info->reverse_sort = palloc0(sizeof(bool) * spec->nkeys);
	info->nulls_first = palloc0(sizeof(bool) * spec->nkeys);
	for (int i = 0; i < spec->nkeys; i++)
	{
		info->reverse_sort[i] = spec->columns[i].descending;
		info->nulls_first[i] = spec->columns[i].nulls_first;
	}
}

static void
fill_access_method(IndexOptInfo *info, Oid am)
{
	const IndexAmRoutine *routine = GetIndexAmRoutineByAmId(am, false);

	info->relam = am;
	info->amcanorderbyop = routine->amcanorderbyop;
	info->amoptionalkey = routine->amoptionalkey;
	info->amsearcharray = routine->amsearcharray;
	info->amsearchnulls = routine->amsearchnulls;
	info->amcanparallel = routine->amcanparallel;
	info->amhasgettuple = routine->amgettuple != NULL;
	info->amhasgetbitmap = routine->amgetbitmap != NULL;
	info->amcanmarkpos = routine->ammarkpos != NULL && routine->amrestrpos != NULL;
	info->amcostestimate = dbops_compat_amcostestimate(routine);
}

/* What a row of the index is, for the relation with varno 1. */
static List *
make_targetlist(const IndexSpec *spec, Relation table)
{
	List *targets = NIL;

	for (int i = 0; i < spec->ncolumns; i++)
	{
		const SpecColumn *column = &spec->columns[i];
		Expr *expr = (Expr *) column->expression;

		if (column->attno != 0)
		{
			const FormData_pg_attribute *att =
			    column->attno < 0 ? SystemAttributeDefinition(column->attno) :
			                        TupleDescAttr(RelationGetDescr(table), column->attno - 1);

			expr = (Expr *) makeVar(1, column->attno, att->atttypid, att->atttypmod,
			                        att->attcollation, 0);
		}
		targets = lappend(targets, makeTargetEntry(expr, i + 1, NULL, false));
	}
	return targets;
}

IndexOptInfo *
dbops_hypothetical_new(const IndexSpec *spec, Relation table, Oid indexid, const IndexSize *size)
{
	IndexOptInfo *info = makeNode(IndexOptInfo);

	info->indexoid = indexid;
	info->pages = (BlockNumber) Min(size->pages, (double) MaxBlockNumber);
	info->tuples = size->tuples;
	info->tree_height = size->tree_height;
	fill_columns(info, spec);
	fill_order(info, spec);
	fill_access_method(info, spec->am);
	for (int i = 0; i < spec->nkeys; i++)
	{
		if (spec->columns[i].attno == 0)
			info->indexprs = lappend(info->indexprs, copyObject(spec->columns[i].expression));
	}
	info->indpred = copyObject(spec->predicate);
	info->indextlist = make_targetlist(spec, table);
	info->immediate = true;
	info->hypothetical = true;
	return info;
}

static List *
for_relation(List *trees, RelOptInfo *rel)
{
	List *copy = copyObject(trees);

	if (copy != NIL && rel->relid != 1)
		ChangeVarNodes((Node *) copy, 1, rel->relid, 0);
	return copy;
}

void
dbops_hypothetical_inject(const IndexOptInfo *index, RelOptInfo *rel)
{
	IndexOptInfo *info = makeNode(IndexOptInfo);

	*info = *index;
	info->rel = rel;
	info->indexprs = for_relation(index->indexprs, rel);
	info->indpred = for_relation(index->indpred, rel);
	info->indextlist = for_relation(index->indextlist, rel);

	/* At the end: where costs are nearly equal, what exists stays chosen. */
	rel->indexlist = lappend(rel->indexlist, info);
}
