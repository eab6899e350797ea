/*
 * worker/sample.c
 *		Taking a sample of a family; see sample.h.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "store/codec.h"
#include "store/delta.h"
#include "worker/sample.h"

struct Sampling
{
	const Family *family;
	DeltaState *delta;
	Frame *now;
	Frame *changes;
	StringInfoData bytes;
	Tick tick;
	bool completed;    /* the last try to take a sample */
	bool taken;        /* tick and bytes wait to be appended */
	int64 last_us;     /* monotonic time of the previous sample */
	int64 refreshed_h; /* hour of the last tick with all entities */
	int64 generation;  /* of the family's counters */
};

/* Buffers larger than this are not kept between samples. */
#define KEPT_BYTES (256 * 1024)

Sampling *
dbops_sampling_create(const Family *family)
{
	Sampling *sampling = palloc0(sizeof(Sampling));

	sampling->family = family;
	sampling->delta = dbops_delta_create(family);
	sampling->now = dbops_frame_create(family);
	sampling->changes = dbops_frame_create(family);
	initStringInfo(&sampling->bytes);
	return sampling;
}

void
dbops_sampling_forget(Sampling *sampling)
{
	dbops_delta_forget(sampling->delta);
	sampling->completed = false;
	sampling->taken = false;
}

/* Once an hour a tick has all entities, so that no gauge has to be looked for further back. */
static bool
is_refresh_due(Sampling *sampling, TimestampTz at)
{
	int64 hour = at / USECS_PER_HOUR;

	if (!sampling->family->refresh_hourly || hour == sampling->refreshed_h)
		return false;
	sampling->refreshed_h = hour;
	return true;
}

/* Whether the frame just read has nothing to be compared with. */
static bool
is_new_generation(Sampling *sampling)
{
	int64 generation = sampling->family->generation ? sampling->family->generation() : 0;
	bool is_new = generation != sampling->generation;

	sampling->generation = generation;
	return is_new;
}

void
dbops_sampling_take(Sampling *sampling)
{
	TimestampTz at = dbops_clock_now();
	int64 now_us = dbops_clock_monotonic_us();
	bool refresh = is_refresh_due(sampling, at);
	bool has_base;
	Tick *tick = &sampling->tick;

	/* What a failed try has read went nowhere: ask for everything again. */
	if (!sampling->completed)
		sampling->now->bookmark = 0;
	sampling->completed = false;
	sampling->taken = false;
	dbops_frame_reset(sampling->now);
	sampling->family->read(sampling->now);
	if (is_new_generation(sampling))
		dbops_delta_forget(sampling->delta);
	has_base = dbops_delta_apply(sampling->delta, sampling->now, sampling->changes, refresh);
	dbops_frame_reset(sampling->now);

	resetStringInfo(&sampling->bytes);
	dbops_codec_encode(sampling->changes, &sampling->bytes);

	memset(tick, 0, sizeof(*tick));
	tick->family = sampling->family->id;
	tick->flags = (has_base ? 0 : TICK_BASE) | (refresh || !has_base ? TICK_KEY : 0);
	tick->size = sampling->bytes.len;
	tick->at = at;
	tick->covers_us = has_base ? now_us - sampling->last_us : 0;
	sampling->last_us = now_us;
	sampling->completed = true;
	sampling->taken = true;
}

void
dbops_sampling_append(Sampling *sampling, uint16 flags)
{
	if (!sampling->taken)
		return;
	sampling->taken = false;
	sampling->tick.flags |= flags;
	dbops_ring_append(&sampling->tick, sampling->bytes.data);
	dbops_frame_reset(sampling->changes);
	if (sampling->bytes.maxlen > KEPT_BYTES)
	{
		sampling->bytes.data = repalloc(sampling->bytes.data, KEPT_BYTES);
		sampling->bytes.maxlen = KEPT_BYTES;
		resetStringInfo(&sampling->bytes);
	}
}

int64
dbops_sampling_sum(const Sampling *sampling, int metric)
{
	int64 sum = 0;

	if (!sampling->taken)
		return 0;
	for (int r = 0; r < sampling->changes->nrows; r++)
	{
		int64 value = dbops_frame_row(sampling->changes, r)[metric];

		if (value != FAMILY_NULL)
			sum += value;
	}
	return sum;
}

const struct Frame *
dbops_sampling_changes(const Sampling *sampling)
{
	return sampling->taken ? sampling->changes : NULL;
}
