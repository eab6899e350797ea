/*
 * advise/selection_repair.h
 *		Making a set of indexes fit and pay: what is too much is evicted, room is filled, what does
 *		not pay leaves.
 *
 * Every step is greedy; selection.c decides what to repair.  What is added is all that a plan is
 * missing, as two indexes may pay where neither does alone.
 */
#pragma once

#include "advise/selection_state.h"

typedef struct SelectionRepair
{
	SelectionState *state;
	double
	    exponent; /* how much the share of the limits that something takes counts against its gain */
	double noise; /* share by which gains are blurred */
	bool stopped; /* there is no time left: the state may not fit */

	/* What to fill up with: sets of the pool. */
	int *candidates;
	int ncandidates;
	double *value;     /* per set: at last look; of candidates only */
	int *candidate_in; /* per set: the round of filling it is a candidate in */
	int round;
	bool *barred; /* per item: it is not added */
	int *missing; /* items: work space */
} SelectionRepair;

extern SelectionRepair *dbops_selection_repair_new(SelectionState *state);

/* Asks whether to stop. */
extern bool dbops_selection_repair_stopped(SelectionRepair *repair);

/* Forgets what was offered to fill up with; offers a set, all sets. */
extern void dbops_selection_repair_begin(SelectionRepair *repair);
extern void dbops_selection_repair_offer(SelectionRepair *repair, int set);
extern void dbops_selection_repair_offer_all(SelectionRepair *repair);

/* Adds what was offered, the most worth first, while any is worth something and fits. */
extern void dbops_selection_repair_fill(SelectionRepair *repair);

/* Fills, then takes out what does not pay. */
extern void dbops_selection_repair_settle(SelectionRepair *repair);

/* Takes out what is worth least until the limits are kept; items of kept_set stay if they can. */
extern void dbops_selection_repair_evict(SelectionRepair *repair, int kept_set);
