/*
 * advise/exploration.h
 *		Learning the plans of a statement that a selection may want.
 *
 * The planner is asked with all candidates, with the smaller ones alone, and then, breadth first,
 * with each of these sets but for one index that its plan used.  So what comes next best is known,
 * be it next in speed or in size.
 */
#pragma once

#include "advise/plan_pool.h"

typedef struct Exploration
{
	PlanPool *pool;
	const Bitmapset *existing;
	List *sets; /* of Bitmapset: asked, and still to be asked */
	int nasked;
} Exploration;

/*
 * Begins with sets of the candidates: all, without what is only covered, single columns, and those
 * of no more than the budget and a quarter of it.  In the current context.
 */
extern Exploration *
dbops_exploration_new(PlanPool *pool, const Whatif *whatif, const Bitmapset *existing,
                      const Bitmapset *candidates, double budget_bytes);

/* Asks the planner at most so many times more, or until out_of_time says so. */
extern void dbops_exploration_go_on(Exploration *exploration, Whatif *whatif, int plannings,
                                    bool (*out_of_time)(void *arg), void *arg);
