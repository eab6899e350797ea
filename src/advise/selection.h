/*
 * advise/selection.h
 *		Which indexes to have: the best set within the limits, from what plans are known.
 *
 * Pure arithmetic, no planner: a statement is known by some of its plans, each with its cost and
 * the indexes it uses.  A statement costs what the cheapest of those plans costs whose indexes are
 * all in the set.  So thousands of sets can be tried in the time of one planning; whoever asks
 * plans with the set that comes out, adds what plans that shows, and asks again.
 *
 * Costs, weights and upkeep are in one unit (ms per day, where times are known).  Of sets that cost
 * the same, the one that creates fewer bytes is best, then the one that changes less; an item that
 * exists leaves only if the cost falls, or if it is replaced and the cost does not rise.
 */
#pragma once

#include "c.h"

typedef struct SelectionItem
{
	double bytes;
	double upkeep; /* what writing to it costs, in the unit of weighted costs; not negative */
	int table;     /* 0 .. ntables - 1 */
	bool exists;   /* is there already: costs no budget, and may be dropped if droppable */
	bool droppable;

	/*
	 * Item that is pointless beside this one (it exists; this has its keys first); or -1.  Where a
	 * plan uses that, the same plan with this in its stead is taken to cost the same until it is
	 * known better: until the statement has a plan with exactly these uses, at whatever cost.
	 */
	int replaces;
} SelectionItem;

typedef struct SelectionPlan
{
	double cost;
	int nuses;
	const int *uses; /* items, ascending */
} SelectionPlan;

typedef struct SelectionStatement
{
	double weight;
	int nplans;
	const SelectionPlan *plans; /* one of them uses nothing that can be missing */
} SelectionStatement;

typedef struct SelectionLimits
{
	double bytes;      /* of items that are created; infinity: no limit */
	int max_created;   /* in all; INT_MAX: no limit */
	int max_per_table; /* indexes on a table, those that exist included (if more, no more than) */
	double worst_regression; /* a statement may cost this share more than with what exists, 0.05 */

	/*
	 * What creating an item must be worth, as a share of the cost with what exists, 0.0005: so two
	 * that pay only together must save twice this.
	 */
	double min_gain_ratio;
} SelectionLimits;

typedef struct SelectionProblem
{
	int nitems;
	const SelectionItem *items;
	int ntables;
	int nstatements;
	const SelectionStatement *statements;
	SelectionLimits limits;
	/* Asked every some microseconds; true: return the best so far.  NULL: never. */
	bool (*out_of_time)(void *arg);
	void *arg;
	uint64 seed;  /* the same problem and seed give the same answer */
	int patience; /* attempts without progress before it ends; 0: as its size asks for */
} SelectionProblem;

typedef struct Selection
{
	bool *chosen; /* per item: it is in the set, created or kept */
	double cost;  /* weighted sum of statements, with upkeep */
	double bytes; /* created */
	bool proven;  /* there is no better set */
} Selection;

/*
 * The best set found; `start`, of nitems or NULL, is where to begin beside what exists.  In the
 * current context.
 */
extern Selection *dbops_selection_search(const SelectionProblem *problem, const bool *start);

/* What a set costs, upkeep included; what cannot be dropped is in every set. */
extern double dbops_selection_cost(const SelectionProblem *problem, const bool *chosen);
