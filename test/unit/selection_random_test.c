/*
 * test/unit/selection_random_test.c
 *		Which indexes to have: random problems, the answer against the best of all sets.
 *
 * covers: advise/selection_repair advise/selection_exact
 * sources: src/advise/selection.c src/advise/selection_pool.c src/advise/selection_state.c
 * sources: src/advise/selection_repair.c src/advise/selection_exact.c
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "advise/selection.h"

#include "tap.h"

/*
 * Random problems are over groups of tables that no statement has in common: so the best set is
 * found by going through all sets of each group, by what they take of the limits.
 */
#define MAX_GROUPS 4
#define GROUP_MAX_ITEMS 9
#define RANDOM_MAX_ITEMS (MAX_GROUPS * GROUP_MAX_ITEMS)
#define GROUP_MAX_STATEMENTS 6
#define RANDOM_MAX_STATEMENTS (MAX_GROUPS * GROUP_MAX_STATEMENTS)
#define RANDOM_MAX_PLANS 8
#define RANDOM_MAX_USES 3
#define EXPANDED_MAX_PLANS 512
#define ITEM_MAX_BYTES 9
#define MAX_UNITS (RANDOM_MAX_ITEMS * ITEM_MAX_BYTES + 1) /* of bytes */

typedef struct RandomProblem
{
	SelectionProblem problem;
	int ngroups;
	int group_items; /* in each group, those of the first first */
	int group_statements;
	int group_tables;
	SelectionItem items[RANDOM_MAX_ITEMS];
	SelectionStatement statements[RANDOM_MAX_STATEMENTS];
	SelectionPlan plans[RANDOM_MAX_STATEMENTS][RANDOM_MAX_PLANS];
	int uses[RANDOM_MAX_STATEMENTS][RANDOM_MAX_PLANS][RANDOM_MAX_USES];
} RandomProblem;

static uint64 random_state;

static uint32
draw(uint32 n)
{
	random_state =
	    random_state * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963407);
	return (uint32) ((random_state >> 33) % n);
}

static void
draw_item(RandomProblem *random, int number)
{
	int group = number / random->group_items;
	SelectionItem *item = &random->items[number];

	*item =
	    (SelectionItem){.bytes = 1 + draw(ITEM_MAX_BYTES),
	                    .upkeep = draw(2) ? draw(40) : 0,
	                    .table = group * random->group_tables + (int) draw(random->group_tables),
	                    .exists = draw(5) == 0,
	                    .replaces = -1};
	item->droppable = item->exists && draw(3) > 0;
	if (draw(4) == 0)
	{
		int other = group * random->group_items + (int) draw(random->group_items);

		/* What replaces has a higher number, so that they never go round. */
		if (other < number && random->items[other].exists &&
		    random->items[other].table == item->table)
			item->replaces = other;
	}
}

static void
draw_plan(RandomProblem *random, int statement, int number)
{
	SelectionPlan *plan = &random->plans[statement][number];
	int *uses = random->uses[statement][number];
	int first = statement / random->group_statements * random->group_items;
	int wanted = number == 0 ? 0 : 1 + (int) draw(RANDOM_MAX_USES);

	*plan = (SelectionPlan){.uses = uses};
	for (int i = 0; i < random->group_items && plan->nuses < wanted; i++)
	{
		if (draw(random->group_items - i) < wanted - plan->nuses)
			uses[plan->nuses++] = first + i;
	}
	plan->cost = number == 0 ? 60 + draw(60) : 1 + draw(100);
}

static void
draw_problem(RandomProblem *random, int ngroups, int group_items)
{
	memset(random, 0, sizeof(*random));
	random->ngroups = ngroups;
	random->group_items = group_items;
	random->group_statements = 1 + (int) draw(GROUP_MAX_STATEMENTS);
	random->group_tables = 1 + (int) draw(3);
	random->problem = (SelectionProblem){
	    .nitems = ngroups * group_items,
	    .items = random->items,
	    .ntables = ngroups * random->group_tables,
	    .nstatements = ngroups * random->group_statements,
	    .statements = random->statements,
	    .limits = {.bytes = draw(3) ? 5 + draw(3 * ngroups * group_items) : INFINITY,
	               .max_created = draw(2) ? INT_MAX : 1 + (int) draw(ngroups * group_items / 2),
	               .max_per_table = draw(2) ? INT_MAX : 2 + (int) draw(4),
	               .worst_regression = draw(4) ? 0.05 * draw(10) : INFINITY,
	               .min_gain_ratio = 0.001 * draw(10)},
	    .seed = draw(1000)};
	for (int i = 0; i < random->problem.nitems; i++)
		draw_item(random, i);
	for (int i = 0; i < random->problem.nstatements; i++)
	{
		random->statements[i] = (SelectionStatement){.weight = 1 + draw(3),
		                                             .nplans = 2 + (int) draw(RANDOM_MAX_PLANS - 1),
		                                             .plans = random->plans[i]};
		for (int j = 0; j < random->statements[i].nplans; j++)
			draw_plan(random, i, j);
	}
}

/* A plan as the set of its items, by their place in the group. */
typedef struct MaskedPlan
{
	uint32 uses;
	double cost;
} MaskedPlan;

typedef struct MaskedStatement
{
	MaskedPlan plans[EXPANDED_MAX_PLANS];
	int nplans;
} MaskedStatement;

/* Whether nothing is to be assumed: the plan is given, or it is assumed and no dearer. */
static bool
is_known(const MaskedStatement *statement, int ngiven, uint32 uses, double cost)
{
	for (int i = 0; i < statement->nplans; i++)
	{
		if (statement->plans[i].uses == uses && (i < ngiven || statement->plans[i].cost <= cost))
			return true;
	}
	return false;
}

/* The plans of a statement, with those that are assumed where an item replaces another. */
static void
expand_statement(const RandomProblem *random, int number, MaskedStatement *out)
{
	const SelectionStatement *statement = &random->statements[number];
	int first = number / random->group_statements * random->group_items;

	out->nplans = 0;
	for (int i = 0; i < statement->nplans; i++)
	{
		MaskedPlan *plan = &out->plans[out->nplans++];

		*plan = (MaskedPlan){.cost = statement->plans[i].cost};
		for (int use = 0; use < statement->plans[i].nuses; use++)
			plan->uses |= 1u << (statement->plans[i].uses[use] - first);
	}
	for (int i = 0; i < out->nplans && out->nplans < EXPANDED_MAX_PLANS - GROUP_MAX_ITEMS; i++)
	{
		for (int by = 0; by < random->group_items; by++)
		{
			int replaced = random->items[first + by].replaces - first;
			uint32 uses;

			if (replaced < 0 || !(out->plans[i].uses & (1u << replaced)) ||
			    !random->items[first + replaced].droppable)
				continue;
			uses = (out->plans[i].uses & ~(1u << replaced)) | 1u << by;
			if (!is_known(out, statement->nplans, uses, out->plans[i].cost))
				out->plans[out->nplans++] = (MaskedPlan){uses, out->plans[i].cost};
		}
	}
}

typedef struct GroupCosts
{
	MaskedStatement statements[RANDOM_MAX_STATEMENTS];
	double base[RANDOM_MAX_STATEMENTS];
} GroupCosts;

static double
cost_of_statement(const MaskedStatement *statement, uint32 set)
{
	double cost = INFINITY;

	for (int i = 0; i < statement->nplans; i++)
	{
		if ((statement->plans[i].uses & ~set) == 0)
			cost = Min(cost, statement->plans[i].cost);
	}
	return cost;
}

static uint32
mask_existing(const RandomProblem *random, int group, bool only_fixed)
{
	uint32 mask = 0;

	for (int i = 0; i < random->group_items; i++)
	{
		const SelectionItem *item = &random->items[group * random->group_items + i];

		if (item->exists && !(only_fixed && item->droppable))
			mask |= 1u << i;
	}
	return mask;
}

static bool
has_room_on_tables(const RandomProblem *random, int group, uint32 set)
{
	uint32 existing = mask_existing(random, group, false);

	for (int table = 0; table < random->problem.ntables; table++)
	{
		int before = 0;
		int after = 0;

		for (int i = 0; i < random->group_items; i++)
		{
			if (random->items[group * random->group_items + i].table != table)
				continue;
			before += (existing >> i) & 1;
			after += (set >> i) & 1;
		}
		if (after > Max(before, random->problem.limits.max_per_table))
			return false;
	}
	return true;
}

/* What a set of a group's items costs, infinity if it breaks a limit, and what it creates. */
static double
cost_of_set(const RandomProblem *random, const GroupCosts *costs, int group, uint32 set,
            int *created, int *bytes)
{
	double cost = 0;

	*created = *bytes = 0;
	if ((mask_existing(random, group, true) & ~set) || !has_room_on_tables(random, group, set))
		return INFINITY;
	for (int i = 0; i < random->group_items; i++)
	{
		const SelectionItem *item = &random->items[group * random->group_items + i];

		if (!(set & (1u << i)))
			continue;
		cost += item->upkeep;
		*created += !item->exists;
		*bytes += item->exists ? 0 : (int) item->bytes;
	}
	for (int i = 0; i < random->group_statements; i++)
	{
		int statement = group * random->group_statements + i;
		double one = cost_of_statement(&costs->statements[statement], set);

		if (one >
		    costs->base[statement] * (1 + random->problem.limits.worst_regression) * (1 + 1e-9))
			return INFINITY;
		cost += random->statements[statement].weight * one;
	}
	return cost;
}

static double
load_costs(const RandomProblem *random, GroupCosts *costs)
{
	double base = 0;

	for (int i = 0; i < random->problem.nstatements; i++)
	{
		int group = i / random->group_statements;

		expand_statement(random, i, &costs->statements[i]);
		costs->base[i] =
		    cost_of_statement(&costs->statements[i], mask_existing(random, group, false));
		base += random->statements[i].weight * costs->base[i];
	}
	for (int i = 0; i < random->problem.nitems; i++)
		base += random->items[i].exists ? random->items[i].upkeep : 0;
	return base;
}

/* The least cost of sets that create so many items of so many bytes. */
typedef struct CostTable
{
	double cost[RANDOM_MAX_ITEMS + 1][MAX_UNITS];
	int nitems;
	int units;
} CostTable;

static void
clear_table(CostTable *table, int nitems, int units)
{
	table->nitems = nitems;
	table->units = units;
	for (int n = 0; n <= nitems; n++)
	{
		for (int unit = 0; unit <= units; unit++)
			table->cost[n][unit] = INFINITY;
	}
}

static void
enumerate_group(const RandomProblem *random, const GroupCosts *costs, int group, CostTable *table)
{
	clear_table(table, random->group_items, random->group_items * ITEM_MAX_BYTES);
	for (uint32 set = 0; set < 1u << random->group_items; set++)
	{
		int n;
		int units;
		double cost = cost_of_set(random, costs, group, set, &n, &units);

		table->cost[n][units] = Min(table->cost[n][units], cost);
	}
}

/* Sets of some groups, each with each of one more. */
static void
combine(CostTable *sum, const CostTable *some, const CostTable *more)
{
	clear_table(sum, some->nitems + more->nitems, some->units + more->units);
	for (int i = 0; i < (some->nitems + 1) * (some->units + 1); i++)
	{
		int n = i / (some->units + 1);
		int unit = i % (some->units + 1);

		if (isinf(some->cost[n][unit]))
			continue;
		for (int j = 0; j < (more->nitems + 1) * (more->units + 1); j++)
		{
			int other = j / (more->units + 1);
			double *cost = &sum->cost[n + other][unit + j % (more->units + 1)];

			*cost = Min(*cost, some->cost[n][unit] + more->cost[other][j % (more->units + 1)]);
		}
	}
}

/* What is to be made small, of the best set. */
static double
enumerate(const RandomProblem *random, const GroupCosts *costs, double each)
{
	static CostTable all;
	static CostTable group_costs;
	static CostTable sum;
	const SelectionLimits *limits = &random->problem.limits;
	double best = INFINITY;

	enumerate_group(random, costs, 0, &all);
	for (int group = 1; group < random->ngroups; group++)
	{
		enumerate_group(random, costs, group, &group_costs);
		combine(&sum, &all, &group_costs);
		all = sum;
	}
	for (int n = 0; n <= all.nitems && n <= limits->max_created; n++)
	{
		for (int unit = 0; unit <= all.units && unit <= limits->bytes; unit++)
			best = Min(best, all.cost[n][unit] + each * n);
	}
	return best;
}

typedef struct Tally
{
	int problems;
	int optimal;
	int proven;
	double worst; /* how much dearer than the best, as a share */
	bool kept_limits;
	bool same_again;
	bool said_cost;
	bool minded_start; /* never worse than where it began */
	bool stopped_well; /* within the limits whenever it is stopped */
} Tally;

/* The objective of what was found; infinity if it breaks a limit. */
static double
judge_answer(const RandomProblem *random, const GroupCosts *costs, const Selection *answer,
             double each)
{
	double cost = 0;
	int created = 0;
	int bytes = 0;

	for (int group = 0; group < random->ngroups; group++)
	{
		uint32 set = 0;
		int n;
		int units;

		for (int i = 0; i < random->group_items; i++)
			set |= answer->chosen[group * random->group_items + i] ? 1u << i : 0;
		cost += cost_of_set(random, costs, group, set, &n, &units);
		created += n;
		bytes += units;
	}
	if (created > random->problem.limits.max_created || bytes > random->problem.limits.bytes ||
	    fabs(cost - answer->cost) > 1e-6 || bytes != answer->bytes)
		return INFINITY;
	return cost + each * created;
}

static bool
count_down(void *arg)
{
	int *left = arg;

	return (*left)-- <= 0;
}

/* The answer when it is stopped somewhere. */
static const Selection *
search_shortly(const RandomProblem *random)
{
	SelectionProblem problem = random->problem;
	int left = (int) draw(100);

	problem.out_of_time = count_down;
	problem.arg = &left;
	return dbops_selection_search(&problem, NULL);
}

static void
try_problem(RandomProblem *random, Tally *tally)
{
	static GroupCosts costs;
	double base = load_costs(random, &costs);
	double each = random->problem.limits.min_gain_ratio * base;
	double best = enumerate(random, &costs, each);
	const Selection *answer = dbops_selection_search(&random->problem, NULL);
	const Selection *again = dbops_selection_search(&random->problem, NULL);
	const Selection *further = dbops_selection_search(&random->problem, answer->chosen);
	double found = judge_answer(random, &costs, answer, each);
	double dearer = best > 0 ? found / best - 1 : found;

	tally->problems++;
	tally->optimal += dearer < 1e-5;
	tally->proven += answer->proven;
	tally->worst = Max(tally->worst, dearer);
	tally->kept_limits = tally->kept_limits && isfinite(found);
	tally->same_again = tally->same_again && answer->cost == again->cost &&
	                    memcmp(answer->chosen, again->chosen, random->problem.nitems) == 0;
	tally->said_cost =
	    tally->said_cost &&
	    fabs(dbops_selection_cost(&random->problem, answer->chosen) - answer->cost) < 1e-6;
	tally->minded_start =
	    tally->minded_start && judge_answer(random, &costs, further, each) <= found * (1 + 1e-5);
	tally->stopped_well =
	    tally->stopped_well && isfinite(judge_answer(random, &costs, search_shortly(random), each));
	if (dearer >= 1e-5)
		note("problem %d: best %.6f, found %.6f", tally->problems, best, found);
}

static void
test_random(int problems, int ngroups, int group_items, int optimal)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "problem", ALLOCSET_DEFAULT_SIZES);
	RandomProblem *random = palloc(sizeof(RandomProblem));
	Tally tally = {.kept_limits = true,
	               .same_again = true,
	               .said_cost = true,
	               .minded_start = true,
	               .stopped_well = true};
	int items = ngroups * group_items;

	random_state = 4711 + items;
	for (int i = 0; i < problems; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		draw_problem(random, ngroups, group_items);
		try_problem(random, &tally);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	ok(tally.optimal >= optimal, "%d items: of %d problems at least %d are solved", items, problems,
	   optimal);
	ok(tally.worst <= 0.001, "%d items: none costs 0.1 %% more than it has to", items);
	ok(tally.kept_limits, "%d items: every answer keeps the limits and is what it says", items);
	ok(tally.same_again, "%d items: the same problem has the same answer", items);
	ok(tally.said_cost, "%d items: the cost of an answer is the same when asked for", items);
	ok(tally.minded_start, "%d items: an answer is never worse than the start", items);
	ok(tally.stopped_well, "%d items: every answer keeps the limits when time runs out", items);
	note("%d items: %d of %d optimal, %d proven, worst %.6f %%", items, tally.optimal,
	     tally.problems, tally.proven, 100 * tally.worst);
	MemoryContextDelete(context);
}

int
main(void)
{
	test_random(160, 2, 4, 160);
	test_random(80, 2, 8, 80);
	test_random(60, 4, 9, 59);
	return tap_done();
}
