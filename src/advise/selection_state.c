/*
 * advise/selection_state.c
 *		A set of indexes, and what it costs while it changes; see selection_state.h.
 */
#include "postgres.h"

#include "advise/selection_state.h"

static void count_item(SelectionState *state, int item, int change);

SelectionState *
dbops_selection_state_new(const SelectionPool *pool)
{
	SelectionState *state = palloc0(sizeof(SelectionState));
	const SelectionItem *items = pool->problem->items;

	state->pool = pool;
	state->in = palloc0((pool->nitems + 1) * sizeof(bool));
	state->missing = palloc((pool->nsets + 1) * sizeof(int));
	state->best = palloc((pool->nstatements + 1) * sizeof(int));
	state->replacers = palloc0((pool->nitems + 1) * sizeof(int));
	state->per_table = palloc0((pool->problem->ntables + 1) * sizeof(int));
	for (int i = 0; i < pool->nsets; i++)
		state->missing[i] = pool->set_start[i + 1] - pool->set_start[i];
	for (int i = 0; i < pool->nstatements; i++)
	{
		state->best[i] = pool->statement_start[i + 1] - 1;
		if (state->best[i] > pool->allowed[i])
			state->nregressed++;
	}
	for (int i = 0; i < pool->nitems; i++)
	{
		if (items[i].exists && !pool->fixed[i])
			dbops_selection_state_flip(state, i);
		else if (pool->fixed[i])
		{
			state->in[i] = true;
			state->per_table[items[i].table]++;
			if (items[i].replaces >= 0)
				state->replacers[items[i].replaces]++;
		}
	}
	dbops_selection_state_recount(state);
	return state;
}

static inline void
change_plan(SelectionState *state, int statement, int plan)
{
	const SelectionPool *pool = state->pool;
	int old = state->best[statement];

	state->score += pool->plan_cost[plan] - pool->plan_cost[old];
	state->nregressed +=
	    (int) (plan > pool->allowed[statement]) - (int) (old > pool->allowed[statement]);
	state->best[statement] = plan;
}

static void
offer_set(SelectionState *state, int set)
{
	const SelectionPool *pool = state->pool;

	for (int i = pool->set_plan_start[set]; i < pool->set_plan_start[set + 1]; i++)
	{
		int plan = pool->set_plans[i];
		int statement = pool->plan_statement[plan];

		if (plan < state->best[statement])
			change_plan(state, statement, plan);
	}
}

static void
withdraw_set(SelectionState *state, int set)
{
	const SelectionPool *pool = state->pool;

	for (int i = pool->set_plan_start[set]; i < pool->set_plan_start[set + 1]; i++)
	{
		int plan = pool->set_plans[i];
		int statement = pool->plan_statement[plan];

		if (plan != state->best[statement])
			continue;
		/* The last plan of a statement needs nothing. */
		while (state->missing[pool->plan_set[plan]] > 0)
			plan++;
		change_plan(state, statement, plan);
	}
}

void
dbops_selection_state_flip(SelectionState *state, int item)
{
	const SelectionPool *pool = state->pool;
	const int *set = pool->item_sets + pool->item_start[item];
	const int *end = pool->item_sets + pool->item_start[item + 1];

	state->in[item] = !state->in[item];
	if (state->in[item])
	{
		count_item(state, item, 1);
		for (; set < end; set++)
		{
			if (--state->missing[*set] == 0)
				offer_set(state, *set);
		}
	}
	else
	{
		count_item(state, item, -1);
		for (; set < end; set++)
		{
			if (state->missing[*set]++ == 0)
				withdraw_set(state, *set);
		}
	}
}

/* What having an item costs, or is worth, where that alone tells sets apart. */
static inline double
tidying_of(const SelectionState *state, int item)
{
	return state->replacers[item] > 0 ? state->pool->tidying[item] : -state->pool->tidying[item];
}

/* All that an item changes but plans: counts, prices, the tie of what it replaces. */
static void
count_item(SelectionState *state, int item, int change)
{
	const SelectionPool *pool = state->pool;
	const SelectionItem *what = &pool->problem->items[item];
	int limit = pool->table_limit[what->table];
	int before = state->per_table[what->table];

	state->per_table[what->table] += change;
	state->nfull += (int) (before + change > limit) - (int) (before > limit);
	state->score += change * (pool->price[item] + tidying_of(state, item));
	if (!what->exists)
	{
		state->bytes += change * what->bytes;
		state->ncreated += change;
	}
	if (what->replaces >= 0)
	{
		bool there = state->in[what->replaces];

		state->score -= there ? tidying_of(state, what->replaces) : 0;
		state->replacers[what->replaces] += change;
		state->score += there ? tidying_of(state, what->replaces) : 0;
	}
}

void
dbops_selection_state_become(SelectionState *state, const bool *in)
{
	const SelectionPool *pool = state->pool;

	for (int i = 0; i < pool->nfree; i++)
	{
		if (state->in[pool->free[i]] != in[pool->free[i]])
			dbops_selection_state_flip(state, pool->free[i]);
	}
	dbops_selection_state_recount(state);
}

void
dbops_selection_state_recount(SelectionState *state)
{
	const SelectionPool *pool = state->pool;

	state->score = pool->fixed_cost;
	state->bytes = 0;
	for (int i = 0; i < pool->nstatements; i++)
		state->score += pool->plan_cost[state->best[i]];
	for (int i = 0; i < pool->nitems; i++)
	{
		if (!state->in[i] || pool->fixed[i])
			continue;
		state->score += pool->price[i] + tidying_of(state, i);
		if (!pool->problem->items[i].exists)
			state->bytes += pool->problem->items[i].bytes;
	}
}

double
dbops_selection_state_cost(const SelectionState *state)
{
	const SelectionPool *pool = state->pool;
	double cost = 0;

	for (int i = 0; i < pool->nstatements; i++)
		cost += pool->plan_cost[state->best[i]];
	for (int i = 0; i < pool->nitems; i++)
	{
		if (state->in[i])
			cost += pool->problem->items[i].upkeep;
	}
	return cost;
}

double
dbops_selection_state_without(SelectionState *state, int item)
{
	double before = dbops_selection_state_objective(state);
	double score = state->score;
	double bytes = state->bytes;
	double gain;

	dbops_selection_state_flip(state, item);
	gain = before - dbops_selection_state_objective(state);
	dbops_selection_state_flip(state, item);
	state->score = score;
	state->bytes = bytes;
	return gain;
}
