/*
 * advise/plan_pool.c
 *		Known plans of a statement; see plan_pool.h.
 */
#include "postgres.h"

#include "advise/plan_pool.h"

PlanPool *
dbops_plan_pool_new(Statement *statement)
{
	PlanPool *pool = palloc0(sizeof(PlanPool));

	pool->memory = CurrentMemoryContext;
	pool->statement = statement;
	pool->capacity = 16;
	pool->plans = palloc(sizeof(PooledPlan) * pool->capacity);
	return pool;
}

/* The plan known to be chosen in the set, if one is. */
static PooledPlan *
find_answer(const PlanPool *pool, const Bitmapset *present)
{
	for (int i = 0; i < pool->nplans; i++)
	{
		PooledPlan *known = &pool->plans[i];

		if (!known->assumed && bms_is_subset(known->uses, present) &&
		    bms_is_subset(present, known->asked))
			return known;
	}
	return NULL;
}

static PooledPlan *
find_same(const PlanPool *pool, const Bitmapset *uses)
{
	for (int i = 0; i < pool->nplans; i++)
	{
		if (bms_equal(pool->plans[i].uses, uses))
			return &pool->plans[i];
	}
	return NULL;
}

static PooledPlan *
append_plan(PlanPool *pool, const Bitmapset *uses, double cost)
{
	MemoryContext caller = MemoryContextSwitchTo(pool->memory);
	PooledPlan *added;
	int *numbers = palloc(sizeof(int) * Max(bms_num_members(uses), 1));
	int n = 0;

	for (int item = -1; (item = bms_next_member(uses, item)) >= 0;)
		numbers[n++] = item;
	if (pool->nplans == pool->capacity)
	{
		pool->capacity *= 2;
		pool->plans = repalloc(pool->plans, sizeof(PooledPlan) * pool->capacity);
	}
	added = &pool->plans[pool->nplans++];
	*added =
	    (PooledPlan){.plan = {.cost = cost, .nuses = n, .uses = numbers}, .uses = bms_copy(uses)};
	MemoryContextSwitchTo(caller);
	return added;
}

/* It was chosen in that set. */
static void
note_asked(const PlanPool *pool, PooledPlan *plan, const Bitmapset *present)
{
	MemoryContext caller = MemoryContextSwitchTo(pool->memory);

	bms_free(plan->asked);
	plan->asked = bms_copy(present);
	MemoryContextSwitchTo(caller);
}

const PooledPlan *
dbops_plan_pool_ask(PlanPool *pool, Whatif *whatif, const Bitmapset *present)
{
	const WhatifRequest request = {.present = present};
	PooledPlan *known = find_answer(pool, present);
	WhatifPlan answer;

	if (known != NULL)
		return known;
	pool->plannings++;
	if (!dbops_whatif_plan(whatif, pool->statement, &request, &answer))
		return NULL;
	known = find_same(pool, answer.uses);
	if (known == NULL)
		known = append_plan(pool, answer.uses, answer.cost);
	known->assumed = false;
	known->plan.cost = answer.cost;
	if (known->asked == NULL || bms_is_subset(known->asked, present))
		note_asked(pool, known, present);
	return known;
}

void
dbops_plan_pool_assume(PlanPool *pool, const Bitmapset *uses, double cost)
{
	PooledPlan *known = find_same(pool, uses);

	if (known == NULL)
		append_plan(pool, uses, cost)->assumed = true;
	else if (known->assumed)
		known->plan.cost = Min(known->plan.cost, cost);
}
