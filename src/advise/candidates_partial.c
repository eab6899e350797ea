/*
 * advise/candidates_partial.c
 *		Partial indexes; see candidates_partial.h.
 */
#include "postgres.h"

#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "access/htup_details.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "advise/candidates_btree.h"
#include "advise/candidates_partial.h"

/* A predicate that lets in more is hardly worth an index of its own. */
#define MAX_SELECTIVITY 0.2

/* Rows without a value are left out of an index if they are so many. */
#define MIN_NULL_RATIO 0.5

/*
 * A column of so few values holds states or kinds, and a statement asks for one by what it does; of
 * more values, that in the text is one of many.
 */
#define MAX_STATES 16

/* More alternatives are not a rule but a search. */
#define MAX_ALTERNATIVES 3

/* Predicates of one relation that are tried by themselves. */
#define MAX_SINGLE 3

/* ---- what says the same each time -------------------------------------------------------------- */

static bool
has_few_values(const Wants *wants, Node *column)
{
	VariableStatData vardata;
	double ndistinct;
	bool isdefault;

	examine_variable(wants->root, column, 0, &vardata);
	ndistinct = get_variable_numdistinct(&vardata, &isdefault);
	ReleaseVariableStats(vardata);
	return !isdefault && ndistinct <= MAX_STATES;
}

static Node *
strip(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) castNode(RelabelType, node)->arg;
	return node;
}

/* Whether it is = or <>. */
static bool
tells_equal(Oid operator, Oid type)
{
	Oid negator = get_negator(operator);

	return op_mergejoinable(operator, type) ||
	       (OidIsValid(negator) && op_mergejoinable(negator, type));
}

/* A state that is one or is none of those told, or a column compared with another one of the row. */
static bool
compares_states(const Wants *wants, Oid operator, List * args)
{
	Node *left;
	Node *right;

	if (list_length(args) != 2)
		return false;
	left = strip(linitial(args));
	right = strip(lsecond(args));
	if (IsA(left, Var) && IsA(right, Var))
		return true;
	if (!tells_equal(operator, exprType(linitial(args))))
		return false;
	if (IsA(left, Const))
		return IsA(right, Var) && has_few_values(wants, right);
	return IsA(left, Var) && IsA(right, Const) && has_few_values(wants, left);
}

static bool says_the_same(const Wants *wants, Node *clause);

static bool
all_say_the_same(const Wants *wants, const BoolExpr *clause)
{
	ListCell *lc;

	if (clause->boolop == OR_EXPR && list_length(clause->args) > MAX_ALTERNATIVES)
		return false;
	foreach (lc, clause->args)
	{
		if (is_andclause(lfirst(lc)) || !says_the_same(wants, lfirst(lc)))
			return false;
	}
	return true;
}

static bool
says_the_same(const Wants *wants, Node *clause)
{
	switch (nodeTag(clause))
	{
		case T_NullTest:
			return IsA(castNode(NullTest, clause)->arg, Var);
		case T_BooleanTest:
			return IsA(castNode(BooleanTest, clause)->arg, Var);
		case T_Var:
			return true;
		case T_OpExpr:
			return compares_states(wants, castNode(OpExpr, clause)->opno,
			                       castNode(OpExpr, clause)->args);
		case T_ScalarArrayOpExpr:
			return compares_states(wants, castNode(ScalarArrayOpExpr, clause)->opno,
			                       castNode(ScalarArrayOpExpr, clause)->args);
		case T_BoolExpr:
			return all_say_the_same(wants, castNode(BoolExpr, clause));
		default:
			return false;
	}
}

static List *
find_predicates(const Wants *wants)
{
	List *clauses = NIL;
	ListCell *lc;

	foreach (lc, wants->rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst(lc);

		if (!info->pseudoconstant && says_the_same(wants, (Node *) info->clause) &&
		    dbops_wants_indexable(wants, (Node *) info->clause))
			clauses = lappend(clauses, info);
	}
	return clauses;
}

/* ---- indexes with a predicate ------------------------------------------------------------------ */

/* Proposes indexes of the rows for which the predicate, of the planner, holds. */
static void
propose_where(CandidateList *list, List *clauses, double selectivity)
{
	const Wants *all = list->wants;
	int before = list_length(list->specs);
	ListCell *lc;

	list->wants = dbops_wants_without(all, clauses);
	list->selectivity = selectivity;
	foreach (lc, clauses)
		list->predicate =
		    lappend(list->predicate,
		            dbops_wants_normalise(all, (Node *) lfirst_node(RestrictInfo, lc)->clause));
	dbops_candidates_btree(list);
	if (list_length(list->specs) == before)
		dbops_candidates_narrow(list);
	list->wants = all;
	list->predicate = NIL;
	list->selectivity = 1;
}

static double
selectivity_of(const Wants *wants, List *clauses)
{
	return clauselist_selectivity(wants->root, clauses, wants->rel->relid, JOIN_INNER, NULL);
}

static void
propose_conditions(CandidateList *list)
{
	const Wants *wants = list->wants;
	List *clauses = find_predicates(wants);
	double selectivity = clauses == NIL ? 1 : selectivity_of(wants, clauses);
	int tried = 0;
	ListCell *lc;

	if (selectivity > MAX_SELECTIVITY)
		return;
	propose_where(list, clauses, selectivity);
	if (list_length(clauses) == 1)
		return;
	foreach (lc, clauses)
	{
		List *one = list_make1(lfirst(lc));

		selectivity = selectivity_of(wants, one);
		if (selectivity <= MAX_SELECTIVITY && tried++ < MAX_SINGLE)
			propose_where(list, one, selectivity);
	}
}

/* ---- rows with a value ------------------------------------------------------------------------- */

static double
null_ratio(const Wants *wants, AttrNumber attno)
{
	HeapTuple tuple;
	double ratio = 0;
	bool inherited = wants->root->simple_rte_array[wants->rel->relid]->inh;

	if (attno <= 0)
		return 0;
	tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(wants->table), Int16GetDatum(attno),
	                        BoolGetDatum(inherited));
	if (HeapTupleIsValid(tuple))
	{
		ratio = ((Form_pg_statistic) GETSTRUCT(tuple))->stanullfrac;
		ReleaseSysCache(tuple);
	}
	return ratio;
}

static bool
asks_for_null(const Want *want)
{
	ListCell *lc;

	foreach (lc, want->clauses)
	{
		if (IsA(lfirst_node(RestrictInfo, lc)->clause, NullTest))
			return true;
	}
	return false;
}

/* What is compared has a value: an index of the rows that have one is enough, whatever the value. */
static void
propose_with_value(CandidateList *list, const Want *want)
{
	const Wants *wants = list->wants;
	double ratio = null_ratio(wants, want->key.attno);
	NullTest *test;
	Oid type;
	Oid collation;
	int32 typmod;

	if (ratio < MIN_NULL_RATIO || asks_for_null(want))
		return;
	get_atttypetypmodcoll(wants->table, want->key.attno, &type, &typmod, &collation);
	test = makeNode(NullTest);
	test->arg = (Expr *) makeVar(1, want->key.attno, type, typmod, collation, 0);
	test->nulltesttype = IS_NOT_NULL;
	test->location = -1;
	list->predicate = list_make1(test);
	list->selectivity = 1 - ratio;
	dbops_candidates_btree_by(list, want);
	list->predicate = NIL;
	list->selectivity = 1;
}

static void
propose_with_values(CandidateList *list, List *wants)
{
	ListCell *lc;

	foreach (lc, wants)
		propose_with_value(list, lfirst(lc));
}

void
dbops_candidates_partial(CandidateList *list)
{
	propose_conditions(list);
	propose_with_values(list, list->wants->equals);
	propose_with_values(list, list->wants->ranges);
	propose_with_values(list, list->wants->joins);
}
