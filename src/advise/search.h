/*
 * advise/search.h
 *		The best indexes for a workload: between the planner, which knows what a set costs, and the
 *		selection, which can try thousands of sets.
 *
 * Some plans of each statement are asked for; the selection chooses a set from them; the planner is
 * asked what that set costs and what it would take beside it; what it answers goes into the pools;
 * and so on until nothing is new, or time is up.  What is reported of the final set was said by the
 * planner.
 */
#pragma once

#include "advise/droppable.h"
#include "advise/plan_pool.h"
#include "advise/upkeep.h"
#include "advise/workload.h"

typedef struct SearchOptions
{
	double budget_bytes; /* of what is created; infinity: no limit */
	int max_indexes;     /* created; INT_MAX: no limit */
	int max_columns;
	double seconds;
	uint64 seed;

	/* If set, is asked often; true ends the search with what was found so far. */
	bool (*stop)(void *arg);
	void *arg;
} SearchOptions;

typedef struct SearchStatement
{
	const WorkloadStatement *source;
	PlanPool *pool;
	double weight; /* ms a day of one unit of cost */
	double before; /* cost */
	double after;
	Bitmapset *used;       /* items in the plan with what exists */
	Bitmapset *uses;       /* in the plan with what was chosen */
	Bitmapset *candidates; /* items that could serve it */
	Bitmapset *relevant;   /* items on relations of the statement */
} SearchStatement;

typedef struct SearchResult
{
	Whatif *whatif;
	int nstatements;
	SearchStatement *statements; /* with those that are left out: statement->left_out */
	bool given;             /* the workload was: weights are calls a day, times are not known */
	double window_days;     /* that it is of; 0: not known */
	double ms_per_cost;     /* of a unit of cost: as measured, or of the machine of the costs */
	Droppables *droppables; /* what exists on their tables */
	Upkeep *upkeep;         /* what indexes on their tables cost */
	double *item_upkeep;    /* ms a day, per item; NaN: not known, counts as 0 */
	int nupkeep;            /* items that it has */
	Bitmapset *existing;    /* items that were there */
	Bitmapset *kept;        /* of them: those that no advice drops */
	Bitmapset *created;
	Bitmapset *dropped;
	double cost_before; /* weighted: ms a day */
	double cost_after;
	double bytes_left; /* of the budget, beside what is created */
	int indexes_left;  /* that may be created, beside */
	int plannings;
	bool timed_out;
} SearchResult;

/* In the current context. */
extern SearchResult *dbops_search_run(const Workload *workload, const SearchOptions *options);

/* What a statement costs with these items, by plans that the planner made. */
extern double dbops_search_cost(const SearchStatement *statement, const Bitmapset *present);
