/*
 * store/delta.c
 *		From cumulative values to changes; see delta.h.
 */
#include "postgres.h"

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
#define SH_HASH_KEY(tb, k) dbops_entity_key_hash(&(k))
#define SH_EQUAL(tb, a, b) (dbops_entity_compare(&(a), &(b)) == 0)
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
	bool *keeps; /* by metric: a value that is not given is as it was */
	bool *drifts;
};

DeltaState *
dbops_delta_create(const Family *family)
{
	DeltaState *state = palloc0(sizeof(DeltaState));

	state->family = family;
	state->keeps = palloc(sizeof(bool) * family->nmetrics);
	state->drifts = palloc(sizeof(bool) * family->nmetrics);
	for (int m = 0; m < family->nmetrics; m++)
	{
		MetricKind kind = family->metrics[m].kind;

		state->keeps[m] = kind == METRIC_COUNTER || kind == METRIC_HISTOGRAM;
		state->drifts[m] = family->metrics[m].drifts;
	}
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
 * now - then per bucket, modulo 2^32 as the source's counts wrap.  A bucket that lost counts means
 * a reset, and the whole of `now` is the increase.  NULL when there is none.
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

/* Quickly: nothing of the entity is worth a closer look. */
static bool
is_unchanged(const DeltaState *state, const int64 *now, const int64 *then)
{
	for (int m = 0; m < state->family->nmetrics; m++)
	{
		if (now[m] != then[m] && !(now[m] == FAMILY_NULL && state->keeps[m]) && !state->drifts[m])
			return false;
	}
	return true;
}

/* Increase of a counter; NULL when the source does not say. */
static int64
increase_of(int64 now, int64 then)
{
	if (now == FAMILY_NULL)
		return FAMILY_NULL;
	if (then == FAMILY_NULL)
		return 0;
	return now >= then ? now - then : now;
}

/* Increase of a histogram, which then becomes the previous one. */
static Histogram *
advance_histogram(DeltaState *state, MemoryContext context, const Histogram *now, int64 *then,
                  int m)
{
	Histogram *before = dbops_frame_histogram(then, m);
	Histogram *increase;

	if (now == NULL)
		return NULL;
	if (before == NULL)
		increase = now->nbuckets > 0 ? copy_histogram(context, now) : NULL;
	else
		increase = subtract_histogram(context, now, before);
	if (increase != NULL || (before != NULL && before->nbuckets != now->nbuckets))
	{
		if (before != NULL)
			pfree(before);
		dbops_frame_set_histogram(then, m, copy_histogram(state->context, now));
	}
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
		Histogram *increase;

		switch (family->metrics[m].kind)
		{
			case METRIC_HISTOGRAM:
				increase = advance_histogram(state, changes->context, dbops_frame_histogram(now, m),
				                             then, m);
				dbops_frame_set_histogram(out, m, increase);
				changed |= increase != NULL;
				continue;
			case METRIC_COUNTER:
				out[m] = increase_of(now[m], then[m]);
				changed |= out[m] != FAMILY_NULL && out[m] != 0;
				break;
			case METRIC_GAUGE:
			case METRIC_TIMESTAMP:
				out[m] = now[m];
				changed |= now[m] != then[m] && !state->drifts[m];
				break;
		}
		if (now[m] != FAMILY_NULL || !state->keeps[m])
			then[m] = now[m];
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
dbops_delta_apply(DeltaState *state, const Frame *now, Frame *changes, bool all_entities)
{
	bool base = state->entities == NULL;

	dbops_frame_reset(changes);
	if (base)
		state->entities = previous_create(state->context, Max(now->nrows, 16), NULL);
	state->round++;

	for (int r = 0; r < now->nrows; r++)
	{
		const int64 *values = dbops_frame_row(now, r);
		bool found;
		Previous *entity = previous_insert(state->entities, now->keys[r], &found);
		bool wanted;
		int64 *out;

		if (!found)
			begin_entity(state, entity, values, base);
		entity->round = state->round;
		wanted = all_entities || base || !found;
		if (!wanted && is_unchanged(state, values, entity->values))
			continue;
		out = dbops_frame_append(changes, &now->keys[r], now->texts ? now->texts[r] : NULL);
		if (!change_row(state, changes, values, entity->values, out) && !wanted)
			changes->nrows--;
	}
	dbops_frame_sort(changes);
	if (state->entities->members > now->nrows)
		forget_vanished(state);
	return !base;
}
