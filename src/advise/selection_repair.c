/*
 * advise/selection_repair.c
 *		Making a set of indexes fit and pay; see selection_repair.h.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "advise/selection_repair.h"

static double evaluate(SelectionRepair *repair, int set);
static void add_set(SelectionRepair *repair, int set);
static void clean(SelectionRepair *repair);

SelectionRepair *
dbops_selection_repair_new(SelectionState *state)
{
	const SelectionPool *pool = state->pool;
	SelectionRepair *repair = palloc0(sizeof(SelectionRepair));

	repair->state = state;
	repair->exponent = 1;
	repair->candidates = palloc((pool->nsets + 1) * sizeof(int));
	repair->value = palloc((pool->nsets + 1) * sizeof(double));
	repair->candidate_in = palloc0((pool->nsets + 1) * sizeof(int));
	repair->barred = palloc0((pool->nitems + 1) * sizeof(bool));
	repair->missing = palloc((pool->nitems + 1) * sizeof(int));
	return repair;
}

/* From 0 to less than 1, the same for a set as long as one round of filling lasts. */
static double
blur_of(const SelectionRepair *repair, int set)
{
	uint32 z = ((uint32) repair->round * 0x9e3779b9u) ^ ((uint32) set * 0x85ebca6bu);

	z = (z ^ (z >> 16)) * 0x7feb352du;
	z = (z ^ (z >> 15)) * 0x846ca68bu;
	return (z >> 8) / (double) (1 << 24);
}

bool
dbops_selection_repair_stopped(SelectionRepair *repair)
{
	const SelectionProblem *problem = repair->state->pool->problem;

	if (!repair->stopped && problem->out_of_time != NULL)
		repair->stopped = problem->out_of_time(problem->arg);
	return repair->stopped;
}

/* ---- filling ------------------------------------------------------------------------------- */

void
dbops_selection_repair_begin(SelectionRepair *repair)
{
	repair->round++;
	repair->ncandidates = 0;
}

void
dbops_selection_repair_offer(SelectionRepair *repair, int set)
{
	if (repair->candidate_in[set] == repair->round || repair->state->missing[set] == 0)
		return;
	repair->candidate_in[set] = repair->round;
	repair->candidates[repair->ncandidates++] = set;
}

void
dbops_selection_repair_offer_all(SelectionRepair *repair)
{
	dbops_selection_repair_begin(repair);
	for (int i = 1; i < repair->state->pool->nsets; i++)
		dbops_selection_repair_offer(repair, i);
}

/* The part of the limits that an item takes; less than which nothing counts. */
static double
share_of(const SelectionRepair *repair, double bytes, int ncreated)
{
	const SelectionLimits *limits = &repair->state->pool->problem->limits;
	double share = 1e-6;

	if (isfinite(limits->bytes) && limits->bytes > 0)
		share += bytes / limits->bytes;
	if (limits->max_created < INT_MAX && limits->max_created > 0)
		share += (double) ncreated / limits->max_created;
	return share;
}

static double
weigh(const SelectionRepair *repair, double gain, double bytes, int ncreated)
{
	double share = share_of(repair, bytes, ncreated);

	if (repair->exponent == 0)
		return gain;
	return gain / (repair->exponent == 1 ? share : pow(share, repair->exponent));
}

/* The items of a set that are missing, with what they take; none if one of them is barred. */
static int
list_missing(const SelectionRepair *repair, int set, double *bytes, int *ncreated)
{
	const SelectionPool *pool = repair->state->pool;
	const SelectionItem *items = pool->problem->items;
	int n = 0;

	*bytes = 0;
	*ncreated = 0;
	for (int i = pool->set_start[set]; i < pool->set_start[set + 1]; i++)
	{
		int item = pool->set_items[i];

		if (repair->state->in[item])
			continue;
		if (repair->barred[item])
			return 0;
		repair->missing[n++] = item;
		if (!items[item].exists)
		{
			*bytes += items[item].bytes;
			(*ncreated)++;
		}
	}
	return n;
}

/* What adding what is missing of a set is worth; 0 if it does not fit or does not pay. */
static double
evaluate(SelectionRepair *repair, int set)
{
	SelectionState *state = repair->state;
	const SelectionLimits *limits = &state->pool->problem->limits;
	double before = dbops_selection_state_objective(state);
	double score = state->score;
	double state_bytes = state->bytes;
	double bytes;
	int ncreated;
	int n = list_missing(repair, set, &bytes, &ncreated);
	double gain;

	if (n == 0 || state->bytes + bytes > limits->bytes ||
	    state->ncreated + ncreated > limits->max_created)
		return 0;
	for (int i = 0; i < n; i++)
		dbops_selection_state_flip(state, repair->missing[i]);
	gain = state->nfull > 0 ? 0 : before - dbops_selection_state_objective(state);
	for (int i = 0; i < n; i++)
		dbops_selection_state_flip(state, repair->missing[i]);
	state->score = score;
	state->bytes = state_bytes;
	if (gain <= state->pool->epsilon)
		return 0;
	if (repair->noise > 0)
		gain *= 1 + repair->noise * blur_of(repair, set);
	return weigh(repair, gain, bytes, ncreated);
}

/* Adds a set; what it has in common with others may be worth more by that. */
static void
add_set(SelectionRepair *repair, int set)
{
	const SelectionPool *pool = repair->state->pool;
	double bytes;
	int ncreated;
	int n = list_missing(repair, set, &bytes, &ncreated);
	int *added = palloc(n * sizeof(int));

	memcpy(added, repair->missing, n * sizeof(int));
	for (int i = 0; i < n; i++)
		dbops_selection_state_flip(repair->state, added[i]);
	for (int i = 0; i < n; i++)
	{
		for (int at = pool->item_start[added[i]]; at < pool->item_start[added[i] + 1]; at++)
		{
			int other = pool->item_sets[at];

			dbops_selection_repair_offer(repair, other);
			if (repair->state->missing[other] > 0)
				repair->value[other] = evaluate(repair, other);
		}
	}
	pfree(added);
}

/* Adds candidates, the most worth first, while any is worth something. */
void
dbops_selection_repair_fill(SelectionRepair *repair)
{
	double *value = repair->value;

	for (int i = 0; i < repair->ncandidates; i++)
		value[repair->candidates[i]] = evaluate(repair, repair->candidates[i]);
	while (!dbops_selection_repair_stopped(repair))
	{
		int best = -1;
		double second = 0;
		double again;
		int kept = 0;

		for (int i = 0; i < repair->ncandidates; i++)
		{
			int set = repair->candidates[i];

			if (best < 0 || value[set] > value[best])
			{
				second = best < 0 ? 0 : value[best];
				best = set;
			}
			else if (value[set] > second)
				second = value[set];
			/* One that is worth nothing comes back when something it shares is added. */
			if (value[set] > 0)
				repair->candidates[kept++] = set;
			else
				repair->candidate_in[set] = 0;
		}
		repair->ncandidates = kept;
		if (best < 0 || value[best] <= 0)
			return;
		again = evaluate(repair, best);
		if (again > 0 && again >= second)
			add_set(repair, best);
		value[best] = again > 0 && repair->state->missing[best] > 0 ? again : 0;
	}
}

/* ---- evicting and cleaning ------------------------------------------------------------------ */

static bool
is_item_of(const SelectionPool *pool, int set, int item)
{
	for (int i = pool->set_start[set]; i < pool->set_start[set + 1]; i++)
	{
		if (pool->set_items[i] == item)
			return true;
	}
	return false;
}

/* Takes out what is worth least until the limits are kept; what is forced in stays if it can. */
void
dbops_selection_repair_evict(SelectionRepair *repair, int kept_set)
{
	SelectionState *state = repair->state;
	const SelectionPool *pool = state->pool;
	const SelectionItem *items = pool->problem->items;
	const SelectionLimits *limits = &pool->problem->limits;

	while (!dbops_selection_state_fits(state) && !dbops_selection_repair_stopped(repair))
	{
		bool crowded = state->bytes > limits->bytes || state->ncreated > limits->max_created;
		int worst = -1;
		double worst_value = INFINITY;

		for (int i = 0; i < pool->nfree; i++)
		{
			int item = pool->free[i];
			bool full = state->per_table[items[item].table] > pool->table_limit[items[item].table];
			double value;

			if (!state->in[item] || !(full || (crowded && !items[item].exists)) ||
			    is_item_of(pool, kept_set, item))
				continue;
			value = -dbops_selection_state_without(state, item);
			value = value < 0 ? value : weigh(repair, value, items[item].bytes, 1);
			if (value < worst_value)
			{
				worst = item;
				worst_value = value;
			}
		}
		if (worst < 0)
		{
			if (kept_set == 0)
				return;
			kept_set = 0;
			continue;
		}
		dbops_selection_state_flip(state, worst);
	}
}

/* Takes out what does not pay, the worst first.  True if there was any. */
static bool
clean_once(SelectionRepair *repair)
{
	SelectionState *state = repair->state;
	const SelectionPool *pool = state->pool;
	int worst = -1;
	double most = pool->epsilon;

	for (int i = 0; i < pool->nfree; i++)
	{
		double gain;

		if (!state->in[pool->free[i]])
			continue;
		gain = dbops_selection_state_without(state, pool->free[i]);
		if (gain > most)
		{
			worst = pool->free[i];
			most = gain;
		}
	}
	if (worst < 0)
		return false;
	dbops_selection_state_flip(state, worst);
	return true;
}

static void
clean(SelectionRepair *repair)
{
	while (!dbops_selection_repair_stopped(repair) && clean_once(repair))
		;
}

/* Fills up, and takes out what that made pointless. */
void
dbops_selection_repair_settle(SelectionRepair *repair)
{
	dbops_selection_repair_fill(repair);
	clean(repair);
}
