/*
 * advise/dependence.c
 *		Which extended statistics would mend an estimate; see dependence.h.
 *
 * What the planner would say with them is computed as it does: clauselist_apply_dependencies() for
 * functional dependencies, statext_mcv_clauselist_selectivity() for common combinations.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "port/pg_bitutils.h"

#include "advise/dependence.h"

/* Within this factor an estimate is good. */
#define GOOD_FACTOR 2

/* Rows of the sample that bear witness: fewer are chance, so many are no chance. */
#define FEW_WITNESSES 10
#define MANY_WITNESSES 100

#define NSETS (1 << DEPENDENCE_OPERANDS)

typedef struct Judging
{
	const DependenceFacts *facts;
	double single[DEPENDENCE_OPERANDS]; /* observed, mean over probes */
	const RowGroups *combined[NSETS];   /* rows by the values of a set of operands */
} Judging;

double
dbops_dependence_factor(double estimated, double actual)
{
	double x = Max(estimated, 1);
	double y = Max(actual, 1);

	return x > y ? x / y : y / x;
}

/* ---- what is -------------------------------------------------------------------------------- */

/* The share of rows that meet all conditions of the set, over all probes. */
static double
observe(const DependenceFacts *facts, uint32 set)
{
	double rows = 0;

	for (int p = 0; p < facts->nprobes; p++)
	{
		for (int row = 0; row < facts->nrows; row++)
			rows += (facts->probes[p].met[row] & set) == set;
	}
	return rows / facts->nrows / facts->nprobes;
}

static const RowGroups *
combine(Judging *judging, uint32 set)
{
	int last = pg_leftmost_one_pos32(set);
	uint32 rest = set & ~(1U << last);
	const RowGroups *of_last = judging->facts->operands[last].groups;

	if (rest == 0)
		return of_last;
	if (judging->combined[set] == NULL)
		judging->combined[set] = dbops_row_groups_combine(combine(judging, rest), of_last);
	return judging->combined[set];
}

/* ---- what the planner would say -------------------------------------------------------------- */

/* What it says of one condition, once there are statistics of its expression. */
static double
single_of(const Judging *judging, const DependenceProbe *probe, int operand)
{
	return judging->facts->operands[operand].unknown ? judging->single[operand] :
	                                                   probe->single[operand];
}

static double
multiply(const Judging *judging, const DependenceProbe *probe, uint32 set)
{
	double share = 1;

	for (int i = 0; i < judging->facts->noperands; i++)
		share *= set & (1U << i) ? single_of(judging, probe, i) : 1;
	return share;
}

/* An operand of a set that depends on the others. */
typedef struct Dependency
{
	uint32 determinant;
	int dependent;
	double degree;
} Dependency;

static Dependency
find_strongest(Judging *judging, uint32 set)
{
	Dependency best = {.degree = -1};

	for (int i = 0; i < judging->facts->noperands; i++)
	{
		uint32 rest = set & ~(1U << i);
		double degree;

		if (rest == set)
			continue;
		degree = dbops_row_groups_degree(combine(judging, rest), combine(judging, set));
		if (degree > best.degree)
			best = (Dependency){.determinant = rest, .dependent = i, .degree = degree};
	}
	return best;
}

/* The strongest dependencies of the set, from the widest to one between two operands. */
static int
find_dependencies(Judging *judging, uint32 set, Dependency *dependencies)
{
	int n = 0;

	while (pg_popcount32(set) >= 2)
	{
		dependencies[n] = find_strongest(judging, set);
		set = dependencies[n++].determinant;
	}
	return n;
}

static double
apply_dependencies(const Judging *judging, const DependenceProbe *probe,
                   const Dependency *dependencies, int n)
{
	double shares[DEPENDENCE_OPERANDS];
	double product = 1;
	uint32 all = dependencies[0].determinant | 1U << dependencies[0].dependent;

	for (int i = 0; i < judging->facts->noperands; i++)
		shares[i] = single_of(judging, probe, i);
	for (int d = n - 1; d >= 0; d--)
	{
		double degree = dependencies[d].degree;
		double *dependent = &shares[dependencies[d].dependent];
		double determinant = 1;

		for (int i = 0; i < judging->facts->noperands; i++)
			determinant *= dependencies[d].determinant & (1U << i) ? shares[i] : 1;
		if (determinant <= *dependent)
			*dependent = degree + (1 - degree) * *dependent;
		else
			*dependent = degree * *dependent / determinant + (1 - degree) * *dependent;
	}
	for (int i = 0; i < judging->facts->noperands; i++)
		product *= all & (1U << i) ? shares[i] : 1;
	return product;
}

static double
try_dependencies(Judging *judging, uint32 set)
{
	const DependenceFacts *facts = judging->facts;
	Dependency dependencies[DEPENDENCE_OPERANDS];
	int n = find_dependencies(judging, set, dependencies);
	uint32 all = (1U << facts->noperands) - 1;
	double sum = 0;

	for (int p = 0; p < facts->nprobes; p++)
		sum += apply_dependencies(judging, &facts->probes[p], dependencies, n) *
		       multiply(judging, &facts->probes[p], all & ~set);
	return sum / facts->nprobes;
}

/* What of a combination would be in the list of the most common ones. */
typedef struct Common
{
	int row; /* one of its rows */
	double share;
	double base; /* if operands were independent */
} Common;

static int
compare_common(const void *a, const void *b)
{
	const Common *x = a;
	const Common *y = b;

	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	return x->row - y->row;
}

/* Rows of the sample that a combination needs (get_mincount_for_mcv_list). */
static double
least_count(const DependenceFacts *facts)
{
	double n = facts->nrows;
	double all = Max(facts->table_rows, n);
	double denominator = all - n + 0.04 * n * (all - 1);

	return facts->complete || denominator == 0 ? 0 : n * (all - n) / denominator;
}

static int
list_common(Judging *judging, uint32 set, Common **common)
{
	const DependenceFacts *facts = judging->facts;
	const RowGroups *groups = combine(judging, set);
	double least = least_count(facts);
	int n = 0;

	*common = palloc(sizeof(Common) * Max(groups->ngroups, 1));
	for (int group = 0; group < groups->ngroups; group++)
	{
		int row = groups->first[group];
		double base = 1;

		if (groups->size[group] < least)
			continue;
		for (int i = 0; i < facts->noperands; i++)
		{
			const RowGroups *single = facts->operands[i].groups;

			if (set & (1U << i))
				base *= (double) single->size[single->group[row]] / facts->nrows;
		}
		(*common)[n++] = (Common){
		    .row = row, .share = (double) groups->size[group] / facts->nrows, .base = base};
	}
	qsort(*common, n, sizeof(Common), compare_common);
	return Min(n, facts->target);
}

static double
apply_common(const Common *common, int n, const DependenceProbe *probe, uint32 set, double simple)
{
	double matching = 0;
	double base = 0;
	double total = 0;
	double other;

	for (int i = 0; i < n; i++)
	{
		total += common[i].share;
		if ((probe->met[common[i].row] & set) != set)
			continue;
		matching += common[i].share;
		base += common[i].base;
	}
	other = Max(simple - base, 0);
	other = Min(other, Max(1 - total, 0));
	return Min(matching + other, 1);
}

static double
try_common(Judging *judging, uint32 set)
{
	const DependenceFacts *facts = judging->facts;
	uint32 all = (1U << facts->noperands) - 1;
	Common *common;
	int n = list_common(judging, set, &common);
	double sum = 0;

	for (int p = 0; p < facts->nprobes; p++)
	{
		const DependenceProbe *probe = &facts->probes[p];

		sum += apply_common(common, n, probe, set, multiply(judging, probe, set)) *
		       multiply(judging, probe, all & ~set);
	}
	pfree(common);
	return sum / facts->nprobes;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

/*
 * Sets how sure it is that the estimate is off; false if that may be chance.  Who bears witness of
 * too low an estimate are rows that were found, of too high a one those that were not.
 */
static bool
weigh_witnesses(const DependenceFacts *facts, DependenceVerdict *verdict)
{
	double scale = facts->nrows * facts->nprobes / Max(facts->table_rows, 1) / facts->together;
	double expected = verdict->estimated * scale;
	double found = verdict->actual * scale;
	double witnesses = Max(expected, found);
	double sure;

	verdict->confidence = ADVICE_HIGH;
	if (!facts->complete)
	{
		if (witnesses < FEW_WITNESSES)
			return false;
		if (found > expected)
			sure = (found - 2 * sqrt(found)) / Max(expected, DBL_MIN);
		else
			sure = expected / (found + 2 * sqrt(found) + 2);
		if (sure < DEPENDENCE_FACTOR)
			verdict->confidence = ADVICE_LOW;
		else if (witnesses < MANY_WITNESSES)
			verdict->confidence = ADVICE_MEDIUM;
	}
	if (facts->typical)
		verdict->confidence = Min(verdict->confidence, ADVICE_MEDIUM);
	return true;
}

static bool
is_off(const DependenceVerdict *verdict)
{
	return Max(verdict->estimated, verdict->actual) >= DEPENDENCE_ROWS &&
	       dbops_dependence_factor(verdict->estimated, verdict->actual) >= DEPENDENCE_FACTOR;
}

/* Whether these statistics are the best so far. */
static void
propose(const Judging *judging, StatisticsKind kind, uint32 set, double after,
        DependenceVerdict *verdict)
{
	double rows = after * judging->facts->table_rows;
	double factor = dbops_dependence_factor(rows, verdict->actual);

	if (factor > GOOD_FACTOR ||
	    (verdict->kind != STATISTICS_NONE &&
	     factor >= dbops_dependence_factor(verdict->after, verdict->actual)))
		return;
	verdict->kind = kind;
	verdict->members = set;
	verdict->after = rows;
}

static bool
are_equalities(const DependenceFacts *facts, uint32 set)
{
	for (int i = 0; i < facts->noperands; i++)
	{
		if (set & (1U << i) && !facts->operands[i].equality)
			return false;
	}
	return true;
}

/* The statistics that do it of all on so many operands: dependencies, or else combinations. */
static void
try_all(Judging *judging, int size, DependenceVerdict *verdict)
{
	const DependenceFacts *facts = judging->facts;
	uint32 end = 1U << facts->noperands;

	for (uint32 set = 1; set < end; set++)
	{
		if (pg_popcount32(set) == size && are_equalities(facts, set))
			propose(judging, STATISTICS_DEPENDENCIES, set, try_dependencies(judging, set), verdict);
	}
	for (uint32 set = 1; set < end && verdict->kind != STATISTICS_DEPENDENCIES; set++)
	{
		if (pg_popcount32(set) == size)
			propose(judging, STATISTICS_MCV, set, try_common(judging, set), verdict);
	}
}

static double
mean_estimate(const DependenceFacts *facts)
{
	double sum = 0;

	for (int p = 0; p < facts->nprobes; p++)
		sum += facts->probes[p].estimated;
	return sum / facts->nprobes;
}

/* The same, once there are statistics of single expressions, which are advised by themselves. */
static double
mended_estimate(const Judging *judging)
{
	const DependenceFacts *facts = judging->facts;
	double sum = 0;

	for (int p = 0; p < facts->nprobes; p++)
	{
		const DependenceProbe *probe = &facts->probes[p];
		double estimated = probe->estimated;

		for (int i = 0; i < facts->noperands; i++)
		{
			if (facts->operands[i].unknown && probe->single[i] > 0)
				estimated *= judging->single[i] / probe->single[i];
		}
		sum += estimated;
	}
	return sum / facts->nprobes;
}

DependenceVerdict
dbops_dependence_judge(const DependenceFacts *facts)
{
	Judging judging = {.facts = facts};
	uint32 all = (1U << facts->noperands) - 1;
	DependenceVerdict verdict = {0};

	Assert(facts->noperands <= DEPENDENCE_OPERANDS);
	if (facts->noperands < 2 || facts->nrows == 0 || facts->nprobes == 0)
		return verdict;
	for (int i = 0; i < facts->noperands; i++)
		judging.single[i] = observe(facts, 1U << i);
	verdict.estimated = mended_estimate(&judging) * facts->table_rows;
	verdict.actual = observe(facts, all) * facts->table_rows;
	if (!is_off(&verdict) || !weigh_witnesses(facts, &verdict))
		return verdict;
	for (int size = 2; size <= facts->noperands && verdict.kind == STATISTICS_NONE; size++)
		try_all(&judging, size, &verdict);
	verdict.estimated = mean_estimate(facts) * facts->table_rows;
	return verdict;
}

DependenceVerdict
dbops_dependence_judge_one(const DependenceFacts *facts, int operand)
{
	DependenceVerdict verdict = {.members = 1U << operand};
	double sum = 0;

	if (!facts->operands[operand].unknown || facts->nrows == 0 || facts->nprobes == 0)
		return verdict;
	for (int p = 0; p < facts->nprobes; p++)
		sum += facts->probes[p].single[operand];
	verdict.estimated = sum / facts->nprobes * facts->table_rows;
	verdict.actual = observe(facts, 1U << operand) * facts->table_rows;
	verdict.after = verdict.actual;
	if (is_off(&verdict) && weigh_witnesses(facts, &verdict))
		verdict.kind = STATISTICS_EXPRESSION;
	return verdict;
}
