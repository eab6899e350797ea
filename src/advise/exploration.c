/*
 * advise/exploration.c
 *		Sets to ask the planner about; see exploration.h.
 */
#include "postgres.h"

#include "advise/exploration.h"

/* The sets that an exploration begins with; what plans use among them leads on to others. */
#define NBEGINNINGS 5

static bool
has_keys_only(const WhatifItem *item)
{
	return item->spec == NULL || item->spec->ncolumns == item->spec->nkeys;
}

static bool
has_one_column(const WhatifItem *item)
{
	return item->spec == NULL || item->spec->ncolumns == 1;
}

static Bitmapset *
list_such(const Whatif *whatif, const Bitmapset *items, bool (*is_such)(const WhatifItem *item))
{
	Bitmapset *such = NULL;

	for (int item = -1; (item = bms_next_member(items, item)) >= 0;)
	{
		if (is_such(dbops_whatif_item(whatif, item)))
			such = bms_add_member(such, item);
	}
	return such;
}

static Bitmapset *
list_small(const Whatif *whatif, const Bitmapset *items, double bytes)
{
	Bitmapset *small = NULL;

	for (int item = -1; (item = bms_next_member(items, item)) >= 0;)
	{
		if (dbops_index_size_bytes(&dbops_whatif_item(whatif, item)->size) <= bytes)
			small = bms_add_member(small, item);
	}
	return small;
}

Exploration *
dbops_exploration_new(PlanPool *pool, const Whatif *whatif, const Bitmapset *existing,
                      const Bitmapset *candidates, double budget_bytes)
{
	Exploration *exploration = palloc0(sizeof(Exploration));
	Bitmapset *beginnings[NBEGINNINGS] = {
	    bms_copy(candidates),
	    list_such(whatif, candidates, has_keys_only),
	    list_such(whatif, candidates, has_one_column),
	    list_small(whatif, candidates, budget_bytes),
	    list_small(whatif, candidates, budget_bytes / 4),
	};

	exploration->pool = pool;
	exploration->existing = existing;
	for (int i = 0; i < NBEGINNINGS; i++)
		exploration->sets = lappend(exploration->sets, bms_join(beginnings[i], bms_copy(existing)));
	return exploration;
}

/* The set without each of the items that its plan uses. */
static void
lead_on(Exploration *exploration, const Bitmapset *set, const Bitmapset *uses)
{
	for (int item = -1; (item = bms_next_member(uses, item)) >= 0;)
	{
		if (!bms_is_member(item, exploration->existing))
			exploration->sets = lappend(exploration->sets, bms_del_member(bms_copy(set), item));
	}
}

void
dbops_exploration_go_on(Exploration *exploration, Whatif *whatif, int plannings,
                        bool (*out_of_time)(void *arg), void *arg)
{
	PlanPool *pool = exploration->pool;
	int last = pool->plannings + plannings;

	while (exploration->nasked < list_length(exploration->sets) && pool->plannings < last)
	{
		const Bitmapset *set = list_nth(exploration->sets, exploration->nasked);
		int known = pool->nplans;
		const PooledPlan *plan;

		if (out_of_time(arg))
			break;
		plan = dbops_plan_pool_ask(pool, whatif, set);
		if (plan != NULL && (pool->nplans > known || exploration->nasked < NBEGINNINGS))
			lead_on(exploration, set, plan->uses);
		exploration->nasked++;
	}
}
