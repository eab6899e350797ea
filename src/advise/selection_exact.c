/*
 * advise/selection_exact.c
 *		The best set of all, by branch and bound; see selection_exact.h.
 *
 * Items are decided one after the other.  Those undecided are in the state, free of charge: no set
 * with the same decisions is cheaper than that, as more indexes never make the known plans dearer.
 */
#include "postgres.h"

#include "advise/selection_exact.h"

/* Sets looked at, at most: some hundredths of a second. */
#define MAX_NODES 100000

typedef struct Branching
{
	SelectionState *state;
	SelectionBest *best;
	const int *order;                    /* items */
	double charges[EXACT_MAX_ITEMS + 1]; /* from this depth on, not to be paid yet */
	double bytes;                        /* created, of those taken */
	int ncreated;
	int *room; /* per table: indexes that may yet be taken */
	int nodes;
	bool stopped;
} Branching;

static void explore(Branching *branching, int depth);

typedef struct RankedItem
{
	int item;
	double gain;
} RankedItem;

static int
compare_ranked(const void *left, const void *right)
{
	const RankedItem *a = left;
	const RankedItem *b = right;

	if (a->gain != b->gain)
		return a->gain > b->gain ? -1 : 1;
	return a->item < b->item ? -1 : 1;
}

bool
dbops_selection_exact(SelectionState *state, SelectionBest *best)
{
	const SelectionPool *pool = state->pool;
	Branching branching = {.state = state, .best = best};
	RankedItem ranked[EXACT_MAX_ITEMS];
	int order[EXACT_MAX_ITEMS];

	if (pool->nfree > EXACT_MAX_ITEMS)
		return false;
	branching.room = palloc((pool->problem->ntables + 1) * sizeof(int));
	memcpy(branching.room, pool->table_limit, pool->problem->ntables * sizeof(int));
	for (int i = 0; i < pool->nitems; i++)
		branching.room[pool->problem->items[i].table] -= pool->fixed[i] ? 1 : 0;
	for (int i = 0; i < pool->nfree; i++)
	{
		if (!state->in[pool->free[i]])
			dbops_selection_state_flip(state, pool->free[i]);
	}
	dbops_selection_state_recount(state);
	for (int i = 0; i < pool->nfree; i++)
		ranked[i] =
		    (RankedItem){pool->free[i], -dbops_selection_state_without(state, pool->free[i])};
	qsort(ranked, pool->nfree, sizeof(RankedItem), compare_ranked);
	for (int i = pool->nfree - 1; i >= 0; i--)
	{
		order[i] = ranked[i].item;
		/* That something is replaced may turn its tie around. */
		branching.charges[i] =
		    branching.charges[i + 1] + pool->price[order[i]] + 2 * pool->tidying[order[i]];
	}
	branching.order = order;
	explore(&branching, 0);
	return !branching.stopped;
}

static bool
can_take(const Branching *branching, int depth)
{
	const SelectionPool *pool = branching->state->pool;
	const SelectionItem *items = pool->problem->items;
	const SelectionItem *item = &items[branching->order[depth]];
	const SelectionLimits *limits = &pool->problem->limits;

	if (!item->exists && (branching->ncreated >= limits->max_created ||
	                      branching->bytes + item->bytes > limits->bytes))
		return false;
	return branching->room[item->table] > 0;
}

static bool
is_stopped(Branching *branching)
{
	const SelectionProblem *problem = branching->state->pool->problem;

	if (branching->nodes >= MAX_NODES)
		branching->stopped = true;
	else if (branching->nodes % 256 == 255 && !branching->stopped && problem->out_of_time != NULL)
		branching->stopped = problem->out_of_time(problem->arg);
	return branching->stopped;
}

static void
record_leaf(Branching *branching)
{
	SelectionState *state = branching->state;

	if (!dbops_selection_state_fits(state))
		return;
	branching->best->objective = dbops_selection_state_objective(state);
	memcpy(branching->best->in, state->in, state->pool->nitems * sizeof(bool));
}

static void
explore(Branching *branching, int depth)
{
	SelectionState *state = branching->state;
	const SelectionPool *pool = state->pool;
	double bound = dbops_selection_state_objective(state) - branching->charges[depth];
	double score = state->score;
	double state_bytes = state->bytes;
	double bytes = branching->bytes;
	int ncreated = branching->ncreated;
	const SelectionItem *what;
	int item;

	if (is_stopped(branching) || bound >= branching->best->objective - pool->epsilon ||
	    state->nregressed > 0)
		return;
	branching->nodes++;
	if (depth == pool->nfree)
	{
		record_leaf(branching);
		return;
	}
	item = branching->order[depth];
	what = &pool->problem->items[item];
	if (can_take(branching, depth))
	{
		branching->room[what->table]--;
		branching->bytes += what->exists ? 0 : what->bytes;
		branching->ncreated += what->exists ? 0 : 1;
		explore(branching, depth + 1);
		branching->room[what->table]++;
		branching->bytes = bytes;
		branching->ncreated = ncreated;
	}
	dbops_selection_state_flip(state, item);
	explore(branching, depth + 1);
	dbops_selection_state_flip(state, item);
	state->score = score;
	state->bytes = state_bytes;
}
