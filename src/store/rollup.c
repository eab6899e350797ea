/*
 * store/rollup.c
 *		From ticks to chunks, and from chunks to coarser ones; see rollup.h.
 *
 * A window can hold far more rows than fit in memory at their full width, so a chunk is built in
 * parts: each part is a range of its blocks, for which the sources are read again.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/spi.h"
#include "core/tx.h"
#include "store/chunk.h"
#include "store/damage.h"
#include "store/merge.h"
#include "store/registry.h"
#include "store/retention.h"
#include "store/rollup.h"
#include "store/scan.h"
#include "store/verify.h"

/* Time after which a run takes on no further chunk. */
#define RUN_LIMIT_US (5 * USECS_PER_SEC)

/* Rows of the sources taken into memory at once; at 400 bytes a row some 13 MB. */
#define ROWS_PER_PART 32768

static const char *const insert_chunk =
    "INSERT INTO %s (from_at, to_at, node, family, head, data)\n"
    "VALUES ($1, $2, $3, $4, $5, $6)\n"
    "ON CONFLICT DO NOTHING";

/* A tick or a finer chunk that goes into the window. */
typedef struct Source
{
	TimestampTz at;  /* place of the tick; start of the chunk */
	ChunkHead *head; /* NULL for a tick */
	ChunkSlot tick;  /* of a tick: flags and covered time */
	Datum data;      /* a tick's bytes; a chunk's, not detoasted */
	int32 *slots;    /* position in the new chunk of each of its slots; a tick has one */
	int64 step_us;   /* of its slots */
} Source;

typedef struct Window
{
	const Family *family;
	const Resolution *resolution;
	HistoryKey key;
	HistoryKey source_key;
	TimestampTz from;
	TimestampTz to;
	Source *sources;
	int nsources;
	int capacity;
	int64 nrows; /* of the sources */
	ChunkSlot *slots;
	int nslots;
	const char *node_name;
	bool careful; /* look at each source first, and leave out what cannot be read */
} Window;

/*
 * A chunk to be written.  It is made in a subtransaction, which gets no number as it writes
 * nothing: sessions' snapshots have room for few of those.
 */
typedef struct Step
{
	Window window;
	TimestampTz now;     /* for the next window that is over; not set when from and to are given */
	ChunkWriter *writer; /* the chunk; NULL if there is none to be made */
} Step;

/* Blocks of the new chunk. */
typedef struct Part
{
	const Family *family;
	int first_block;
	int end_block;
	int nblocks; /* of the chunk */
} Part;

static bool roll_up_next(const HistoryKey *key, const char *node_name, TimestampTz now);
static bool take_step(Step *step);
static bool find_window(Window *window, TimestampTz now);
static void load_sources(Window *window);
static void make_slots(Window *window);
static ChunkWriter *make_chunk(const Window *window);
static void insert(const Window *window, const ChunkWriter *writer);

int
dbops_rollup_run(void)
{
	int64 started_us = dbops_clock_monotonic_us();
	TimestampTz now = dbops_clock_now();
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops rollup", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	StoredNode *nodes;
	int nnodes = dbops_scan_nodes(&nodes);
	int written = 0;

	for (HistoryKey key = {.resolution = RESOLUTION_MINUTE}; key.resolution < RESOLUTION_COUNT;
	     key.resolution++)
	{
		for (int i = 0; i < nnodes * dbops_registry_count(); i++)
		{
			bool more = true;

			key.node = nodes[i % nnodes].id;
			key.family = dbops_registry_at(i / nnodes)->id;
			while (more && dbops_clock_monotonic_us() - started_us < RUN_LIMIT_US)
			{
				CHECK_FOR_INTERRUPTS();
				MemoryContextSwitchTo(context);
				more = roll_up_next(&key, nodes[i % nnodes].name, now);
				MemoryContextSwitchTo(old);
				MemoryContextReset(context);
				written += more;
			}
		}
	}
	MemoryContextDelete(context);
	return written;
}

static Window
make_window(const HistoryKey *key, const char *node_name)
{
	Window window = {.family = dbops_registry_by_id(key->family),
	                 .resolution = &dbops_resolutions[key->resolution],
	                 .key = *key,
	                 .source_key = *key,
	                 .node_name = node_name};

	window.source_key.resolution = key->resolution - 1;
	return window;
}

/* Writes the next chunk of a family and resolution, if its window is over. */
static bool
roll_up_next(const HistoryKey *key, const char *node_name, TimestampTz now)
{
	Step step = {.window = make_window(key, node_name), .now = now};

	return take_step(&step);
}

bool
dbops_rollup_rebuild(const HistoryKey *key, const char *node_name, TimestampTz from)
{
	Step step = {.window = make_window(key, node_name)};

	step.window.from = from;
	step.window.to = from + step.window.resolution->window_us;
	return take_step(&step);
}

static void
make_step(void *arg)
{
	Step *step = arg;
	Window *window = &step->window;
	bool found;

	/* A snapshot of its own, to see the chunks that this run has written. */
	PushActiveSnapshot(GetLatestSnapshot());
	found = step->now == 0 || find_window(window, step->now);
	if (found)
		load_sources(window);
	/* To write a window anew takes something to write it from. */
	if (found && (step->now != 0 || window->nsources > 0))
	{
		make_slots(window);
		step->writer = make_chunk(window);
	}
	PopActiveSnapshot();
}

/*
 * One tick or chunk that cannot be read must neither stop the other families nor its own: then the
 * step is taken again without it.  Is it still in the way, only its family is held up.
 */
static bool
take_step(Step *step)
{
	Window fresh = step->window;
	StoredPlace place = {.at = dbops_bucket_start(step->now, USECS_PER_HOUR)};
	TaskError error;
	bool made = dbops_tx_try(make_step, step, ERRCODE_DATA_CORRUPTED, &error);

	if (!made)
	{
		step->window = fresh;
		step->window.careful = true;
		step->writer = NULL;
		made = dbops_tx_try(make_step, step, ERRCODE_DATA_CORRUPTED, &error);
	}
	if (made)
	{
		if (step->writer != NULL)
			insert(&step->window, step->writer);
		return step->writer != NULL;
	}
	strlcpy(place.family, fresh.family->name, sizeof(place.family));
	strlcpy(place.node, fresh.node_name, sizeof(place.node));
	strlcpy(place.table, dbops_resolutions[fresh.source_key.resolution].table, sizeof(place.table));
	dbops_damage_note(&place, error.message);
	return false;
}

static TimestampTz
place_of(const HistoryKey *key, const Stored *stored)
{
	return key->resolution == RESOLUTION_RAW ? dbops_tick_place(stored->at, stored->covers_us) :
	                                           stored->at;
}

/* How far beyond its place a source can be stored. */
static int64
reach_of(const HistoryKey *key)
{
	return key->resolution == RESOLUTION_RAW ? MAX_COVERS_US / 2 : 0;
}

/* The window of the first source after the last chunk; false: there is none, or it is not over. */
static bool
find_window(Window *window, TimestampTz now)
{
	const Resolution *resolution = window->resolution;
	TimestampTz done = DT_NOBEGIN;
	Stored last;
	MemberScan *scan;
	const Stored *stored;
	bool found = false;

	if (dbops_scan_last(&window->key, dbops_scan_end_of(now), &last))
		done = last.to_at;
	scan = dbops_scan_begin(&window->source_key, done, dbops_scan_end_of(now), false);
	while (!found && (stored = dbops_scan_next(scan)) != NULL)
	{
		TimestampTz place = place_of(&window->source_key, stored);

		found = place >= done;
		window->from = dbops_bucket_start(place, resolution->window_us);
	}
	dbops_scan_end(scan);
	if (!found || !dbops_scan_last(&window->source_key, dbops_scan_end_of(now), &last))
		return false;

	window->to = window->from + resolution->window_us;
	if (window->source_key.resolution == RESOLUTION_RAW ?
	        dbops_tick_place(last.at, last.covers_us) >= window->to :
	        last.to_at >= window->to)
		return true;
	/* A source that ended is packed when nothing can come any more, and before it goes itself. */
	return now > window->to + Min(resolution->window_us + MAX_COVERS_US,
	                              dbops_retention_kept_us(window->source_key.resolution) / 2);
}

static void
add_source(Window *window, const Stored *stored)
{
	Source *source;

	if (window->nsources == window->capacity)
	{
		window->capacity = Max(64, window->capacity * 2);
		window->sources = window->sources == NULL ?
		                      palloc(sizeof(Source) * window->capacity) :
		                      repalloc(window->sources, sizeof(Source) * window->capacity);
	}
	source = &window->sources[window->nsources++];
	memset(source, 0, sizeof(Source));
	source->at = place_of(&window->source_key, stored);
	source->step_us = dbops_resolutions[window->source_key.resolution].step_us;
	if (window->source_key.resolution == RESOLUTION_RAW)
	{
		bytea *data = DatumGetByteaPCopy(stored->data);

		source->tick = (ChunkSlot){.flags = stored->flags, .covers_us = stored->covers_us};
		source->data = PointerGetDatum(data);
		window->nrows += dbops_codec_rows(VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
	}
	else
	{
		bytea *head = DatumGetByteaPP(stored->head);

		source->head =
		    dbops_chunk_read_head(window->family, VARDATA_ANY(head), VARSIZE_ANY_EXHDR(head));
		source->data = datumCopy(stored->data, false, -1);
		window->nrows += source->head->nrows;
	}
}

/* Asked only once something in the window is known to be broken, as it reads all of it. */
static bool
is_readable(const Window *window, const Stored *stored)
{
	StoredPlace place;
	TaskError error;

	if (!window->careful || dbops_verify_stored(&window->source_key, stored, &error))
		return true;
	place = dbops_verify_place(&window->source_key, stored, window->node_name);
	dbops_damage_note(&place, error.message);
	return false;
}

static void
load_sources(Window *window)
{
	MemberScan *scan = dbops_scan_begin(&window->source_key, window->from,
	                                    window->to + reach_of(&window->source_key), false);
	const Stored *stored;

	while ((stored = dbops_scan_next(scan)) != NULL)
	{
		TimestampTz place = place_of(&window->source_key, stored);

		if (place >= window->from && place < window->to && is_readable(window, stored))
			add_source(window, stored);
	}
	dbops_scan_end(scan);
}

/* Time and flags that a source's i-th slot adds to the window. */
static ChunkSlot
source_slot(const Source *source, int i)
{
	return source->head ? source->head->slots[i] : source->tick;
}

static int
source_slots(const Source *source)
{
	return source->head ? source->head->nslots : 1;
}

/* Finds the buckets that have samples, and where each slot of the sources goes. */
static void
make_slots(Window *window)
{
	int64 step_us = window->resolution->step_us;
	int nbuckets = (int) (window->resolution->window_us / step_us);
	ChunkSlot *buckets = palloc0(sizeof(ChunkSlot) * nbuckets);
	int32 *positions = palloc(sizeof(int32) * nbuckets);

	for (int i = 0; i < nbuckets; i++)
		positions[i] = -1;
	for (int s = 0; s < window->nsources; s++)
	{
		Source *source = &window->sources[s];

		source->slots = palloc(sizeof(int32) * (source_slots(source) + 1));
		for (int i = 0; i < source_slots(source); i++)
		{
			ChunkSlot slot = source_slot(source, i);
			int64 bucket = (source->at + slot.number * source->step_us - window->from) / step_us;

			if (bucket < 0 || bucket >= nbuckets)
				dbops_corrupted("a chunk reaches beyond its window");
			source->slots[i] = (int32) bucket;
			positions[bucket] = 0;
			buckets[bucket].number = (int32) bucket;
			buckets[bucket].flags |= slot.flags;
			buckets[bucket].covers_us += slot.covers_us;
		}
	}
	window->slots = palloc(sizeof(ChunkSlot) * nbuckets);
	for (int bucket = 0; bucket < nbuckets; bucket++)
	{
		if (positions[bucket] < 0)
			continue;
		positions[bucket] = window->nslots;
		window->slots[window->nslots++] = buckets[bucket];
	}
	for (int s = 0; s < window->nsources; s++)
	{
		for (int i = 0; i < source_slots(&window->sources[s]); i++)
			window->sources[s].slots[i] = positions[window->sources[s].slots[i]];
	}
}

static bool
is_in_part(const EntityKey *key, void *arg)
{
	const Part *part = arg;
	int block = dbops_chunk_block(dbops_merge_hash(part->family, key), part->nblocks);

	return block >= part->first_block && block < part->end_block;
}

/* Reads the blocks of a finer chunk that may hold entities of the part. */
static void
read_chunk_part(const Source *source, const Part *part, ChunkRows *rows)
{
	const EntityFilter filter = {.keep = is_in_part, .arg = unconstify(Part *, part)};
	const ChunkHead *head = source->head;
	int first = (int) ((int64) part->first_block * head->nblocks / part->nblocks);
	int end = (int) (((int64) part->end_block * head->nblocks - 1) / part->nblocks) + 1;
	Size start = head->offsets[first];
	Size size = head->offsets[end] - start;
	bytea *slice;

	if (size == 0)
		return;
	slice = DatumGetByteaPSlice(source->data, start, size);
	if (VARSIZE_ANY_EXHDR(slice) != size)
		dbops_corrupted("a chunk is shorter than its head says");
	for (int block = first; block < end; block++)
		dbops_chunk_read_block(head,
		                       dbops_reader(VARDATA_ANY(slice) + (head->offsets[block] - start),
		                                    head->offsets[block + 1] - head->offsets[block]),
		                       NULL, &filter, rows);
	pfree(slice);
}

static void
read_source(const Source *source, const Part *part, ChunkRows *rows)
{
	const EntityFilter filter = {.keep = is_in_part, .arg = unconstify(Part *, part)};
	bytea *data = (bytea *) DatumGetPointer(source->data);

	if (source->head != NULL)
		read_chunk_part(source, part, rows);
	else
		dbops_codec_decode_some(VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), NULL, &filter,
		                        rows->frame);
}

/* Merges what the sources have for a part, and writes its blocks. */
static void
write_part(const Window *window, const Part *part, ChunkWriter *writer)
{
	ChunkRows *rows = palloc0(sizeof(ChunkRows) * window->nsources);
	Frame *merged = dbops_frame_create(window->family);
	int64 total = 0;
	MergeInput *inputs;
	int32 *slots;
	int n = 0;

	for (int s = 0; s < window->nsources; s++)
	{
		rows[s].frame = dbops_frame_create(window->family);
		read_source(&window->sources[s], part, &rows[s]);
		total += rows[s].frame->nrows;
	}
	inputs = palloc_extended(sizeof(MergeInput) * (total + 1), MCXT_ALLOC_HUGE);
	slots = palloc_extended(sizeof(int32) * (total + 1), MCXT_ALLOC_HUGE);
	for (int s = 0; s < window->nsources; s++)
	{
		const Source *source = &window->sources[s];
		const Frame *frame = rows[s].frame;

		for (int i = 0; i < frame->nrows; i++)
		{
			int slot = source->head ? rows[s].slots[i] : 0;

			inputs[n] = (MergeInput){.hash = dbops_merge_hash(window->family, &frame->keys[i]),
			                         .key = &frame->keys[i],
			                         .texts = frame->texts ? frame->texts[i] : NULL,
			                         .values = dbops_frame_row(frame, i),
			                         .weight_us = source_slot(source, slot).covers_us,
			                         .slot = source->slots[slot],
			                         .order = n};
			n++;
		}
	}
	dbops_merge_rows(inputs, n, merged, slots);
	dbops_chunk_add(writer, merged, slots, part->end_block);
}

static Datum
bytea_of(const StringInfoData *bytes)
{
	bytea *copy = palloc_extended(VARHDRSZ + bytes->len, MCXT_ALLOC_HUGE);

	SET_VARSIZE(copy, VARHDRSZ + bytes->len);
	memcpy(VARDATA(copy), bytes->data, bytes->len);
	return PointerGetDatum(copy);
}

static void
insert(const Window *window, const ChunkWriter *writer)
{
	StringInfoData head;
	SpiValue params[6];

	initStringInfo(&head);
	dbops_chunk_put_head(writer, &head);
	params[0] = (SpiValue){.type = TIMESTAMPTZOID, .value = TimestampTzGetDatum(window->from)};
	params[1] = (SpiValue){.type = TIMESTAMPTZOID, .value = TimestampTzGetDatum(window->to)};
	params[2] = (SpiValue){.type = INT2OID, .value = Int16GetDatum(window->key.node)};
	params[3] = (SpiValue){.type = INT2OID, .value = Int16GetDatum(window->key.family)};
	params[4] = (SpiValue){.type = BYTEAOID, .value = bytea_of(&head)};
	params[5] = (SpiValue){.type = BYTEAOID, .value = bytea_of(&writer->data)};
	dbops_spi_execute(psprintf(insert_chunk, dbops_resolution_member(
	                                             window->key.resolution,
	                                             dbops_retention_member(window->key.resolution))),
	                  params, lengthof(params));
}

static ChunkWriter *
make_chunk(const Window *window)
{
	int nblocks = dbops_chunk_blocks(window->nrows);
	int nparts = (int) Min(nblocks, window->nrows / ROWS_PER_PART + 1);
	ChunkWriter *writer =
	    dbops_chunk_create(window->family, window->slots, window->nslots, nblocks);
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops rollup part", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;

	for (int p = 0; p < nparts; p++)
	{
		Part part = {.family = window->family,
		             .first_block = (int) ((int64) nblocks * p / nparts),
		             .end_block = (int) ((int64) nblocks * (p + 1) / nparts),
		             .nblocks = nblocks};

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		write_part(window, &part, writer);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	return writer;
}
