/*
 * advise/dependence_facts.c
 *		What the planner thinks of conditions, and what is so in a sample; see dependence_facts.h.
 *
 * Values that are not known, as of parameters, are those of some rows of the sample: the planner is
 * asked for the estimate with each of them in turn.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/vacuum.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "advise/dependence_facts.h"
#include "advise/row_sample.h"
#include "advise/wants_clause.h"

/* Rows whose values stand for those that are not known. */
#define TYPICAL_ROWS 25

/* What one or several conditions are on. */
typedef struct Operand
{
	Node *expression; /* of varno 1, without changes of type that change no value */
	Node *value;      /* the same as it is compared */
	List *clauses;    /* RestrictInfos */
	List *conditions; /* the same of varno 1, with values; NIL: the value is not known */
	Node *sought;     /* that which is not known */
	bool equality;
	bool unknown; /* an expression without statistics */
} Operand;

typedef struct Gathering
{
	Wants wants; /* of which only the relation is set */
	int noperands;
	Operand operands[DEPENDENCE_OPERANDS];
	bool typical; /* there are values that are not known */
	JointRows rows;
	RowSample *met[DEPENDENCE_OPERANDS]; /* whether conditions are met, where they are known */
	DependenceFacts facts;
} Gathering;

/* ---- reading --------------------------------------------------------------------------------- */

static Node *
strip(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) castNode(RelabelType, node)->arg;
	return node;
}

/* A column or expression of the relation that there can be statistics of. */
static bool
is_operand(const Wants *wants, Node *node)
{
	Node *expr = strip(node);

	if (expr == NULL || IsA(expr, Const))
		return false;
	if (IsA(expr, Var))
	{
		const Var *var = castNode(Var, expr);

		if (var->varno != wants->rel->relid || var->varattno <= 0 || var->varlevelsup > 0)
			return false;
	}
	else if (!dbops_wants_computable(wants, expr))
		return false;
	return OidIsValid(lookup_type_cache(exprType(expr), TYPECACHE_LT_OPR)->lt_opr);
}

/* What a clause compares: the operand, what with, and whether for equality. */
typedef struct Comparison
{
	Node *operand;
	Node *given; /* NULL: nothing */
	bool equality;
	bool list; /* given is a list of values */
} Comparison;

static bool
read_comparison(const Wants *wants, Oid operator, List * args, Comparison *comparison)
{
	Node *left;
	Node *right;

	if (list_length(args) != 2)
		return false;
	left = linitial(args);
	right = lsecond(args);
	comparison->equality = get_oprrest(operator) == F_EQSEL;
	if (is_operand(wants, left) && dbops_wants_given(wants, right))
	{
		comparison->operand = left;
		comparison->given = right;
		return true;
	}
	comparison->operand = right;
	comparison->given = left;
	return !comparison->list && is_operand(wants, right) && dbops_wants_given(wants, left);
}

static bool
read_clause(const Wants *wants, Node *clause, Comparison *comparison)
{
	*comparison = (Comparison){.equality = true};
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return read_comparison(wants, castNode(OpExpr, clause)->opno,
			                       castNode(OpExpr, clause)->args, comparison);
		case T_ScalarArrayOpExpr:
			comparison->list = true;
			return castNode(ScalarArrayOpExpr, clause)->useOr &&
			       read_comparison(wants, castNode(ScalarArrayOpExpr, clause)->opno,
			                       castNode(ScalarArrayOpExpr, clause)->args, comparison);
		case T_NullTest:
			comparison->equality = false;
			comparison->operand = (Node *) castNode(NullTest, clause)->arg;
			return !castNode(NullTest, clause)->argisrow && is_operand(wants, comparison->operand);
		case T_Var:
			comparison->operand = clause;
			return is_operand(wants, clause);
		case T_BoolExpr:
			if (!is_notclause(clause))
				return false;
			comparison->operand = (Node *) get_notclausearg(clause);
			return IsA(comparison->operand, Var) && is_operand(wants, comparison->operand);
		default:
			return false;
	}
}

static bool
has_statistics(const Wants *wants, Node *expression)
{
	VariableStatData data;
	bool known;

	examine_variable(wants->root, expression, 0, &data);
	known = HeapTupleIsValid(data.statsTuple) || data.isunique;
	ReleaseVariableStats(data);
	return known;
}

/* The operand, new or known; NULL if there are too many. */
static Operand *
find_operand(Gathering *gathering, const Comparison *comparison)
{
	Node *stripped = strip(comparison->operand);
	Node *expression = dbops_wants_normalise(&gathering->wants, stripped);
	Operand *operand;

	for (int i = 0; i < gathering->noperands; i++)
	{
		if (equal(gathering->operands[i].expression, expression))
			return &gathering->operands[i];
	}
	if (gathering->noperands == DEPENDENCE_OPERANDS)
		return NULL;
	operand = &gathering->operands[gathering->noperands++];
	*operand =
	    (Operand){.expression = expression,
	              .value = dbops_wants_normalise(&gathering->wants, comparison->operand),
	              .equality = true,
	              .unknown = !IsA(stripped, Var) && !has_statistics(&gathering->wants, stripped)};
	return operand;
}

/* A value that is not known is sought for by equality alone, in the operand's own type. */
static bool
is_sought(const Comparison *comparison)
{
	return comparison->equality && !comparison->list && IsA(comparison->given, Param) &&
	       exprType(comparison->given) == exprType(comparison->operand);
}

static void
read_restriction(Gathering *gathering, RestrictInfo *info)
{
	const Wants *wants = &gathering->wants;
	Comparison comparison;
	Node *given = NULL;
	Operand *operand;

	if (info->pseudoconstant || !read_clause(wants, (Node *) info->clause, &comparison))
		return;
	if (comparison.given != NULL)
	{
		given = estimate_expression_value(wants->root, comparison.given);
		if (IsA(given, Const) ? castNode(Const, given)->constisnull : !is_sought(&comparison))
			return;
	}
	operand = find_operand(gathering, &comparison);
	if (operand == NULL || operand->sought != NULL)
		return;
	if (given != NULL && !IsA(given, Const))
	{
		if (operand->clauses != NIL)
			return;
		operand->sought = comparison.given;
		gathering->typical = true;
	}
	else
		operand->conditions =
		    lappend(operand->conditions,
		            dbops_wants_normalise(
		                wants, estimate_expression_value(wants->root, (Node *) info->clause)));
	operand->clauses = lappend(operand->clauses, info);
	operand->equality = operand->equality && comparison.equality;
}

/* Whether there can be anything to find. */
static bool
is_worth_sampling(const Gathering *gathering)
{
	bool unknown = false;

	for (int i = 0; i < gathering->noperands; i++)
		unknown = unknown || gathering->operands[i].unknown;
	return gathering->noperands >= 2 || unknown;
}

/* ---- the sample ------------------------------------------------------------------------------ */

static bool
take_rows(Gathering *gathering)
{
	Relation table = table_open(gathering->wants.table, NoLock);
	const JointLimits limits = {.rows = JOINT_ROWS, .draws = JOINT_DRAWS, .all = JOINT_ROWS};
	List *expressions = NIL;
	int column = gathering->noperands;
	bool taken;

	for (int i = 0; i < gathering->noperands; i++)
		expressions = lappend(expressions, gathering->operands[i].value);
	for (int i = 0; i < gathering->noperands; i++)
	{
		if (gathering->operands[i].sought == NULL)
			expressions = lappend(expressions,
			                      make_ands_explicit(list_copy(gathering->operands[i].conditions)));
	}
	taken = dbops_row_sample_allowed(table) &&
	        dbops_row_sample_joint(table, expressions, &limits, &gathering->rows);
	table_close(table, NoLock);
	for (int i = 0; taken && i < gathering->noperands; i++)
	{
		if (gathering->operands[i].sought == NULL)
			gathering->met[i] = gathering->rows.columns[column++];
	}
	return taken;
}

static const RowGroups *
group_rows(const RowSample *sample)
{
	uint64 *keys = palloc(sizeof(uint64) * sample->nrows);
	const RowGroups *groups;

	for (int row = 0; row < sample->nrows; row++)
		keys[row] = dbops_row_sample_hash(sample, row);
	groups = dbops_row_groups_by(keys, sample->nrows);
	pfree(keys);
	return groups;
}

/* ---- probes ---------------------------------------------------------------------------------- */

/* The clauses of an operand; with the value of the row, where it is sought. */
static List *
clauses_for(const Gathering *gathering, int number, int row)
{
	const Operand *operand = &gathering->operands[number];
	const RowSample *sample = gathering->rows.columns[number];
	RestrictInfo *info;
	OpExpr *clause;
	Const *value;
	ListCell *lc;

	if (operand->sought == NULL)
		return operand->clauses;
	value = makeConst(sample->type, exprTypmod(operand->value), exprCollation(operand->value),
	                  sample->typlen, sample->values[row], false, sample->typbyval);
	info = makeNode(RestrictInfo);
	memcpy(info, linitial(operand->clauses), sizeof(RestrictInfo));
	clause = makeNode(OpExpr);
	memcpy(clause, info->clause, sizeof(OpExpr));
	clause->args = list_copy(clause->args);
	foreach (lc, clause->args)
	{
		if (lfirst(lc) == operand->sought)
			lfirst(lc) = value;
	}
	info->clause = (Expr *) clause;
	info->norm_selec = info->outer_selec = -1;
	return list_make1(info);
}

static double
estimate(const Gathering *gathering, List *clauses)
{
	return clauselist_selectivity(gathering->wants.root, clauses, 0, JOIN_INNER, NULL);
}

static bool
meets(const Gathering *gathering, int number, int row, int probe_row)
{
	const RowSample *met = gathering->met[number];
	const RowGroups *groups = gathering->facts.operands[number].groups;

	if (met != NULL)
		return !met->nulls[row] && DatumGetBool(met->values[row]);
	return groups->group[row] == groups->group[probe_row];
}

/* A row that the values were taken from meets them by that alone, unless all rows are there. */
static void
fill_probe(const Gathering *gathering, int probe_row, DependenceProbe *probe)
{
	uint8 *met = palloc0(gathering->rows.nrows);
	List *all = NIL;

	for (int i = 0; i < gathering->noperands; i++)
	{
		List *clauses = clauses_for(gathering, i, probe_row);

		probe->single[i] = estimate(gathering, clauses);
		all = list_concat_copy(all, clauses);
		for (int row = 0; row < gathering->rows.nrows; row++)
			met[row] |= meets(gathering, i, row, probe_row) << i;
	}
	if (gathering->typical && !gathering->rows.complete)
		met[probe_row] = 0;
	probe->estimated = estimate(gathering, all);
	probe->met = met;
}

/* Whether the row has all values that are sought. */
static bool
has_values(const Gathering *gathering, int row)
{
	for (int i = 0; i < gathering->noperands; i++)
	{
		if (gathering->operands[i].sought != NULL && gathering->rows.columns[i]->nulls[row])
			return false;
	}
	return true;
}

static void
fill_probes(Gathering *gathering)
{
	DependenceFacts *facts = &gathering->facts;
	int most = gathering->typical ? Min(TYPICAL_ROWS, gathering->rows.nrows) : 1;
	DependenceProbe *probes = palloc(sizeof(DependenceProbe) * most);

	for (int i = 0; i < most; i++)
	{
		int row = (int) ((int64) (2 * i + 1) * gathering->rows.nrows / (2 * most));

		if (has_values(gathering, row))
			fill_probe(gathering, row, &probes[facts->nprobes++]);
	}
	facts->probes = probes;
}

/*
 * How many rows stand for one, as rows of a block are alike: in how many blocks those that meet a
 * condition are, and would be if they were anywhere.
 */
static double
measure_together(const Gathering *gathering)
{
	const BlockNumber *blocks = gathering->rows.columns[0]->blocks;
	double together = 1;
	double nblocks = 0;

	for (int row = 0; row < gathering->rows.nrows; row++)
		nblocks += row == 0 || blocks[row] != blocks[row - 1];
	for (int p = 0; p < gathering->facts.nprobes; p++)
	{
		for (int i = 0; i < gathering->noperands; i++)
		{
			const uint8 *met = gathering->facts.probes[p].met;
			BlockNumber last = InvalidBlockNumber;
			double rows = 0;
			double in = 0;

			for (int row = 0; row < gathering->rows.nrows; row++)
			{
				if ((met[row] & (1 << i)) == 0)
					continue;
				rows++;
				in += blocks[row] != last;
				last = blocks[row];
			}
			if (in > 0)
				together = Max(together, nblocks * (1 - pow(1 - 1 / nblocks, rows)) / in);
		}
	}
	return together;
}

static void
fill_facts(Gathering *gathering)
{
	DependenceFacts *facts = &gathering->facts;

	facts->nrows = gathering->rows.nrows;
	facts->table_rows = gathering->wants.rel->tuples;
	facts->complete = gathering->rows.complete;
	facts->typical = gathering->typical;
	facts->target = default_statistics_target;
	facts->noperands = gathering->noperands;
	for (int i = 0; i < gathering->noperands; i++)
		facts->operands[i] = (DependenceOperand){.groups = group_rows(gathering->rows.columns[i]),
		                                         .equality = gathering->operands[i].equality,
		                                         .unknown = gathering->operands[i].unknown};
	fill_probes(gathering);
	facts->together = facts->complete ? 1 : measure_together(gathering);
}

/* ---- findings -------------------------------------------------------------------------------- */

static List *
add_finding(List *findings, const Gathering *gathering, const DependenceVerdict *verdict)
{
	StatisticsFinding *finding;

	if (verdict->kind == STATISTICS_NONE)
		return findings;
	finding = palloc0(sizeof(StatisticsFinding));
	*finding = (StatisticsFinding){.table = gathering->wants.table,
	                               .kinds = verdict->kind,
	                               .estimated = verdict->estimated,
	                               .actual = verdict->actual,
	                               .after = verdict->after,
	                               .confidence = verdict->confidence};
	for (int i = 0; i < gathering->noperands; i++)
	{
		if (verdict->members & (1U << i))
			finding->expressions = lappend(finding->expressions, gathering->operands[i].expression);
	}
	return lappend(findings, finding);
}

List *
dbops_dependence_find(PlannerInfo *root, RelOptInfo *rel, Oid table)
{
	Gathering gathering = {.wants = {.root = root, .rel = rel, .table = table}};
	DependenceVerdict joint;
	List *findings = NIL;
	ListCell *lc;

	foreach (lc, rel->baserestrictinfo)
		read_restriction(&gathering, lfirst_node(RestrictInfo, lc));
	if (!is_worth_sampling(&gathering) || !take_rows(&gathering))
		return NIL;
	fill_facts(&gathering);
	joint = dbops_dependence_judge(&gathering.facts);
	findings = add_finding(findings, &gathering, &joint);
	for (int i = 0; i < gathering.noperands; i++)
	{
		DependenceVerdict one = dbops_dependence_judge_one(&gathering.facts, i);

		/* Statistics of several have those of each expression in them. */
		if ((joint.members & (1U << i)) == 0)
			findings = add_finding(findings, &gathering, &one);
	}
	return findings;
}
