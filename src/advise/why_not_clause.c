/*
 * advise/why_not_clause.c
 *		Conditions that no index serves; see why_not_clause.h.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "advise/why_not_clause.h"

/* A comparison, and which of its sides has columns of the table. */
typedef struct Comparison
{
	Oid table;
	Index varno;
	Oid operator;
	Node *left;
	Node *right;
	bool left_is_ours;
	bool right_is_ours;
} Comparison;

/* ---- reading ------------------------------------------------------------------------------- */

static Node *
strip(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

static bool
has_columns(Node *node, Index varno)
{
	return bms_is_member(varno, pull_varnos(NULL, node));
}

static bool
read_comparison(Node *clause, Comparison *comparison)
{
	List *args;

	if (IsA(clause, OpExpr))
	{
		comparison->operator=((OpExpr *) clause)->opno;
		args = ((OpExpr *) clause)->args;
	}
	else if (IsA(clause, ScalarArrayOpExpr))
	{
		comparison->operator=((ScalarArrayOpExpr *) clause)->opno;
		args = ((ScalarArrayOpExpr *) clause)->args;
	}
	else
		return false;
	if (list_length(args) != 2)
		return false;
	comparison->left = strip(linitial(args));
	comparison->right = strip(lsecond(args));
	comparison->left_is_ours = has_columns(comparison->left, comparison->varno);
	comparison->right_is_ours = has_columns(comparison->right, comparison->varno);
	return comparison->left_is_ours || comparison->right_is_ours;
}

/* The side with columns of the table. */
static Node *
our_side(const Comparison *comparison)
{
	return comparison->left_is_ours ? comparison->left : comparison->right;
}

static const char *
column_name(const Comparison *comparison, const Var *var)
{
	return get_attname(comparison->table, var->varattno, false);
}

/* ---- what can be in the way ---------------------------------------------------------------- */

static bool
find_mutable(Oid function, void *arg)
{
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	*(Oid *) arg = function;
	return true;
}

static bool
walk_mutable(Node *node, Oid *function)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, find_mutable, function) ||
	       expression_tree_walker(node, walk_mutable, function);
}

static bool
is_of_one_row(const Comparison *comparison, ClauseObstacle *obstacle)
{
	if (!comparison->left_is_ours || !comparison->right_is_ours)
		return false;
	obstacle->reason = pstrdup("a condition compares columns of the same row with each other");
	obstacle->next_step = pstrdup("if few rows meet it, a partial index with that condition helps");
	return true;
}

static bool
is_mutable(const Comparison *comparison, ClauseObstacle *obstacle)
{
	Oid function = InvalidOid;
	const char *name;

	if (!walk_mutable(our_side(comparison), &function))
		return false;
	name = get_func_name(function);
	obstacle->reason = psprintf("a condition is on the result of %s(), which is not immutable: no "
	                            "index can hold it",
	                            name ? name : "a function");
	obstacle->next_step =
	    pstrdup("compare the column itself with a range, or name the time zone or format so that "
	            "the result depends on nothing else");
	return true;
}

/* The column within a conversion that was asked for or not; NULL: it is none. */
static Var *
converted_column(Node *node)
{
	Node *arg = NULL;

	if (IsA(node, CoerceViaIO))
		arg = (Node *) ((CoerceViaIO *) node)->arg;
	else if (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcformat != COERCE_EXPLICIT_CALL &&
	         ((FuncExpr *) node)->args != NIL)
		arg = linitial(((FuncExpr *) node)->args);
	arg = strip(arg);
	return arg != NULL && IsA(arg, Var) ? (Var *) arg : NULL;
}

static bool
is_converted(const Comparison *comparison, ClauseObstacle *obstacle)
{
	Node *side = our_side(comparison);
	const Var *var = converted_column(side);
	const char *name;

	if (var == NULL)
		return false;
	name = column_name(comparison, var);
	obstacle->of_statement = true;
	obstacle->reason = psprintf("column \"%s\" is converted to %s before it is compared: an index "
	                            "on the column is not searched",
	                            name, format_type_be(exprType(side)));
	obstacle->next_step = psprintf("compare \"%s\" with a value of its own type, %s", name,
	                               format_type_be(var->vartype));
	return true;
}

static bool
is_operator(const Comparison *comparison, const char *name)
{
	const char *other = get_opname(comparison->operator);

	return other != NULL && strcmp(other, name) == 0;
}

static bool
begins_with_wildcard(const Comparison *comparison, ClauseObstacle *obstacle)
{
	const Const *pattern = (Const *) comparison->right;
	const char *first;

	if ((!is_operator(comparison, "~~") && !is_operator(comparison, "~~*")) ||
	    !IsA(pattern, Const) || pattern->constisnull || pattern->consttype != TEXTOID)
		return false;
	first = TextDatumGetCString(pattern->constvalue);
	if (*first != '%' && *first != '_')
		return false;
	obstacle->reason = pstrdup("a pattern begins with a wildcard, so that order is of no use");
	obstacle->next_step = OidIsValid(get_extension_oid("pg_trgm", true)) ?
	                          pstrdup("look for at least three letters in a row") :
	                          pstrdup("CREATE EXTENSION pg_trgm, whose indexes find any part of a "
	                                  "text, and ask again");
	return true;
}

static bool
is_all_but_some(const Comparison *comparison, ClauseObstacle *obstacle)
{
	if (!is_operator(comparison, "<>"))
		return false;
	obstacle->reason = pstrdup("a condition with <> wants all rows but some");
	obstacle->next_step = pstrdup("if few rows are left, say which they are, or ask for a partial "
	                              "index");
	return true;
}

static bool (*const rules[])(const Comparison *, ClauseObstacle *) = {
    is_of_one_row, is_mutable, is_converted, begins_with_wildcard, is_all_but_some};

bool
dbops_why_not_clause(Node *clause, Oid table, Index varno, ClauseObstacle *obstacle)
{
	Comparison comparison = {.table = table, .varno = varno};

	obstacle->of_statement = false;
	if (!read_comparison(clause, &comparison))
		return false;
	for (int i = 0; i < lengthof(rules); i++)
	{
		if (rules[i](&comparison, obstacle))
			return true;
	}
	return false;
}
