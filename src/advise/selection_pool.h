/*
 * advise/selection_pool.h
 *		The plans of a selection problem, laid out so that a change of one index is quick to follow.
 *
 * Plans that cannot matter are gone: those that use what no limit allows or what cannot pay, and
 * those no cheaper than one that needs less.  What plans use together is kept once as a set, as it
 * is the unit in which the search adds indexes.  Nothing here changes during a search.
 */
#pragma once

#include "advise/selection.h"

typedef enum PoolReduction
{
	POOL_ALL_SETS, /* any set of items can be asked for */
	POOL_WITHIN_LIMITS
} PoolReduction;

typedef struct SelectionPool
{
	const SelectionProblem *problem;
	int nitems;
	int nstatements;

	/* Per item. */
	bool *fixed; /* is there, whatever is chosen */
	double
	    *price; /* of having it: upkeep, what creating it must be worth, and for ties its bytes */
	double *tidying; /* what keeping it is worth, and costs if it is replaced: only to break ties */
	int *item_start; /* [nitems + 1], into item_sets */
	int *item_sets;

	int nfree; /* items to decide on */
	int *free; /* ascending */

	/* What plans use together; the set 0 is empty. */
	int nsets;
	int *set_start; /* [nsets + 1], into set_items */
	int *set_items; /* ascending */
	int *set_plan_start;
	int *set_plans;

	/* Plans, by statement and cost; the last of a statement needs nothing. */
	int *statement_start; /* [nstatements + 1] */
	int *allowed;         /* per statement: the dearest plan that is no forbidden regression */
	double *plan_cost;    /* weighted */
	int *plan_set;
	int *plan_statement;

	int *table_limit; /* per table */
	double fixed_cost;
	double base_cost; /* with what exists */
	double epsilon;   /* less is no difference */
} SelectionPool;

/* Throws nothing but for lack of memory.  In the current context. */
extern SelectionPool *
dbops_selection_pool_new(const SelectionProblem *problem, PoolReduction reduction);
