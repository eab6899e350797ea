/*
 * advise/plan_pool.h
 *		The plans that are known of a statement, and asking the planner for more.
 *
 * A plan that was chosen among the items of a set is chosen as well among fewer, as long as those
 * that it uses are there: so the planner is asked only where no known plan answers.
 */
#pragma once

#include "advise/selection.h"
#include "advise/whatif.h"

typedef struct PooledPlan
{
	SelectionPlan plan;
	Bitmapset *uses;
	Bitmapset *asked; /* the largest set it was chosen in */
	bool assumed;     /* not asked of the planner: made from another plan */
} PooledPlan;

typedef struct PlanPool
{
	MemoryContext memory; /* where the pool and its plans are */
	Statement *statement;
	int nplans;
	int capacity;
	PooledPlan *plans;
	int plannings;
} PlanPool;

/* No plans yet; in the current context, where plans will be, too, wherever they are asked for. */
extern PlanPool *dbops_plan_pool_new(Statement *statement);

/*
 * The plan with these items, which are all on the statement's relations: a known one, or that of
 * the planner, which is then in the pool.  NULL if the statement cannot be planned.
 */
extern const PooledPlan *
dbops_plan_pool_ask(PlanPool *pool, Whatif *whatif, const Bitmapset *present);

/* Adds a plan that nobody asked for, unless a better one is there. */
extern void dbops_plan_pool_assume(PlanPool *pool, const Bitmapset *uses, double cost);
