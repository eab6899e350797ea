/*
 * advise/wants_clause.c
 *		From a clause to the key of an index; see wants_clause.h.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/stratnum.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "advise/operator_class.h"
#include "advise/wants_clause.h"
#include "core/collation.h"
#include "core/compat_planner.h"

/* ---- expressions ----------------------------------------------------------------------------- */

static bool
is_foreign_to_index(Node *node, void *context)
{
	const Wants *wants = context;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		{
			const Var *var = (const Var *) node;

			return var->varno != wants->rel->relid || var->varattno <= 0 || var->varlevelsup != 0;
		}
		case T_Param:
		case T_PlaceHolderVar:
		case T_SubPlan:
		case T_AlternativeSubPlan:
		case T_SubLink:
		case T_Aggref:
		case T_WindowFunc:
		case T_GroupingFunc:
		case T_CurrentOfExpr:
		case T_NextValueExpr:
			return true;
		default:
			return expression_tree_walker(node, is_foreign_to_index, context);
	}
}

bool
dbops_wants_indexable(const Wants *wants, Node *expression)
{
	return dbops_wants_computable(wants, expression) && !contain_mutable_functions(expression);
}

bool
dbops_wants_computable(const Wants *wants, Node *expression)
{
	return !is_foreign_to_index(expression, unconstify(Wants *, wants)) &&
	       contain_var_clause(expression) && !contain_volatile_functions(expression) &&
	       !expression_returns_set(expression);
}

static Node *
normalise(Node *node, void *context)
{
	const Wants *wants = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && castNode(Var, node)->varno == wants->rel->relid)
	{
		Var *var = copyObject(castNode(Var, node));

		var->varno = 1;
		var->varnosyn = 1;
		var->varattnosyn = var->varattno;
		var->location = -1;
		dbops_compat_clear_nulling(var);
		return (Node *) var;
	}
	return expression_tree_mutator(node, normalise, context);
}

Node *
dbops_wants_normalise(const Wants *wants, Node *expression)
{
	return normalise(expression, unconstify(Wants *, wants));
}

/* What only changes the name of a type is nothing to an index. */
static Node *
strip(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) castNode(RelabelType, node)->arg;
	return node;
}

bool
dbops_wants_operand(const Wants *wants, Node *expression, Oid collation, SpecColumn *key)
{
	Node *expr = strip(expression);

	*key = (SpecColumn){0};
	if (expr == NULL)
		return false;
	if (IsA(expr, Var))
	{
		const Var *var = castNode(Var, expr);

		if (var->varno != wants->rel->relid || var->varattno <= 0)
			return false;
		key->attno = var->varattno;
	}
	else if (!dbops_wants_indexable(wants, expr))
		return false;
	else
		key->expression = dbops_wants_normalise(wants, expr);
	key->collation = exprCollation(expr);
	if (OidIsValid(key->collation) && OidIsValid(collation))
		key->collation = collation;
	return true;
}

/* A distance from something given is sorted by with an index of another kind. */
static bool
is_distance(Node *expression)
{
	return expression != NULL && IsA(expression, OpExpr) &&
	       dbops_operator_class_is_distance(castNode(OpExpr, expression)->opno);
}

bool
dbops_wants_key(const Wants *wants, Node *expression, Oid collation, SpecColumn *key)
{
	if (!dbops_wants_operand(wants, expression, collation, key) || is_distance(key->expression))
		return false;
	key->opclass = dbops_operator_class_btree(exprType(strip(expression)));
	return OidIsValid(key->opclass);
}

Oid
dbops_wants_family(const SpecColumn *key)
{
	return get_opclass_family(key->opclass);
}

/* ---- clauses --------------------------------------------------------------------------------- */

bool
dbops_wants_given(const Wants *wants, Node *node)
{
	return !bms_is_member(wants->rel->relid, pull_varnos(wants->root, node)) &&
	       !contain_volatile_functions(node);
}

static bool
match_operator(const Wants *wants, Node *operand, Oid operator, Oid collation, ClauseUse *use)
{
	int strategy;

	if (!OidIsValid(operator) || !dbops_wants_key(wants, operand, collation, &use->key))
		return false;
	strategy = get_op_opfamily_strategy(operator, dbops_wants_family(&use->key));
	use->kind = strategy == BTEqualStrategyNumber ? USE_EQUAL : USE_RANGE;
	return strategy != InvalidStrategy;
}

/* Whether a value must begin with something to match the pattern of such a function. */
static bool
begins_with(Oid function, const char *pattern)
{
	switch (function)
	{
		case F_TEXTLIKE:
		case F_BPCHARLIKE:
			return pattern[0] != '\0' && strchr("%_", pattern[0]) == NULL;
		case F_TEXTREGEXEQ:
		case F_BPCHARREGEXEQ:
			return pattern[0] == '^' && (isalnum((unsigned char) pattern[1]) ||
			                             (pattern[1] != '\0' && strchr(" -_/:@#", pattern[1])));
		case F_STARTS_WITH:
			return pattern[0] != '\0';
		default:
			return false;
	}
}

/*
 * LIKE 'abc%' and what is alike bounds the value, byte by byte: that is the order of the collation
 * C, and of operator classes for patterns where the column has another.
 */
static bool
use_prefix(const Wants *wants, const OpExpr *clause, ClauseUse *use)
{
	const Const *pattern =
	    (const Const *) estimate_expression_value(wants->root, lsecond(clause->args));

	if (!IsA(pattern, Const) || pattern->constisnull ||
	    (pattern->consttype != TEXTOID && pattern->consttype != BPCHAROID) ||
	    !begins_with(get_opcode(clause->opno), TextDatumGetCString(pattern->constvalue)) ||
	    !dbops_wants_key(wants, linitial(clause->args), clause->inputcollid, &use->key))
		return false;
	use->kind = USE_RANGE;
	if (!dbops_collation_is_c(use->key.collation))
		use->key.opclass = exprType(linitial(clause->args)) == BPCHAROID ?
		                       BPCHAR_BTREE_PATTERN_OPS_OID :
		                       TEXT_BTREE_PATTERN_OPS_OID;
	return true;
}

static bool
use_operator(const Wants *wants, const OpExpr *clause, ClauseUse *use)
{
	Node *left;
	Node *right;

	if (list_length(clause->args) != 2)
		return false;
	left = linitial(clause->args);
	right = lsecond(clause->args);
	if (dbops_wants_given(wants, right) &&
	    match_operator(wants, left, clause->opno, clause->inputcollid, use))
		return true;
	if (use_prefix(wants, clause, use))
		return true;
	return dbops_wants_given(wants, left) &&
	       match_operator(wants, right, get_commutator(clause->opno), clause->inputcollid, use);
}

static bool
use_array(const Wants *wants, const ScalarArrayOpExpr *clause, ClauseUse *use)
{
	return clause->useOr && dbops_wants_given(wants, lsecond(clause->args)) &&
	       match_operator(wants, linitial(clause->args), clause->opno, clause->inputcollid, use);
}

/* (a, b) < (x, y): a bounds it. */
static bool
use_row(const Wants *wants, const RowCompareExpr *clause, ClauseUse *use)
{
	return dbops_wants_given(wants, linitial(clause->rargs)) &&
	       match_operator(wants, linitial(clause->largs), linitial_oid(clause->opnos),
	                      linitial_oid(clause->inputcollids), use);
}

static bool
use_null(const Wants *wants, const NullTest *clause, ClauseUse *use)
{
	use->kind = USE_EQUAL;
	return clause->nulltesttype == IS_NULL && !clause->argisrow &&
	       dbops_wants_key(wants, (Node *) clause->arg, InvalidOid, &use->key);
}

static bool
use_boolean(const Wants *wants, Node *clause, ClauseUse *use)
{
	if (IsA(clause, BooleanTest))
	{
		BoolTestType type = castNode(BooleanTest, clause)->booltesttype;

		if (type != IS_TRUE && type != IS_FALSE)
			return false;
		clause = (Node *) castNode(BooleanTest, clause)->arg;
	}
	else if (is_notclause(clause))
		clause = (Node *) get_notclausearg(clause);
	use->kind = USE_EQUAL;
	return IsA(clause, Var) && exprType(clause) == BOOLOID &&
	       dbops_wants_key(wants, clause, InvalidOid, &use->key);
}

bool
dbops_wants_clause(const Wants *wants, Node *clause, ClauseUse *use)
{
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return use_operator(wants, (const OpExpr *) clause, use);
		case T_ScalarArrayOpExpr:
			return use_array(wants, (const ScalarArrayOpExpr *) clause, use);
		case T_RowCompareExpr:
			return use_row(wants, (const RowCompareExpr *) clause, use);
		case T_NullTest:
			return use_null(wants, (const NullTest *) clause, use);
		case T_Var:
		case T_BoolExpr:
		case T_BooleanTest:
			return use_boolean(wants, clause, use);
		default:
			return false;
	}
}
