/*
 * advise/selection_state.h
 *		A set of indexes, and what it costs while it changes.
 *
 * Changing one index costs a walk over the plans that use it, well under a microsecond: everything
 * that searches does so by changing this and changing it back.
 */
#pragma once

#include "advise/selection_pool.h"

typedef struct SelectionState
{
	const SelectionPool *pool;
	bool *in;       /* per item: it is in the set */
	int *missing;   /* per set of the pool: how many of its items are not */
	int *best;      /* per statement: the cheapest plan that holds */
	int *replacers; /* per item: how many that replace it are in the set */
	int *per_table;
	double score; /* what is to be made small, but for regressions */
	double bytes; /* created */
	int ncreated;
	int nregressed; /* statements dearer than they may be */
	int nfull;      /* tables with more indexes than they may have */
} SelectionState;

/* What exists, in the current context. */
extern SelectionState *dbops_selection_state_new(const SelectionPool *pool);

/* Puts an item into the set, or takes it out. */
extern void dbops_selection_state_flip(SelectionState *state, int item);

/* Makes it the set `in`, per item. */
extern void dbops_selection_state_become(SelectionState *state, const bool *in);

/* Sums up anew: undoes the rounding errors of many changes. */
extern void dbops_selection_state_recount(SelectionState *state);

/* Weighted costs and upkeep. */
extern double dbops_selection_state_cost(const SelectionState *state);

/* What it would cost less without the item; negative: more. */
extern double dbops_selection_state_without(SelectionState *state, int item);

/* What is to be made small.  A forbidden regression weighs more than all that can be gained. */
static inline double
dbops_selection_state_objective(const SelectionState *state)
{
	return state->score + state->nregressed * 2 * (state->pool->base_cost + 1);
}

static inline bool
dbops_selection_state_fits(const SelectionState *state)
{
	const SelectionLimits *limits = &state->pool->problem->limits;

	return state->nfull == 0 && state->bytes <= limits->bytes &&
	       state->ncreated <= limits->max_created;
}
