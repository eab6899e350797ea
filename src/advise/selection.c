/*
 * advise/selection.c
 *		Which indexes to have; see selection.h.
 *
 * Several greedy starts.  Where there is little to decide, branch and bound goes on from the best
 * of them to the best there is; else a local search that breaks the set up and repairs it:
 * something goes or is forced in, what is too much is evicted, freed room is filled, what does not
 * pay leaves.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "advise/selection.h"
#include "advise/selection_exact.h"
#include "advise/selection_pool.h"
#include "advise/selection_repair.h"
#include "advise/selection_state.h"

/* Sets of plans that are tried beside those of statements that got dearer. */
#define STRAY_SETS 24

/* With more items than these, going from all of them to few takes too long. */
#define MAX_RELAXED_ITEMS 600

/* Attempts without progress, by the number of sets. */
#define MIN_PATIENCE 800
#define MAX_PATIENCE 4000

/*
 * How much worse than what it comes from an attempt may be and yet be gone on from: to this share
 * of the costs, divided by the number of indexes that are created.  That is about what one of them
 * is worth; with more the search would lose its way among hundreds.
 */
#define TOLERANCE 0.2

/* Of few, none is worth so much. */
#define FEW_CREATED 10

/* Share by which gains are blurred in half of the attempts. */
#define NOISE 0.3

/* Without progress it goes on from far away, or from the best again: so often in its patience. */
#define LEGS 6

typedef struct Search
{
	const SelectionProblem *problem;
	const SelectionPool *pool;
	SelectionState *state;
	SelectionRepair *repair;
	uint64 random;
	SelectionBest best;
	SelectionBest current; /* where attempts start from */
	int *forced;           /* sets in the order in which they are forced in */
	int next_forced;
	int *present; /* items: work space */
} Search;

static Search *new_search(const SelectionProblem *problem, const SelectionPool *pool);
static void try_starts(Search *search, const bool *start);
static void try_changes(Search *search);
static void offer_affected(Search *search);
static void note_best(Search *search);
static void go_on_from_best(Search *search);

Selection *
dbops_selection_search(const SelectionProblem *problem, const bool *start)
{
	Selection *result = palloc(sizeof(Selection));
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops selection", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	SelectionPool *pool;
	Search *search;

	result->chosen = palloc0((problem->nitems + 1) * sizeof(bool));
	old = MemoryContextSwitchTo(context);
	pool = dbops_selection_pool_new(problem, POOL_WITHIN_LIMITS);
	search = new_search(problem, pool);
	try_starts(search, start);
	result->proven =
	    !search->repair->stopped && dbops_selection_exact(search->state, &search->best);
	if (!result->proven)
		try_changes(search);
	memcpy(result->chosen, search->best.in, problem->nitems * sizeof(bool));
	dbops_selection_state_become(search->state, search->best.in);
	result->cost = dbops_selection_state_cost(search->state);
	result->bytes = search->state->bytes;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

double
dbops_selection_cost(const SelectionProblem *problem, const bool *chosen)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops selection", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	SelectionState *state =
	    dbops_selection_state_new(dbops_selection_pool_new(problem, POOL_ALL_SETS));
	double cost;

	/* Not only items that plans use: all have upkeep. */
	for (int i = 0; i < problem->nitems; i++)
	{
		if (!state->pool->fixed[i] && state->in[i] != chosen[i])
			dbops_selection_state_flip(state, i);
	}
	cost = dbops_selection_state_cost(state);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return cost;
}

/* splitmix64: the same numbers on every machine. */
static uint64
next_number(Search *search)
{
	uint64 z = (search->random += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int
pick(Search *search, int n)
{
	return (int) (next_number(search) % (uint64) n);
}

/* From 0 to less than 1. */
static double
pick_share(Search *search)
{
	return (double) (next_number(search) >> 11) * 0x1.0p-53;
}

static Search *
new_search(const SelectionProblem *problem, const SelectionPool *pool)
{
	Search *search = palloc0(sizeof(Search));

	search->problem = problem;
	search->pool = pool;
	search->state = dbops_selection_state_new(pool);
	search->random = problem->seed;
	search->repair = dbops_selection_repair_new(search->state);
	search->best.in = palloc((pool->nitems + 1) * sizeof(bool));
	search->best.objective = INFINITY;
	search->current.in = palloc((pool->nitems + 1) * sizeof(bool));
	search->present = palloc((pool->nitems + 1) * sizeof(int));
	search->forced = palloc((pool->nsets + 1) * sizeof(int));
	note_best(search);
	go_on_from_best(search);
	for (int i = 1; i < pool->nsets; i++)
	{
		int at = pick(search, i);

		search->forced[i - 1] = search->forced[at];
		search->forced[at] = i;
	}
	return search;
}

static bool
is_acceptable(const Search *search)
{
	return dbops_selection_state_fits(search->state) && search->state->nregressed == 0;
}

static void
note_best(Search *search)
{
	double objective = dbops_selection_state_objective(search->state);

	if (!is_acceptable(search) || objective >= search->best.objective - search->pool->epsilon)
		return;
	search->best.objective = objective;
	memcpy(search->best.in, search->state->in, search->pool->nitems * sizeof(bool));
}

/* Where attempts start from: the set in the state, or the best there was. */
static void
go_on_from_state(Search *search)
{
	search->current.objective = dbops_selection_state_objective(search->state);
	memcpy(search->current.in, search->state->in, search->pool->nitems * sizeof(bool));
}

static void
go_on_from_best(Search *search)
{
	search->current.objective = search->best.objective;
	memcpy(search->current.in, search->best.in, search->pool->nitems * sizeof(bool));
}

/* ---- starts -------------------------------------------------------------------------------- */

static void
restart(Search *search, const bool *existing)
{
	dbops_selection_state_become(search->state, existing);
}

/* Adds the best that can be had for one statement after the other, the dearest first. */
static void
fill_by_statement(Search *search)
{
	const SelectionPool *pool = search->pool;
	SelectionState *state = search->state;
	bool *done = palloc0((pool->nstatements + 1) * sizeof(bool));

	for (int round = 0; round < pool->nstatements && round < 200 &&
	                    !dbops_selection_repair_stopped(search->repair);
	     round++)
	{
		int dearest = -1;

		for (int i = 0; i < pool->nstatements; i++)
		{
			if (!done[i] && (dearest < 0 || pool->plan_cost[state->best[i]] >
			                                    pool->plan_cost[state->best[dearest]]))
				dearest = i;
		}
		done[dearest] = true;
		dbops_selection_repair_begin(search->repair);
		for (int i = pool->statement_start[dearest]; i < state->best[dearest]; i++)
			dbops_selection_repair_offer(search->repair, pool->plan_set[i]);
		dbops_selection_repair_fill(search->repair);
	}
	pfree(done);
}

/* From all that is used by any plan to what fits. */
static void
relax(Search *search)
{
	const SelectionPool *pool = search->pool;

	for (int i = 0; i < pool->nfree; i++)
	{
		if (!search->state->in[pool->free[i]])
			dbops_selection_state_flip(search->state, pool->free[i]);
	}
	dbops_selection_state_recount(search->state);
	dbops_selection_repair_evict(search->repair, 0);
}

static void
finish_start(Search *search)
{
	dbops_selection_repair_settle(search->repair);
	dbops_selection_state_recount(search->state);
	note_best(search);
}

static void
try_starts(Search *search, const bool *start)
{
	static const double exponents[] = {1, 0.5, 0};
	const SelectionPool *pool = search->pool;
	bool *existing = palloc((pool->nitems + 1) * sizeof(bool));

	memcpy(existing, search->state->in, pool->nitems * sizeof(bool));
	if (start != NULL)
	{
		dbops_selection_state_become(search->state, start);
		dbops_selection_repair_evict(search->repair, 0);
		note_best(search);
		dbops_selection_repair_offer_all(search->repair);
		finish_start(search);
	}
	for (int i = 0; i < lengthof(exponents) && !dbops_selection_repair_stopped(search->repair); i++)
	{
		search->repair->exponent = exponents[i];
		restart(search, existing);
		dbops_selection_repair_offer_all(search->repair);
		finish_start(search);
	}
	search->repair->exponent = 1;
	restart(search, existing);
	fill_by_statement(search);
	finish_start(search);
	if (pool->nfree <= MAX_RELAXED_ITEMS && !dbops_selection_repair_stopped(search->repair))
	{
		restart(search, existing);
		relax(search);
		dbops_selection_repair_offer_all(search->repair);
		finish_start(search);
	}
}

/* ---- changes -------------------------------------------------------------- */

/* Whether the set would make a statement cheaper, if it were there. */
static bool
is_better(const Search *search, int set)
{
	const SelectionPool *pool = search->pool;

	for (int i = pool->set_plan_start[set]; i < pool->set_plan_start[set + 1]; i++)
	{
		if (pool->set_plans[i] < search->state->best[pool->plan_statement[pool->set_plans[i]]])
			return true;
	}
	return false;
}

static void
put_in(Search *search, int set)
{
	const SelectionPool *pool = search->pool;

	for (int i = pool->set_start[set]; i < pool->set_start[set + 1]; i++)
	{
		if (!search->state->in[pool->set_items[i]])
			dbops_selection_state_flip(search->state, pool->set_items[i]);
	}
}

/* Puts in a set that makes a statement cheaper, each in its turn, and evicts what is too much. */
static void
force_in(Search *search)
{
	for (int tried = 1; tried < search->pool->nsets; tried++)
	{
		int set = search->forced[search->next_forced];

		search->next_forced = (search->next_forced + 1) % (search->pool->nsets - 1);
		if (search->state->missing[set] > 0 && is_better(search, set))
		{
			put_in(search, set);
			dbops_selection_repair_evict(search->repair, set);
			return;
		}
	}
}

/* Puts in any set, which may pay once something else has gone. */
static void
force_in_any(Search *search)
{
	int set = 1 + pick(search, search->pool->nsets - 1);

	put_in(search, set);
	dbops_selection_repair_evict(search->repair, set);
}

/* Items that could go: created, or there and droppable. */
static int
list_present(const Search *search, int *items)
{
	int n = 0;

	for (int i = 0; i < search->pool->nfree; i++)
	{
		if (search->state->in[search->pool->free[i]])
			items[n++] = search->pool->free[i];
	}
	return n;
}

/* It comes back only when the room it leaves has been offered to others. */
static void
take_out(Search *search, int item)
{
	dbops_selection_state_flip(search->state, item);
	search->repair->barred[item] = true;
}

static void
take_out_some(Search *search)
{
	int n = list_present(search, search->present);
	int count = 1 + pick(search, 3);

	for (; n > 0 && count > 0; count--)
	{
		int at = pick(search, n);

		take_out(search, search->present[at]);
		search->present[at] = search->present[--n];
	}
}

static void
take_out_table(Search *search)
{
	const SelectionItem *items = search->problem->items;
	int n = list_present(search, search->present);
	int table;

	if (n == 0)
		return;
	table = items[search->present[pick(search, n)]].table;
	for (int i = 0; i < n; i++)
	{
		if (items[search->present[i]].table == table && pick(search, 4) > 0)
			take_out(search, search->present[i]);
	}
}

/* What a statement uses. */
static void
take_out_plan(Search *search)
{
	const SelectionPool *pool = search->pool;
	SelectionState *state = search->state;
	int set = pool->plan_set[state->best[pick(search, pool->nstatements)]];

	for (int i = pool->set_start[set]; i < pool->set_start[set + 1]; i++)
	{
		if (state->in[pool->set_items[i]])
			take_out(search, pool->set_items[i]);
	}
}

static void
refill(Search *search)
{
	offer_affected(search);
	dbops_selection_repair_settle(search->repair);
}

/* Repairs the state: at first without what was taken out, if that is to stay out. */
static void
repair(Search *search, bool stays_out)
{
	bool *barred = search->repair->barred;

	if (stays_out)
		refill(search);
	memset(barred, 0, search->pool->nitems * sizeof(bool));
	refill(search);
	dbops_selection_state_recount(search->state);
}

/* One attempt: the state, which is the current set, becomes another that fits. */
static void
change(Search *search)
{
	static void (*const kinds[])(Search * search) = {
	    force_in,      force_in,      force_in,       force_in_any,
	    take_out_some, take_out_some, take_out_table, take_out_plan,
	};
	static const double exponents[] = {1, 1, 0.5, 0, 1.5};

	search->repair->exponent = exponents[pick(search, lengthof(exponents))];
	search->repair->noise = pick(search, 2) ? NOISE : 0;
	kinds[pick(search, lengthof(kinds))](search);
	repair(search, pick(search, 2) > 0);
}

/* Goes on from far away: from the best, of which half is taken out. */
static void
leap(Search *search)
{
	int n;

	go_on_from_best(search);
	dbops_selection_state_become(search->state, search->best.in);
	n = list_present(search, search->present);
	for (int i = 0; i < n; i++)
	{
		if (pick(search, 2) > 0)
			take_out(search, search->present[i]);
	}
	repair(search, true);
	note_best(search);
	if (is_acceptable(search))
		go_on_from_state(search);
}

static void
try_changes(Search *search)
{
	const SelectionPool *pool = search->pool;
	int patience = search->problem->patience;
	int idle = 0;

	go_on_from_best(search);
	if (patience <= 0)
		patience = Min(Max(2 * pool->nsets, MIN_PATIENCE), MAX_PATIENCE);
	if (pool->nsets <= 1 || pool->nstatements == 0)
		return;
	while (idle < patience && !dbops_selection_repair_stopped(search->repair))
	{
		double best = search->best.objective;
		double tolerated;

		dbops_selection_state_become(search->state, search->current.in);
		change(search);
		note_best(search);
		tolerated = TOLERANCE * pow(pick_share(search), 4) * search->current.objective /
		            (FEW_CREATED + search->state->ncreated);
		idle = search->best.objective < best ? 0 : idle + 1;
		if (is_acceptable(search) &&
		    dbops_selection_state_objective(search->state) < search->current.objective + tolerated)
			go_on_from_state(search);
		if (idle > 0 && idle % (patience / LEGS + 1) == 0)
		{
			if (idle / (patience / LEGS + 1) % 2 == 1)
				leap(search);
			else
				go_on_from_best(search);
		}
	}
}

/* Sets for statements that are dearer than in the set the attempt comes from, and some others. */
static void
offer_affected(Search *search)
{
	const SelectionPool *pool = search->pool;
	const SelectionState *state = search->state;

	dbops_selection_repair_begin(search->repair);
	for (int i = 0; i < pool->nfree; i++)
	{
		int item = pool->free[i];

		if (state->in[item] || !search->current.in[item])
			continue;
		for (int set = pool->item_start[item]; set < pool->item_start[item + 1]; set++)
		{
			int first = pool->set_plan_start[pool->item_sets[set]];

			for (int plan = first; plan < pool->set_plan_start[pool->item_sets[set] + 1]; plan++)
			{
				int statement = pool->plan_statement[pool->set_plans[plan]];

				for (int better = pool->statement_start[statement]; better < state->best[statement];
				     better++)
					dbops_selection_repair_offer(search->repair, pool->plan_set[better]);
			}
		}
	}
	for (int i = 0; i < STRAY_SETS; i++)
		dbops_selection_repair_offer(search->repair, 1 + pick(search, pool->nsets - 1));
}
