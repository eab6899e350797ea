/*
 * store/delta.c
 *		From cumulative values to changes; see delta.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "math/histogram.h"
#include "store/delta.h"

/* Previous values of one entity.  Histogram cells point into the state's context. */
typedef struct Previous
{
	EntityKey key;
	char status;
	uint32 round; /* of the frame that last had it */
	int64 *values;
} Previous;

/* Its macros declare locals in nested blocks under one name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#define SH_PREFIX previous
#define SH_ELEMENT_TYPE Previous
#define SH_KEY_TYPE EntityKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) &(k), sizeof(EntityKey))
#define SH_EQUAL(tb, a, b) (memcmp(&(a), &(b), sizeof(EntityKey)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

struct DeltaState
{
	const Family *family;
	MemoryContext context;
	previous_hash *entities; /* NULL: no base yet */
	uint32 round;
};

DeltaState *
dbops_delta_create(const Family *family)
{
	DeltaState *state = palloc0(sizeof(DeltaState));

	state->family = family;
	state->context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops delta", ALLOCSET_DEFAULT_SIZES);
	return state;
}

void
dbops_delta_forget(DeltaState *state)
{
	MemoryContextReset(state->context);
	state->entities = NULL;
}

int64
dbops_delta_entities(const DeltaState *state)
{
	return state->entities == NULL ? 0 : state->entities->members;
}

static Histogram *
copy_histogram(MemoryContext context, const Histogram *from)
{
	Histogram *copy = MemoryContextAlloc(context, HISTOGRAM_SIZE(from->nbuckets));

	memcpy(copy, from, HISTOGRAM_SIZE(from->nbuckets));
	return copy;
}

/*
 * now - then per bucket, modulo 2^32 as the source's counts wrap.  A bucket that lost counts means a
 * reset, and the whole of `now` is the increase.  NULL when there is none.
 */
static Histogram *
subtract_histogram(MemoryContext context, const Histogram *now, const Histogram *then)
{
	Histogram *increase = MemoryContextAlloc(context, HISTOGRAM_SIZE(now->nbuckets));
	int t = 0;

	increase->nbuckets = 0;
	for (int n = 0; n < now->nbuckets; n++)
	{
		const HistogramBucket *bucket = &now->buckets[n];
		uint32 before = 0;
		uint32 difference;

		if (t < then->nbuckets && then->buckets[t].bucket < bucket->bucket)
			return copy_histogram(context, now);
		if (t < then->nbuckets && then->buckets[t].bucket == bucket->bucket)
			before = (uint32) then->buckets[t++].count;
		difference = (uint32) bucket->count - before;
		if (difference > PG_INT32_MAX)
			return copy_histogram(context, now);
		if (difference > 0)
		{
			increase->buckets[increase->nbuckets].bucket = bucket->bucket;
			increase->buckets[increase->nbuckets++].count = difference;
		}
	}
	if (t < then->nbuckets)
		return copy_histogram(context, now);
	return increase->nbuckets > 0 ? increase : NULL;
}

/* What became of one metric; *changed is set when it is worth a row. */
static int64
change_of(const Metric *metric, int64 now, int64 then, bool *changed)
{
	int64 increase;

	if (now == FAMILY_NULL)
	{
		*changed |= metric->kind != METRIC_COUNTER && then != FAMILY_NULL;
		return FAMILY_NULL;
	}
	if (metric->kind != METRIC_COUNTER)
	{
		*changed |= now != then && !metric->drifts;
		return now;
	}
	if (then == FAMILY_NULL)
		return 0;
	increase = now >= then ? now - then : now;
	*changed |= increase != 0;
	return increase;
}

/* Fills `out` with the changes from then to now, and makes now the next then. */
static bool
change_row(DeltaState *state, Frame *changes, const int64 *now, int64 *then, int64 *out)
{
	const Family *family = state->family;
	bool changed = false;

	for (int m = 0; m < family->nmetrics; m++)
	{
		const Histogram *histogram;
		Histogram *before;
		Histogram *increase;

		if (family->metrics[m].kind != METRIC_HISTOGRAM)
		{
			out[m] = change_of(&family->metrics[m], now[m], then[m], &changed);
			then[m] = now[m];
			continue;
		}

		histogram = dbops_frame_histogram(now, m);
		before = dbops_frame_histogram(then, m);
		increase = NULL;
		if (histogram != NULL)
			increase = before == NULL ? copy_histogram(changes->context, histogram) :
			                            subtract_histogram(changes->context, histogram, before);
		dbops_frame_set_histogram(out, m, increase);
		if (increase == NULL && (histogram != NULL || before == NULL))
			continue;
		changed = true;
		if (before != NULL)
			pfree(before);
		dbops_frame_set_histogram(then, m,
		                          histogram ? copy_histogram(state->context, histogram) : NULL);
	}
	return changed;
}

/*
 * What an entity had before it was first seen: nothing.  In the base frame that is unknown, and its
 * counters so far are nobody's increase: then = now.
 */
static void
begin_entity(DeltaState *state, Previous *entity, const int64 *now, bool base)
{
	const Family *family = state->family;

	entity->values = MemoryContextAlloc(state->context, sizeof(int64) * Max(family->nmetrics, 1));
	for (int m = 0; m < family->nmetrics; m++)
	{
		const Metric *metric = &family->metrics[m];
		const Histogram *histogram;

		if (metric->kind == METRIC_COUNTER)
			entity->values[m] = base ? now[m] : 0;
		else if (metric->kind == METRIC_HISTOGRAM && base &&
		         (histogram = dbops_frame_histogram(now, m)) != NULL)
			dbops_frame_set_histogram(entity->values, m, copy_histogram(state->context, histogram));
		else
			entity->values[m] = FAMILY_NULL;
	}
}

/* Drops entities the last frame did not have. */
static void
forget_vanished(DeltaState *state)
{
	previous_iterator iterator;
	Previous *entity;

	previous_start_iterate(state->entities, &iterator);
	while ((entity = previous_iterate(state->entities, &iterator)) != NULL)
	{
		if (entity->round == state->round)
			continue;
		for (int m = 0; m < state->family->nmetrics; m++)
		{
			Histogram *histogram;

			if (state->family->metrics[m].kind == METRIC_HISTOGRAM &&
			    (histogram = dbops_frame_histogram(entity->values, m)) != NULL)
				pfree(histogram);
		}
		pfree(entity->values);
		previous_delete_item(state->entities, entity);
	}
}

bool
dbops_delta_apply(DeltaState *state, Frame *now, Frame *changes, bool all_entities)
{
	bool base = state->entities == NULL;

	dbops_frame_reset(changes);
	dbops_frame_sort(now);
	if (base)
		state->entities = previous_create(state->context, Max(now->nrows, 16), NULL);
	state->round++;

	for (int r = 0; r < now->nrows; r++)
	{
		const int64 *values = dbops_frame_row(now, r);
		const char *label_text = now->texts ? now->texts[r] : NULL;
		bool found;
		Previous *entity = previous_insert(state->entities, now->keys[r], &found);
		int64 *out;
		bool changed;

		if (!found)
			begin_entity(state, entity, values, base);
		entity->round = state->round;
		out = dbops_frame_add(changes, &now->keys[r], label_text);
		changed = change_row(state, changes, values, entity->values, out);
		if (!changed && !all_entities && !base && found)
			changes->nrows--;
	}
	if (state->entities->members > now->nrows)
		forget_vanished(state);
	return !base;
}
