/*
 * advise/wants.c
 *		What a relation wants of an index; see wants.h.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "advise/wants.h"
#include "advise/wants_clause.h"
#include "core/compat_planner.h"

bool
dbops_wants_same_key(const SpecColumn *a, const SpecColumn *b)
{
	return a->attno == b->attno && a->opclass == b->opclass && a->collation == b->collation &&
	       equal(a->expression, b->expression);
}

double
dbops_wants_width(const Wants *wants, const SpecColumn *column)
{
	int32 width = 0;

	if (column->attno == 0)
		return get_typavgwidth(exprType(column->expression), exprTypmod(column->expression));
	if (wants->rel->attr_widths != NULL && column->attno <= wants->rel->max_attr)
		width = wants->rel->attr_widths[column->attno - wants->rel->min_attr];
	if (width <= 0)
		width = get_attavgwidth(wants->table, column->attno);
	if (width <= 0)
	{
		Oid type;
		Oid collation;
		int32 typmod;

		get_atttypetypmodcoll(wants->table, column->attno, &type, &typmod, &collation);
		width = get_typavgwidth(type, typmod);
	}
	return width;
}

/* ---- searches ---------------------------------------------------------------------------------- */

static Want *
find_want(List *wants, const SpecColumn *key)
{
	ListCell *lc;

	foreach (lc, wants)
	{
		Want *want = lfirst(lc);

		if (dbops_wants_same_key(&want->key, key))
			return want;
	}
	return NULL;
}

static List *
add_want(List *list, const Wants *wants, const SpecColumn *key, RestrictInfo *clause)
{
	Want *want = find_want(list, key);

	if (want == NULL)
	{
		want = palloc0(sizeof(Want));
		want->key = *key;
		want->selectivity = 1;
		want->width = dbops_wants_width(wants, key);
		list = lappend(list, want);
	}
	if (clause != NULL)
		want->clauses = lappend(want->clauses, clause);
	return list;
}

static List *
add_join(List *list, const Wants *wants, const SpecColumn *key, Relids others)
{
	Want *want;

	list = add_want(list, wants, key, NULL);
	want = find_want(list, key);
	want->others = bms_add_members(want->others, others);
	return list;
}

/* One arm of an OR: what it is searched by, equalities first. */
static List *
read_arm(const Wants *wants, Node *arm)
{
	List *clauses = is_andclause(arm) ? castNode(BoolExpr, arm)->args : list_make1(arm);
	List *equals = NIL;
	List *ranges = NIL;
	ListCell *lc;

	foreach (lc, clauses)
	{
		ClauseUse use;
		Node *clause = lfirst(lc);

		if (IsA(clause, RestrictInfo))
			clause = (Node *) castNode(RestrictInfo, clause)->clause;
		if (!dbops_wants_clause(wants, clause, &use))
			continue;
		if (use.kind == USE_EQUAL)
			equals = add_want(equals, wants, &use.key, NULL);
		else if (use.kind == USE_RANGE)
			ranges = add_want(ranges, wants, &use.key, NULL);
	}
	return list_concat(equals, ranges);
}

static void
read_or(Wants *wants, Node *clause)
{
	ListCell *lc;

	foreach (lc, castNode(BoolExpr, clause)->args)
	{
		List *arm = read_arm(wants, lfirst(lc));

		if (arm != NIL)
			wants->arms = lappend(wants->arms, arm);
	}
}

static void
read_restriction(Wants *wants, RestrictInfo *info)
{
	ClauseUse use;

	if (info->pseudoconstant)
		return;
	if (is_orclause(info->clause))
	{
		read_or(wants, (Node *) info->clause);
		return;
	}
	if (!dbops_wants_clause(wants, (Node *) info->clause, &use))
		return;
	if (use.kind == USE_EQUAL)
		wants->equals = add_want(wants->equals, wants, &use.key, info);
	else if (use.kind == USE_RANGE)
		wants->ranges = add_want(wants->ranges, wants, &use.key, info);
}

/* A join clause that is no part of an equivalence class, such as of an outer join. */
static void
read_join(Wants *wants, RestrictInfo *info)
{
	ClauseUse use;
	Relids others = bms_difference(info->clause_relids, wants->rel->relids);

	if (!dbops_wants_clause(wants, (Node *) info->clause, &use))
		return;
	if (use.kind == USE_EQUAL)
		wants->joins = add_join(wants->joins, wants, &use.key, others);
	else if (use.kind == USE_RANGE && find_want(wants->ranges, &use.key) == NULL)
	{
		wants->ranges = add_want(wants->ranges, wants, &use.key, NULL);
		find_want(wants->ranges, &use.key)->selectivity = DEFAULT_INEQ_SEL;
	}
}

/* ---- equivalence classes ----------------------------------------------------------------------- */

/*
 * An expression of an equivalence class in terms of the relation, if it is one of it alone.  Classes
 * have the members of a subquery's parts in another place in each version, so a part is found through
 * its parent.
 */
static Node *
member_of(const Wants *wants, const EquivalenceMember *member)
{
	const RelOptInfo *rel = wants->rel;
	AppendRelInfo *link;

	if (member->em_is_const || member->em_is_child)
		return NULL;
	if (bms_equal(member->em_relids, rel->relids))
		return (Node *) member->em_expr;
	if (rel->reloptkind != RELOPT_OTHER_MEMBER_REL)
		return NULL;
	link = wants->root->append_rel_array[rel->relid];
	if (link == NULL || bms_membership(member->em_relids) != BMS_SINGLETON ||
	    !bms_is_member(link->parent_relid, member->em_relids))
		return NULL;
	return adjust_appendrel_attrs(wants->root, (Node *) member->em_expr, 1, &link);
}

static void
read_join_class(Wants *wants, const EquivalenceClass *class)
{
	ListCell *lc;
	Relids self =
	    wants->rel->top_parent_relids ? wants->rel->top_parent_relids : wants->rel->relids;
	Relids others = bms_difference(class->ec_relids, self);

	if (bms_is_empty(others))
		return;
	foreach (lc, class->ec_members)
	{
		Node *expr = member_of(wants, lfirst(lc));
		SpecColumn key;

		if (expr != NULL && dbops_wants_key(wants, expr, class->ec_collation, &key) &&
		    list_member_oid(class->ec_opfamilies, dbops_wants_family(&key)))
			wants->joins = add_join(wants->joins, wants, &key, others);
	}
}

static void
read_classes(Wants *wants)
{
	ListCell *lc;

	foreach (lc, wants->root->eq_classes)
	{
		const EquivalenceClass *class = lfirst(lc);

		if (!class->ec_has_volatile && !class->ec_has_const && list_length(class->ec_members) > 1)
			read_join_class(wants, class);
	}
}

/* The key of the relation by which it is in this order. */
static bool
read_pathkey(const Wants *wants, const PathKey *pathkey, SpecColumn *key)
{
	const EquivalenceClass *class = pathkey->pk_eclass;
	ListCell *lc;

	if (class->ec_has_volatile)
		return false;
	foreach (lc, class->ec_members)
	{
		Node *expr = member_of(wants, lfirst(lc));

		if (expr == NULL || !dbops_wants_key(wants, expr, class->ec_collation, key) ||
		    dbops_wants_family(key) != pathkey->pk_opfamily)
			continue;
		key->descending = dbops_compat_pathkey_descends(pathkey);
		key->nulls_first = pathkey->pk_nulls_first;
		return true;
	}
	return false;
}

/*
 * For min() and max() the planner plans a query of its own, twice: values that are NULL are left out,
 * and come first or last.  An index with the nulls in their usual place serves it.
 */
static bool
is_other_try(const PlannerInfo *root, const SpecColumn *key)
{
	const TargetEntry *entry =
	    root->parse->targetList != NIL ? linitial_node(TargetEntry, root->parse->targetList) : NULL;

	return key->nulls_first && !key->descending && entry != NULL && entry->resname != NULL &&
	       strcmp(entry->resname, "agg_target") == 0;
}

/*
 * The keys of a useful order as far as the relation has them: what remains is sorted within.  An
 * index is read backwards as well, so the first key is always ascending.
 */
static void
read_order(Wants *wants, List *pathkeys)
{
	List *order = NIL;
	ListCell *lc;
	bool flip = false;

	foreach (lc, pathkeys)
	{
		SpecColumn *key = palloc(sizeof(SpecColumn));

		if (!read_pathkey(wants, lfirst(lc), key))
			break;
		if (order == NIL)
			flip = key->descending;
		if (flip)
		{
			key->descending = !key->descending;
			key->nulls_first = !key->nulls_first;
		}
		order = lappend(order, key);
	}
	if (order != NIL && !is_other_try(wants->root, linitial(order)))
		wants->orders = lappend(wants->orders, order);
}

static void
read_orders(Wants *wants)
{
	const PlannerInfo *root = wants->root;
	List *all[] = {root->query_pathkeys, root->sort_pathkeys, root->window_pathkeys,
	               root->group_pathkeys, root->distinct_pathkeys};

	for (int i = 0; i < lengthof(all); i++)
	{
		bool seen = false;

		for (int k = 0; k < i; k++)
			seen |= equal(all[k], all[i]) || all[k] == all[i];
		if (!seen)
			read_order(wants, all[i]);
	}
}

/* ---- what is read ------------------------------------------------------------------------------ */

/* Numbers of columns, from what pull_varattnos() finds; whether there is nothing else. */
static bool
to_columns(const Bitmapset *attributes, Bitmapset **columns)
{
	int member = -1;
	bool only = true;

	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		int attno = member + FirstLowInvalidHeapAttributeNumber;

		if (attno > 0)
			*columns = bms_add_member(*columns, attno);
		else if (attno != TableOidAttributeNumber)
			only = false;
	}
	return only;
}

/* Without these RestrictInfos. */
static void
read_columns(Wants *wants, List *without)
{
	Bitmapset *output = NULL;
	Bitmapset *tested = NULL;
	ListCell *lc;
	Index relid = wants->rel->relid;

	pull_varattnos((Node *) wants->rel->reltarget->exprs, relid, &output);
	wants->reads = wants->tests = NULL;
	foreach (lc, wants->rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		pull_varattnos((Node *) info->clause, relid, &tested);
		if (!list_member_ptr(without, info))
			pull_varattnos((Node *) info->clause, relid, &output);
	}
	(void) to_columns(tested, &wants->tests);
	wants->reads_row = !to_columns(output, &wants->reads);
}

/* ---- how selective ----------------------------------------------------------------------------- */

static double
share_of_one_value(const Wants *wants, const Want *want)
{
	VariableStatData vardata;
	double ndistinct;
	bool isdefault;
	Node *expr = want->key.expression;

	if (want->key.attno != 0)
	{
		Oid type;
		Oid collation;
		int32 typmod;

		get_atttypetypmodcoll(wants->table, want->key.attno, &type, &typmod, &collation);
		expr = (Node *) makeVar(wants->rel->relid, want->key.attno, type, typmod, collation, 0);
	}
	else
		return DEFAULT_EQ_SEL;
	examine_variable(wants->root, expr, 0, &vardata);
	ndistinct = get_variable_numdistinct(&vardata, &isdefault);
	ReleaseVariableStats(vardata);
	return 1 / Max(ndistinct, 1);
}

static int
by_selectivity(const ListCell *a, const ListCell *b)
{
	const Want *x = lfirst(a);
	const Want *y = lfirst(b);

	if (x->selectivity != y->selectivity)
		return x->selectivity < y->selectivity ? -1 : 1;
	return x->key.attno - y->key.attno;
}

static void
weigh(const Wants *wants, List *list)
{
	ListCell *lc;

	foreach (lc, list)
	{
		Want *want = lfirst(lc);

		if (want->clauses != NIL)
			want->selectivity = clauselist_selectivity(wants->root, want->clauses,
			                                           wants->rel->relid, JOIN_INNER, NULL);
		else if (want->others != NULL)
			want->selectivity = share_of_one_value(wants, want);
	}
	list_sort(list, by_selectivity);
}

Wants *
dbops_wants_of(PlannerInfo *root, RelOptInfo *rel, Oid table, double pages)
{
	Wants *wants = palloc0(sizeof(Wants));
	ListCell *lc;

	wants->root = root;
	wants->rel = rel;
	wants->table = table;
	wants->tuples = rel->tuples;
	wants->pages = pages;
	read_columns(wants, NIL);
	foreach (lc, rel->baserestrictinfo)
		read_restriction(wants, lfirst(lc));
	foreach (lc, rel->joininfo)
		read_join(wants, lfirst(lc));
	read_classes(wants);
	read_orders(wants);
	weigh(wants, wants->equals);
	weigh(wants, wants->ranges);
	weigh(wants, wants->joins);
	return wants;
}

static List *
remove_wants(List *list, List *clauses)
{
	List *left = NIL;
	ListCell *lc;

	foreach (lc, list)
	{
		const Want *want = lfirst(lc);

		if (want->clauses == NIL || list_difference_ptr(want->clauses, clauses) != NIL)
			left = lappend(left, lfirst(lc));
	}
	return left;
}

Wants *
dbops_wants_without(const Wants *wants, List *clauses)
{
	Wants *left = palloc(sizeof(Wants));

	*left = *wants;
	left->equals = remove_wants(wants->equals, clauses);
	left->ranges = remove_wants(wants->ranges, clauses);
	read_columns(left, clauses);
	return left;
}
