/*
 * store/quiet.c
 *		How ticks of a quiet time become few; see quiet.h.
 */
#include "postgres.h"

#include "store/codec.h"
#include "store/merge.h"
#include "store/quiet.h"
#include "store/registry.h"

/* A run of quiet ticks of one family: which of the batch, and the time they cover. */
typedef struct QuietRun
{
	const Family *family;
	int *members;
	int count;
	int64 covers_us;
} QuietRun;

static void merge_run(TickBatch *batch, QuietRun *run);

void
dbops_quiet_add(TickBatch *batch, const Tick *tick, char *data)
{
	if (batch->count == batch->capacity)
	{
		batch->capacity = Max(64, batch->capacity * 2);
		if (batch->count == 0)
		{
			batch->ticks = palloc(sizeof(Tick) * batch->capacity);
			batch->data = palloc(sizeof(char *) * batch->capacity);
		}
		else
		{
			batch->ticks = repalloc(batch->ticks, sizeof(Tick) * batch->capacity);
			batch->data = repalloc(batch->data, sizeof(char *) * batch->capacity);
		}
	}
	batch->ticks[batch->count] = *tick;
	batch->data[batch->count++] = data;
}

void
dbops_quiet_merge(TickBatch *batch)
{
	int nfamilies = dbops_registry_count();
	QuietRun *runs = palloc0(sizeof(QuietRun) * Max(nfamilies, 1));
	int kept = 0;

	for (int f = 0; f < nfamilies; f++)
	{
		runs[f].family = dbops_registry_at(f);
		runs[f].members = palloc(sizeof(int) * Max(batch->count, 1));
	}
	for (int i = 0; i < batch->count; i++)
	{
		const Tick *tick = &batch->ticks[i];
		QuietRun *run = &runs[dbops_registry_index(dbops_registry_by_id(tick->family))];

		if (!(tick->flags & TICK_QUIET) || run->covers_us + tick->covers_us > QUIET_SPAN_US)
			merge_run(batch, run);
		if (tick->flags & TICK_QUIET)
		{
			run->members[run->count++] = i;
			run->covers_us += tick->covers_us;
		}
	}
	for (int f = 0; f < nfamilies; f++)
		merge_run(batch, &runs[f]);

	/* Members of a run but the last have gone into it. */
	for (int i = 0; i < batch->count; i++)
	{
		if (batch->data[i] == NULL)
			continue;
		batch->ticks[kept] = batch->ticks[i];
		batch->data[kept++] = batch->data[i];
	}
	batch->count = kept;
}

static int
count_rows(Frame *const *frames, int nframes)
{
	int nrows = 0;

	for (int i = 0; i < nframes; i++)
		nrows += frames[i]->nrows;
	return nrows;
}

/* The frames of a run as one, encoded. */
static StringInfo
encode_merged(const Family *family, Frame *const *frames, const int64 *covers_us, int nframes)
{
	int nrows = count_rows(frames, nframes);
	MergeInput *inputs = palloc_extended(sizeof(MergeInput) * nrows, MCXT_ALLOC_HUGE);
	int32 *slots = palloc_extended(sizeof(int32) * nrows, MCXT_ALLOC_HUGE);
	Frame *merged = dbops_frame_create(family);
	StringInfo encoded = makeStringInfo();
	int n = 0;

	for (int i = 0; i < nframes; i++)
	{
		for (int row = 0; row < frames[i]->nrows; row++)
			inputs[n++] = (MergeInput){.key = &frames[i]->keys[row],
			                           .texts = frames[i]->texts ? frames[i]->texts[row] : NULL,
			                           .values = dbops_frame_row(frames[i], row),
			                           .weight_us = covers_us[i],
			                           .order = i};
	}
	dbops_merge_rows(inputs, n, merged, slots);
	dbops_frame_sort(merged);
	dbops_codec_encode(merged, encoded);
	return encoded;
}

/* Puts the whole run into the place of its last tick, and empties it. */
static void
merge_run(TickBatch *batch, QuietRun *run)
{
	int last = run->count > 0 ? run->members[run->count - 1] : 0;
	Tick *into = &batch->ticks[last];
	Frame **frames;
	int64 *covers_us;
	StringInfo encoded;

	if (run->count > 1)
	{
		frames = palloc(sizeof(Frame *) * run->count);
		covers_us = palloc(sizeof(int64) * run->count);
		for (int i = 0; i < run->count; i++)
		{
			const Tick *tick = &batch->ticks[run->members[i]];

			frames[i] = dbops_frame_create(run->family);
			covers_us[i] = tick->covers_us;
			dbops_codec_decode(batch->data[run->members[i]], tick->size, NULL, frames[i]);
			into->flags |= tick->flags;
			if (i < run->count - 1)
				batch->data[run->members[i]] = NULL;
		}
		encoded = encode_merged(run->family, frames, covers_us, run->count);
		for (int i = 0; i < run->count; i++)
			dbops_frame_free(frames[i]);
		into->covers_us = run->covers_us;
		into->size = encoded->len;
		batch->data[last] = encoded->data;
	}
	run->count = 0;
	run->covers_us = 0;
}
