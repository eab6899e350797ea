/*
 * store/fdw_quals.c
 *		What a WHERE clause asks of the reader of the history; see fdw_quals.h.
 *
 * rel->fdw_private is the FdwTable of the relation.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "store/fdw_quals.h"

/* `column operator value`, the column on the left whatever the clause looks like. */
typedef struct Comparison
{
	const Column *column;
	Expr *value;
	Oid operator;
	Oid collation;
} Comparison;

/* The column that an expression is, if it is nothing more. */
static const Column *
find_column(const RelOptInfo *rel, Node *expr)
{
	const FdwTable *table = rel->fdw_private;
	Var *var = (Var *) expr;

	if (!IsA(expr, Var) || var->varno != rel->relid || var->varlevelsup != 0 ||
	    var->varattno <= 0 || var->varattno > table->natts)
		return NULL;
	return table->columns[var->varattno - 1];
}

/* Whether an expression has one value for a whole scan of the relation. */
static bool
is_known_before_scan(PlannerInfo *root, RelOptInfo *rel, Node *expr)
{
	return !bms_is_member(rel->relid, pull_varnos(root, expr)) &&
	       !contain_volatile_functions(expr) && !contain_subplans(expr);
}

static bool
split_comparison(PlannerInfo *root, RelOptInfo *rel, OpExpr *clause, Comparison *comparison)
{
	Node *left;
	Node *right;

	if (list_length(clause->args) != 2)
		return false;
	left = linitial(clause->args);
	right = lsecond(clause->args);
	comparison->operator= clause->opno;
	comparison->collation = clause->inputcollid;
	comparison->column = find_column(rel, left);
	comparison->value = (Expr *) right;
	if (comparison->column == NULL)
	{
		comparison->column = find_column(rel, right);
		comparison->value = (Expr *) left;
		comparison->operator= get_commutator(clause->opno);
	}
	return comparison->column != NULL && OidIsValid(comparison->operator) &&
	       is_known_before_scan(root, rel, (Node *) comparison->value);
}

/*
 * What the operator means for the column's type: a strategy of its btree family, or 0.  Operator
 * names mean nothing, and the families know the comparisons between types.
 */
static int
get_strategy(const Comparison *comparison)
{
	Oid type = dbops_columns_type_oid(comparison->column->type);
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);

	if (!OidIsValid(entry->btree_opf))
		return 0;
	return get_op_opfamily_strategy(comparison->operator, entry->btree_opf);
}

/* Requests for text compare bytes; a collation may see more as equal. */
static bool
is_bytewise(const Comparison *comparison)
{
	return !OidIsValid(comparison->collation) ||
	       get_collation_isdeterministic(comparison->collation);
}

static const RequestKind time_requests[] = {
    [BTLessStrategyNumber] = REQUEST_BEFORE,   [BTLessEqualStrategyNumber] = REQUEST_TO,
    [BTEqualStrategyNumber] = REQUEST_AT,      [BTGreaterEqualStrategyNumber] = REQUEST_FROM,
    [BTGreaterStrategyNumber] = REQUEST_AFTER,
};

/* A date and a timestamp without zone are instants too: those their casts say. */
static bool
request_time(const Comparison *comparison, int strategy, Request *request)
{
	Oid type = exprType((Node *) comparison->value);

	request->kind = time_requests[strategy];
	request->value = comparison->value;
	if (type == DATEOID || type == TIMESTAMPOID)
		request->value =
		    (Expr *) coerce_to_target_type(NULL, (Node *) comparison->value, type, TIMESTAMPTZOID,
		                                   -1, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
	else if (type != TIMESTAMPTZOID)
		return false;
	return request->value != NULL;
}

/* The types whose values store/fdw_scan.c turns into keys of the column. */
static bool
is_key_type(ColumnType column, Oid type)
{
	switch (column)
	{
		case COLUMN_BOOLEAN:
			return type == BOOLOID;
		case COLUMN_BIGINT:
			return type == INT8OID || type == INT4OID || type == INT2OID;
		case COLUMN_OID:
			return type == OIDOID;
		case COLUMN_TEXT:
			return type == TEXTOID || type == NAMEOID;
		default:
			return false;
	}
}

static bool
request_comparison(const Comparison *comparison, Request *request)
{
	const Column *column = comparison->column;
	int strategy = get_strategy(comparison);

	if (strategy == 0)
		return false;
	if (column->source == COLUMN_AT)
		return request_time(comparison, strategy, request);
	if (strategy != BTEqualStrategyNumber || !is_bytewise(comparison))
		return false;

	request->value = comparison->value;
	request->label = column->index;
	switch (column->source)
	{
		case COLUMN_STEP:
			request->kind = REQUEST_STEP;
			return exprType((Node *) comparison->value) == INTERVALOID;
		case COLUMN_NODE:
			request->kind = REQUEST_NODE;
			break;
		case COLUMN_LABEL:
			request->kind = REQUEST_LABEL;
			break;
		default:
			return false;
	}
	return is_key_type(column->type, exprType((Node *) comparison->value));
}

/* label = ANY (array), which is what label IN (…) becomes. */
static bool
request_any(PlannerInfo *root, RelOptInfo *rel, ScalarArrayOpExpr *clause, Request *request)
{
	Comparison comparison = {
	    .column = find_column(rel, linitial(clause->args)),
	    .value = lsecond(clause->args),
	    .operator= clause->opno,
	    .collation = clause->inputcollid,
	};

	if (!clause->useOr || comparison.column == NULL || comparison.column->source != COLUMN_LABEL ||
	    !is_known_before_scan(root, rel, (Node *) comparison.value) ||
	    get_strategy(&comparison) != BTEqualStrategyNumber || !is_bytewise(&comparison))
		return false;
	request->kind = REQUEST_LABELS;
	request->label = comparison.column->index;
	request->value = comparison.value;
	return is_key_type(comparison.column->type,
	                   get_element_type(exprType((Node *) comparison.value)));
}

/* The planner writes `label` and `NOT label` for comparisons of a boolean with a constant. */
static bool
request_boolean(RelOptInfo *rel, Node *expr, bool value, Request *request)
{
	const Column *column = find_column(rel, expr);

	if (column == NULL || column->source != COLUMN_LABEL || column->type != COLUMN_BOOLEAN)
		return false;
	request->kind = REQUEST_LABEL;
	request->label = column->index;
	request->value = (Expr *) makeBoolConst(value, false);
	return true;
}

bool
dbops_quals_request(PlannerInfo *root, RelOptInfo *rel, Node *clause, Request *request)
{
	const FdwTable *table = rel->fdw_private;

	memset(request, 0, sizeof(*request));
	/* The present has no range, and its rows are made all at once. */
	if (table->kind != TABLE_HISTORY)
		return false;
	if (IsA(clause, RestrictInfo))
		clause = (Node *) ((RestrictInfo *) clause)->clause;
	if (IsA(clause, OpExpr))
	{
		Comparison comparison;

		return split_comparison(root, rel, (OpExpr *) clause, &comparison) &&
		       request_comparison(&comparison, request);
	}
	if (IsA(clause, ScalarArrayOpExpr))
		return request_any(root, rel, (ScalarArrayOpExpr *) clause, request);
	if (is_notclause(clause))
		return request_boolean(rel, (Node *) get_notclausearg(clause), false, request);
	return request_boolean(rel, clause, true, request);
}

/* ---- the column step --------------------------------------------------------------------------
 */

static void
report_step(const RelOptInfo *rel)
{
	const FdwTable *table = rel->fdw_private;

	ereport(ERROR,
	        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	         errmsg("column \"step\" of \"%s\" can only be compared with one value that is known "
	                "before the scan",
	                table->name),
	         errdetail("It asks for rows of that step, and does not filter rows that are there."),
	         errhint("Write step = '10 min', or read from dbops.%s('10 min').", table->name)));
}

static bool
mentions_step(const RelOptInfo *rel, Node *expr, AttrNumber step)
{
	Bitmapset *attributes = NULL;

	pull_varattnos(expr, rel->relid, &attributes);
	return bms_is_member(step - FirstLowInvalidHeapAttributeNumber, attributes);
}

/* Equality with a column of another relation is in no list of clauses before joins are planned. */
static bool
is_step_joined(PlannerInfo *root, const RelOptInfo *rel, AttrNumber step)
{
	ListCell *cell;

	foreach (cell, root->eq_classes)
	{
		EquivalenceClass *class = lfirst_node(EquivalenceClass, cell);
		ListCell *member_cell;

		/* With a constant in it, the class has become a comparison with that. */
		if (class->ec_has_const || list_length(class->ec_members) < 2)
			continue;
		foreach (member_cell, class->ec_members)
		{
			EquivalenceMember *member = lfirst_node(EquivalenceMember, member_cell);

			if (bms_is_member(rel->relid, member->em_relids) &&
			    mentions_step(rel, (Node *) member->em_expr, step))
				return true;
		}
	}
	return false;
}

void
dbops_quals_check_step(PlannerInfo *root, RelOptInfo *rel)
{
	AttrNumber step = dbops_fdw_table_attribute(rel->fdw_private, COLUMN_STEP);
	int requests = 0;
	ListCell *cell;

	if (step == InvalidAttrNumber)
		return;
	foreach (cell, rel->baserestrictinfo)
	{
		Node *clause = (Node *) lfirst_node(RestrictInfo, cell)->clause;
		Request request;

		if (!mentions_step(rel, clause, step))
			continue;
		if (!dbops_quals_request(root, rel, clause, &request) || request.kind != REQUEST_STEP ||
		    ++requests > 1)
			report_step(rel);
	}
	foreach (cell, rel->joininfo)
	{
		if (mentions_step(rel, (Node *) lfirst_node(RestrictInfo, cell)->clause, step))
			report_step(rel);
	}
	if (is_step_joined(root, rel, step))
		report_step(rel);
}
