/*
 * advise/selection_pool.c
 *		Laying out a selection problem; see selection_pool.h.
 */
#include "postgres.h"

#include <math.h>

#include "advise/selection_pool.h"

/* Sets whose costs differ by less than this share are ties: the planner is far less exact. */
#define TIE_RATIO 1e-7

/* Of a tie, what counts beside bytes: that an item is one more. */
#define TIE_COUNT_RATIO 1e-3

/* Rounding errors of a sum of costs stay below this share of it. */
#define ROUNDING_RATIO 1e-12

/* Plans that are assumed because an item replaces another, at most, per statement. */
#define MAX_ASSUMED 512

typedef struct KnownPlan
{
	double cost;
	int statement;
	int nuses;
	const int *uses;
} KnownPlan;

typedef struct Loading
{
	const SelectionProblem *problem;
	SelectionPool *pool;
	bool *usable; /* per item: it can be in a set that is better than none */
	int *first_replacer;
	int *next_replacer;
	KnownPlan *plans;
	int nplans;
	int capacity;
	double *base_cost; /* per statement, unweighted: with what exists */
	bool *base_known;
} Loading;

static void find_fixed(Loading *loading);
static void find_usable(Loading *loading, PoolReduction reduction);
static void load_statement(Loading *loading, int statement);
static void set_prices(Loading *loading);
static void remove_hopeless(Loading *loading);
static void build_statements(Loading *loading);
static void build_sets(Loading *loading);
static void build_items(Loading *loading);

SelectionPool *
dbops_selection_pool_new(const SelectionProblem *problem, PoolReduction reduction)
{
	SelectionPool *pool = palloc0(sizeof(SelectionPool));
	Loading loading = {.problem = problem, .pool = pool, .capacity = 64};

	pool->problem = problem;
	pool->nitems = problem->nitems;
	pool->nstatements = problem->nstatements;
	loading.plans = palloc(loading.capacity * sizeof(KnownPlan));
	loading.base_cost = palloc0((problem->nstatements + 1) * sizeof(double));
	loading.base_known = palloc0((problem->nstatements + 1) * sizeof(bool));
	find_fixed(&loading);
	find_usable(&loading, reduction);
	for (int i = 0; i < problem->nstatements; i++)
		load_statement(&loading, i);
	set_prices(&loading);
	if (reduction == POOL_WITHIN_LIMITS)
		remove_hopeless(&loading);
	build_sets(&loading);
	build_statements(&loading);
	build_items(&loading);
	return pool;
}

/* What is always there, how many indexes each table may have, and who replaces whom. */
static void
find_fixed(Loading *loading)
{
	const SelectionProblem *problem = loading->problem;
	SelectionPool *pool = loading->pool;

	pool->fixed = palloc0((problem->nitems + 1) * sizeof(bool));
	pool->table_limit = palloc0((problem->ntables + 1) * sizeof(int));
	loading->first_replacer = palloc((problem->nitems + 1) * sizeof(int));
	loading->next_replacer = palloc((problem->nitems + 1) * sizeof(int));
	for (int i = 0; i < problem->nitems; i++)
	{
		const SelectionItem *item = &problem->items[i];

		pool->fixed[i] = item->exists && !item->droppable;
		if (item->exists)
			pool->table_limit[item->table]++;
		loading->first_replacer[i] = -1;
	}
	for (int i = problem->nitems - 1; i >= 0; i--)
	{
		int replaced = problem->items[i].replaces;

		if (replaced < 0 || replaced == i || pool->fixed[replaced])
			continue;
		loading->next_replacer[i] = loading->first_replacer[replaced];
		loading->first_replacer[replaced] = i;
	}
	for (int i = 0; i < problem->ntables; i++)
		pool->table_limit[i] = Max(pool->table_limit[i], problem->limits.max_per_table);
}

static void
find_usable(Loading *loading, PoolReduction reduction)
{
	const SelectionProblem *problem = loading->problem;
	int *nfixed = palloc0((problem->ntables + 1) * sizeof(int));

	loading->usable = palloc((problem->nitems + 1) * sizeof(bool));
	for (int i = 0; i < problem->nitems; i++)
		nfixed[problem->items[i].table] += loading->pool->fixed[i] ? 1 : 0;
	for (int i = 0; i < problem->nitems; i++)
	{
		const SelectionItem *item = &problem->items[i];

		loading->usable[i] =
		    reduction == POOL_ALL_SETS || item->exists ||
		    (item->bytes <= problem->limits.bytes && problem->limits.max_created > 0 &&
		     nfixed[item->table] < loading->pool->table_limit[item->table]);
	}
}

static int
compare_uses(const KnownPlan *a, const KnownPlan *b)
{
	if (a->nuses != b->nuses)
		return a->nuses < b->nuses ? -1 : 1;
	for (int i = 0; i < a->nuses; i++)
	{
		if (a->uses[i] != b->uses[i])
			return a->uses[i] < b->uses[i] ? -1 : 1;
	}
	return 0;
}

static int
compare_plans_by_cost(const void *left, const void *right)
{
	const KnownPlan *a = left;
	const KnownPlan *b = right;

	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	return compare_uses(a, b);
}

static bool
is_subset(const KnownPlan *small, const KnownPlan *large)
{
	int at = 0;

	for (int i = 0; i < large->nuses && at < small->nuses; i++)
	{
		if (large->uses[i] == small->uses[at])
			at++;
	}
	return at == small->nuses;
}

static void
append_plan(Loading *loading, const KnownPlan *plan)
{
	if (loading->nplans == loading->capacity)
	{
		loading->capacity *= 2;
		loading->plans =
		    repalloc_huge(loading->plans, (Size) loading->capacity * sizeof(KnownPlan));
	}
	loading->plans[loading->nplans++] = *plan;
}

/* Left out if it needs what cannot be. */
static void
append_given(Loading *loading, int statement, const SelectionPlan *given)
{
	int *uses = palloc((given->nuses + 1) * sizeof(int));

	if (!isfinite(given->cost))
		return;
	for (int i = 0; i < given->nuses; i++)
	{
		if (!loading->usable[given->uses[i]])
			return;
		uses[i] = given->uses[i];
	}
	append_plan(loading, &(KnownPlan){given->cost, statement, given->nuses, uses});
}

/* The plan with one item in the stead of another. */
static KnownPlan
substitute(const KnownPlan *plan, int replaced, int replacer)
{
	int *uses = palloc((plan->nuses + 1) * sizeof(int));
	KnownPlan result = {.cost = plan->cost, .statement = plan->statement, .uses = uses};
	bool placed = false;

	for (int i = 0; i < plan->nuses; i++)
	{
		int use = plan->uses[i];

		if (!placed && use >= replacer)
		{
			uses[result.nuses++] = replacer;
			placed = true;
		}
		if (use != replaced && use != replacer)
			uses[result.nuses++] = use;
	}
	if (!placed)
		uses[result.nuses++] = replacer;
	return result;
}

/* Whether nothing is to be assumed: the plan is given, or it is assumed and no dearer. */
static bool
is_known(const Loading *loading, const KnownPlan *plan, int first, int ngiven)
{
	for (int i = first; i < loading->nplans; i++)
	{
		if ((i < first + ngiven || loading->plans[i].cost <= plan->cost) &&
		    compare_uses(&loading->plans[i], plan) == 0)
			return true;
	}
	return false;
}

/* Appends the plans of a statement that are assumed as an item replaces another. */
static void
append_assumed(Loading *loading, int first)
{
	int ngiven = loading->nplans - first;

	/* Those appended are looked at in turn: who replaces may be replaced. */
	for (int i = first; i < loading->nplans; i++)
	{
		for (int use = 0; use < loading->plans[i].nuses; use++)
		{
			int replaced = loading->plans[i].uses[use];

			for (int replacer = loading->first_replacer[replaced]; replacer >= 0;
			     replacer = loading->next_replacer[replacer])
			{
				KnownPlan assumed;

				if (!loading->usable[replacer] || loading->nplans - first >= ngiven + MAX_ASSUMED)
					continue;
				assumed = substitute(&loading->plans[i], replaced, replacer);
				if (!is_known(loading, &assumed, first, ngiven))
					append_plan(loading, &assumed);
			}
		}
	}
}

/* What is always there is not needed. */
static void
strip_fixed(Loading *loading, int first)
{
	for (int i = first; i < loading->nplans; i++)
	{
		KnownPlan *plan = &loading->plans[i];
		int *uses = palloc((plan->nuses + 1) * sizeof(int));
		int kept = 0;

		for (int use = 0; use < plan->nuses; use++)
		{
			if (!loading->pool->fixed[plan->uses[use]])
				uses[kept++] = plan->uses[use];
		}
		plan->uses = uses;
		plan->nuses = kept;
	}
}

/* Sorts the plans of a statement and removes those no cheaper than one that needs less. */
static void
prune_statement(Loading *loading, int first)
{
	int kept = first;

	qsort(loading->plans + first, loading->nplans - first, sizeof(KnownPlan),
	      compare_plans_by_cost);
	for (int i = first; i < loading->nplans; i++)
	{
		bool needed = true;

		for (int other = first; other < kept && needed; other++)
			needed = !is_subset(&loading->plans[other], &loading->plans[i]);
		if (needed)
			loading->plans[kept++] = loading->plans[i];
	}
	loading->nplans = kept;
}

static void
load_statement(Loading *loading, int statement)
{
	const SelectionStatement *given = &loading->problem->statements[statement];
	int first = loading->nplans;
	const KnownPlan *last;

	for (int i = 0; i < given->nplans; i++)
		append_given(loading, statement, &given->plans[i]);
	append_assumed(loading, first);
	strip_fixed(loading, first);
	prune_statement(loading, first);
	last = loading->nplans > first ? &loading->plans[loading->nplans - 1] : NULL;
	for (int i = first; i < loading->nplans && !loading->base_known[statement]; i++)
	{
		bool there = true;

		for (int use = 0; use < loading->plans[i].nuses; use++)
			there = there && loading->problem->items[loading->plans[i].uses[use]].exists;
		if (there)
		{
			loading->base_cost[statement] = loading->plans[i].cost;
			loading->base_known[statement] = true;
		}
	}
	if (last == NULL || last->nuses > 0)
	{
		/* None holds without something that may be missing: then it costs more than any of them. */
		KnownPlan none = {.cost = last ? 2 * last->cost + 1 : 0, .statement = statement};

		append_plan(loading, &none);
		if (!loading->base_known[statement])
			loading->base_cost[statement] = none.cost;
	}
}

static void
set_prices(Loading *loading)
{
	const SelectionProblem *problem = loading->problem;
	SelectionPool *pool = loading->pool;
	double max_bytes = 1;
	double tie;

	for (int i = 0; i < problem->nstatements; i++)
		pool->base_cost += problem->statements[i].weight * loading->base_cost[i];
	for (int i = 0; i < problem->nitems; i++)
	{
		const SelectionItem *item = &problem->items[i];

		pool->base_cost += item->exists ? item->upkeep : 0;
		pool->fixed_cost += pool->fixed[i] ? item->upkeep : 0;
		max_bytes = Max(max_bytes, item->bytes);
	}
	tie = pool->base_cost * TIE_RATIO;
	pool->epsilon = pool->base_cost * ROUNDING_RATIO;
	pool->price = palloc0((problem->nitems + 1) * sizeof(double));
	pool->tidying = palloc0((problem->nitems + 1) * sizeof(double));
	for (int i = 0; i < problem->nitems; i++)
	{
		const SelectionItem *item = &problem->items[i];
		double tidying = tie * (item->bytes / max_bytes + TIE_COUNT_RATIO);

		pool->price[i] = item->upkeep;
		if (!item->exists)
			pool->price[i] += problem->limits.min_gain_ratio * pool->base_cost + tidying;
		else if (item->droppable)
			pool->tidying[i] = tidying;
	}
}

/* What each item could save at most, in any set: in the stead of what exists, or letting it go. */
static double *
bound_gains(const Loading *loading)
{
	const SelectionProblem *problem = loading->problem;
	double *bounds = palloc((problem->nitems + 1) * sizeof(double));
	int *seen_in = palloc((problem->nitems + 1) * sizeof(int));
	double droppable = 0;

	for (int i = 0; i < problem->nitems; i++)
	{
		if (problem->items[i].exists && problem->items[i].droppable)
			droppable += problem->items[i].upkeep + 2 * loading->pool->tidying[i];
	}
	for (int i = 0; i < problem->nitems; i++)
	{
		bounds[i] = droppable;
		seen_in[i] = -1;
	}
	for (int i = 0; i < loading->nplans; i++)
	{
		const KnownPlan *plan = &loading->plans[i];
		double gain = problem->statements[plan->statement].weight *
		              (loading->base_cost[plan->statement] - plan->cost);

		/* The first plan of a statement that uses the item is the cheapest that does. */
		for (int use = 0; use < plan->nuses; use++)
		{
			if (seen_in[plan->uses[use]] == plan->statement)
				continue;
			seen_in[plan->uses[use]] = plan->statement;
			bounds[plan->uses[use]] += Max(gain, 0);
		}
	}
	pfree(seen_in);
	return bounds;
}

/* Removes plans that use an item that cannot be worth its price, until there are none. */
static void
remove_hopeless(Loading *loading)
{
	for (int kept = -1; kept != loading->nplans;)
	{
		double *bounds = bound_gains(loading);

		for (int i = 0; i < loading->problem->nitems; i++)
		{
			if (!loading->problem->items[i].exists && bounds[i] <= loading->pool->price[i])
				loading->usable[i] = false;
		}
		pfree(bounds);
		kept = 0;
		for (int i = 0; i < loading->nplans; i++)
		{
			bool possible = true;

			for (int use = 0; use < loading->plans[i].nuses; use++)
				possible = possible && loading->usable[loading->plans[i].uses[use]];
			if (possible)
				loading->plans[kept++] = loading->plans[i];
		}
		if (kept == loading->nplans)
			break;
		loading->nplans = kept;
		kept = -1;
	}
}

static int
compare_plans_by_uses(const void *left, const void *right)
{
	const KnownPlan *a = *(const KnownPlan *const *) left;
	const KnownPlan *b = *(const KnownPlan *const *) right;
	int order = compare_uses(a, b);

	if (order != 0)
		return order;
	return a < b ? -1 : a > b;
}

/* Numbers what plans use together, fewest items first. */
static void
build_sets(Loading *loading)
{
	SelectionPool *pool = loading->pool;
	const KnownPlan **sorted =
	    palloc_extended((loading->nplans + 1) * sizeof(KnownPlan *), MCXT_ALLOC_HUGE);
	int total = 0;

	for (int i = 0; i < loading->nplans; i++)
	{
		sorted[i] = &loading->plans[i];
		total += loading->plans[i].nuses;
	}
	qsort(sorted, loading->nplans, sizeof(KnownPlan *), compare_plans_by_uses);
	pool->set_start = palloc((loading->nplans + 2) * sizeof(int));
	pool->set_items = palloc((total + 1) * sizeof(int));
	pool->set_plan_start = palloc((loading->nplans + 2) * sizeof(int));
	pool->set_plans = palloc((loading->nplans + 1) * sizeof(int));
	pool->plan_set = palloc((loading->nplans + 1) * sizeof(int));
	pool->nsets = 1;
	pool->set_start[0] = pool->set_start[1] = pool->set_plan_start[0] = 0;
	for (int i = 0; i < loading->nplans; i++)
	{
		const KnownPlan *plan = sorted[i];

		if (i > 0 ? compare_uses(sorted[i - 1], plan) != 0 : plan->nuses > 0)
		{
			int *items = pool->set_items + pool->set_start[pool->nsets];

			memcpy(items, plan->uses, plan->nuses * sizeof(int));
			pool->set_plan_start[pool->nsets] = i;
			pool->nsets++;
			pool->set_start[pool->nsets] = pool->set_start[pool->nsets - 1] + plan->nuses;
		}
		pool->set_plans[i] = (int) (plan - loading->plans);
		pool->plan_set[pool->set_plans[i]] = pool->nsets - 1;
	}
	pool->set_plan_start[pool->nsets] = loading->nplans;
	pfree(sorted);
}

static void
build_statements(Loading *loading)
{
	const SelectionProblem *problem = loading->problem;
	SelectionPool *pool = loading->pool;
	int at = 0;

	pool->statement_start = palloc((problem->nstatements + 1) * sizeof(int));
	pool->allowed = palloc((problem->nstatements + 1) * sizeof(int));
	pool->plan_cost = palloc((loading->nplans + 1) * sizeof(double));
	pool->plan_statement = palloc((loading->nplans + 1) * sizeof(int));
	for (int i = 0; i < problem->nstatements; i++)
	{
		double limit = isfinite(problem->limits.worst_regression) ?
		                   loading->base_cost[i] * (1 + problem->limits.worst_regression) :
		                   INFINITY;

		pool->statement_start[i] = pool->allowed[i] = at;
		for (; at < loading->nplans && loading->plans[at].statement == i; at++)
		{
			const KnownPlan *plan = &loading->plans[at];
			bool holds_nowhere = plan->nuses == 0 && plan->uses == NULL;

			pool->plan_cost[at] = plan->cost * problem->statements[i].weight;
			pool->plan_statement[at] = i;
			if (plan->cost <= limit * (1 + ROUNDING_RATIO) &&
			    !(holds_nowhere && loading->base_known[i]))
				pool->allowed[i] = at;
		}
	}
	pool->statement_start[problem->nstatements] = at;
}

static void
build_items(Loading *loading)
{
	SelectionPool *pool = loading->pool;
	int *at = palloc((pool->nitems + 1) * sizeof(int));

	pool->item_start = palloc0((pool->nitems + 2) * sizeof(int));
	pool->item_sets = palloc((pool->set_start[pool->nsets] + 1) * sizeof(int));
	pool->free = palloc((pool->nitems + 1) * sizeof(int));
	for (int i = 0; i < pool->set_start[pool->nsets]; i++)
		pool->item_start[pool->set_items[i] + 1]++;
	for (int i = 0; i < pool->nitems; i++)
	{
		const SelectionItem *item = &pool->problem->items[i];

		if (!pool->fixed[i] && (item->exists || pool->item_start[i + 1] > 0))
			pool->free[pool->nfree++] = i;
		pool->item_start[i + 1] += pool->item_start[i];
		at[i] = pool->item_start[i];
	}
	for (int set = 1; set < pool->nsets; set++)
	{
		for (int i = pool->set_start[set]; i < pool->set_start[set + 1]; i++)
			pool->item_sets[at[pool->set_items[i]]++] = set;
	}
	pfree(at);
}
