/*
 * advise/selection_exact.h
 *		The best set of all, where few items are to be decided on: branch and bound.
 */
#pragma once

#include "advise/selection_state.h"

/* With more items than these it would seldom end. */
#define EXACT_MAX_ITEMS 24

typedef struct SelectionBest
{
	bool *in;         /* per item */
	double objective; /* of dbops_selection_state_objective */
} SelectionBest;

/*
 * Improves `best`, a set within the limits, to the best there is.  False: it gave up, and best is
 * what was best so far.  The state is anything before and undefined after.
 */
extern bool dbops_selection_exact(SelectionState *state, SelectionBest *best);
