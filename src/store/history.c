/*
 * store/history.c
 *		Reading the history; see history.h.
 *
 * A scan goes node by node, and within a node from the coarsest, oldest resolution to the ticks of
 * the ring.  It works in batches: a tick, or a block of a chunk.  A batch's rows are handed out as
 * they are, or, where the step asked for is not the stored one, through store/regroup.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "store/chunk_scan.h"
#include "store/codec.h"
#include "store/history.h"
#include "store/node.h"
#include "store/regroup.h"
#include "store/scan.h"
#include "store/segment.h"
#include "store/verify.h"

/* Id of this server while it has no row in dbops.node: it can be in the ring only. */
#define NODE_UNREGISTERED (-1)

/* What the rows of a batch have in common, or for chunks the slot says. */
typedef struct Batch
{
	Frame *frame;
	int32 *slots; /* of a chunk's rows */
	const RegroupedRow *regrouped;
	int nrows;
	int next;
} Batch;

struct HistoryScan
{
	HistoryQuery query;
	MemoryContext context;
	MemoryContext work; /* reset with each batch */
	ResolutionId preferred;
	EntityFilter filter;
	bool filters;           /* whether any label is restricted */
	TimestampTz place_from; /* of samples that can be in a row; the end is exclusive */
	TimestampTz place_to;

	StoredNode *nodes;
	int nnodes;
	int node; /* current, or -1 before the first */
	bool is_own_node;
	Segment segments[RESOLUTION_COUNT];
	HistoryKey key;      /* current source */
	MemberScan *scan;    /* NULL when the current source is the ring */
	int64 seen_seq;      /* last tick of this boot that tables had, or the ring gave */
	bool done_with_node; /* nothing but carried rows is left */

	ChunkScan chunk;
	ChunkRows rows;
	Tick tick; /* of a batch of ticks */
	Regroup *regroup;
	Batch batch;
	HistoryRow row;
};

static void copy_query(HistoryScan *scan, const HistoryQuery *query);
static void set_range(HistoryScan *scan);
static void list_nodes(HistoryScan *scan);
static bool load_batch(HistoryScan *scan);
static bool next_node(HistoryScan *scan);

static int64
cadence_us(const Family *family)
{
	int seconds =
	    family->cadence == CADENCE_NARROW ? dbops_guc_sample_interval : dbops_guc_wide_interval;

	return seconds * USECS_PER_SEC;
}

static bool
keep_entity(const EntityKey *key, void *arg)
{
	const HistoryQuery *query = &((HistoryScan *) arg)->query;

	for (int i = 0; i < query->family->nlabels; i++)
	{
		const LabelFilter *label = &query->labels[i];
		bool found = label->nvalues < 0;

		for (int v = 0; v < label->nvalues && !found; v++)
			found = label->values[v] == key->num[i];
		if (!found)
			return false;
	}
	return true;
}

HistoryScan *
dbops_history_begin(const HistoryQuery *query)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops history", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	HistoryScan *scan = palloc0(sizeof(HistoryScan));

	scan->context = context;
	scan->work = AllocSetContextCreate(context, "dbops history batch", ALLOCSET_DEFAULT_SIZES);
	scan->chunk.context =
	    AllocSetContextCreate(context, "dbops history chunk", ALLOCSET_DEFAULT_SIZES);
	copy_query(scan, query);
	set_range(scan);
	scan->filter = (EntityFilter){.keep = keep_entity, .arg = scan};
	scan->preferred = dbops_segment_preferred(query->step_us, cadence_us(query->family));
	scan->rows.frame = dbops_frame_create(query->family);
	scan->node = -1;
	list_nodes(scan);
	MemoryContextSwitchTo(old);
	return scan;
}

void
dbops_history_end(HistoryScan *scan)
{
	if (scan->scan != NULL)
		dbops_scan_end(scan->scan);
	MemoryContextDelete(scan->context);
}

static void
copy_query(HistoryScan *scan, const HistoryQuery *query)
{
	HistoryQuery *copy = &scan->query;

	*copy = *query;
	for (int i = 0; i < query->family->nlabels; i++)
	{
		LabelFilter *label = &copy->labels[i];

		if (label->nvalues < 0)
			continue;
		scan->filters = true;
		label->values = palloc(sizeof(int64) * (label->nvalues + 1));
		memcpy(label->values, query->labels[i].values, sizeof(int64) * label->nvalues);
	}
	if (query->wanted != NULL)
	{
		bool *wanted = palloc(sizeof(bool) * (query->family->nmetrics + 1));

		memcpy(wanted, query->wanted, sizeof(bool) * query->family->nmetrics);
		copy->wanted = wanted;
	}
	if (query->node != NULL)
		copy->node = pstrdup(query->node);
}

/* With a step, a row stands for its whole bucket, which must begin within the range. */
static void
set_range(HistoryScan *scan)
{
	int64 step_us = scan->query.step_us;
	TimestampTz from = scan->query.from;
	TimestampTz to = scan->query.to;

	scan->place_from = from;
	scan->place_to = to;
	if (step_us > 0 && !TIMESTAMP_NOT_FINITE(from))
	{
		scan->place_from = dbops_bucket_start(from, step_us);
		if (scan->place_from < from)
			scan->place_from += step_us;
	}
	if (!TIMESTAMP_NOT_FINITE(to))
		scan->place_to = step_us > 0 ? dbops_bucket_start(to, step_us) + step_us : to + 1;
}

/* The nodes asked for; this server too where it cannot be in the table, as on a standby. */
static void
list_nodes(HistoryScan *scan)
{
	StoredNode *all;
	int nall = dbops_scan_nodes(&all);
	const char *own = dbops_node_name();
	bool own_listed = false;

	scan->nodes = palloc(sizeof(StoredNode) * (nall + 1));
	for (int i = 0; i < nall; i++)
	{
		own_listed |= strcmp(all[i].name, own) == 0;
		if (scan->query.node == NULL || strcmp(all[i].name, scan->query.node) == 0)
			scan->nodes[scan->nnodes++] = all[i];
	}
	if (!own_listed && (scan->query.node == NULL || strcmp(own, scan->query.node) == 0))
		scan->nodes[scan->nnodes++] = (StoredNode){.id = NODE_UNREGISTERED, .name = pstrdup(own)};
}

/* ---- handing out ---- */

static void
fill_from_frame(HistoryScan *scan, int i)
{
	const Frame *frame = scan->batch.frame;
	HistoryRow *row = &scan->row;

	row->key = &frame->keys[i];
	row->texts = frame->texts ? frame->texts[i] : NULL;
	row->values = dbops_frame_row(frame, i);
	if (scan->batch.slots != NULL)
	{
		const ChunkSlot *slot = &scan->chunk.head->slots[scan->batch.slots[i]];

		row->step_us = scan->chunk.step_us;
		row->at = dbops_chunk_scan_slot(&scan->chunk, scan->batch.slots[i]);
		row->covers_us = slot->covers_us;
		row->flags = slot->flags;
		return;
	}
	row->step_us = 0;
	row->at = scan->tick.at;
	row->covers_us = scan->tick.covers_us;
	row->flags = scan->tick.flags;
}

static void
fill_from_regrouped(HistoryScan *scan, int i)
{
	const RegroupedRow *from = &scan->batch.regrouped[i];

	scan->row.key = &from->key;
	scan->row.texts = from->texts;
	scan->row.values = from->values;
	scan->row.step_us = scan->query.step_us;
	scan->row.at = from->bucket;
	scan->row.covers_us = from->covers_us;
	scan->row.flags = from->flags;
}

const HistoryRow *
dbops_history_next(HistoryScan *scan)
{
	for (;;)
	{
		while (scan->batch.next < scan->batch.nrows)
		{
			int i = scan->batch.next++;

			if (scan->batch.regrouped != NULL)
				fill_from_regrouped(scan, i);
			else
				fill_from_frame(scan, i);
			/* Chunks are read by whole windows. */
			if (scan->batch.slots == NULL ||
			    (scan->row.at >= scan->chunk.from && scan->row.at < scan->chunk.to))
			{
				scan->row.node = scan->nodes[scan->node].name;
				return &scan->row;
			}
		}
		CHECK_FOR_INTERRUPTS();
		scan->batch = (Batch){0};
		if (!load_batch(scan))
			return NULL;
	}
}

/* ---- regrouping ---- */

/* Whether rows of the current source go out as they are. */
static bool
is_as_asked(const HistoryScan *scan)
{
	return scan->query.step_us == 0 ||
	       scan->query.step_us == dbops_resolutions[scan->key.resolution].step_us;
}

static void
take_frame(HistoryScan *scan, bool from_chunk)
{
	scan->batch.frame = scan->rows.frame;
	scan->batch.slots = from_chunk ? scan->rows.slots : NULL;
	scan->batch.nrows = scan->rows.frame->nrows;
}

static void
take_regrouped(HistoryScan *scan)
{
	scan->batch.nrows = dbops_regroup_rows(scan->regroup, &scan->batch.regrouped);
}

static void
add_to_regroup(HistoryScan *scan, int i, TimestampTz place, int64 covers_us)
{
	const Frame *frame = scan->rows.frame;
	Sample sample = {.key = &frame->keys[i],
	                 .texts = frame->texts ? frame->texts[i] : NULL,
	                 .values = dbops_frame_row(frame, i),
	                 .place = place,
	                 .covers_us = covers_us};

	dbops_regroup_add(scan->regroup, &sample);
}

/* All rows of the frame come from the tick. */
static void
regroup_tick(HistoryScan *scan, TimestampTz place)
{
	const Frame *frame = scan->rows.frame;

	dbops_regroup_begin_batch(scan->regroup);
	dbops_regroup_finish(scan->regroup, dbops_bucket_start(place, scan->query.step_us));
	dbops_regroup_begin_unit(scan->regroup, place, place);
	dbops_regroup_cover(scan->regroup, place, scan->tick.covers_us, scan->tick.flags);
	for (int i = 0; i < frame->nrows; i++)
		add_to_regroup(scan, i, place, scan->tick.covers_us);
	take_regrouped(scan);
}

static void
regroup_block(HistoryScan *scan)
{
	const Frame *frame = scan->rows.frame;

	dbops_regroup_begin_batch(scan->regroup);
	for (int i = 0; i < frame->nrows; i++)
	{
		int slot = scan->rows.slots[i];

		if (dbops_chunk_scan_has(&scan->chunk, slot))
			add_to_regroup(scan, i, dbops_chunk_scan_slot(&scan->chunk, slot),
			               scan->chunk.head->slots[slot].covers_us);
	}
	dbops_regroup_end_batch(scan->regroup);
	take_regrouped(scan);
}

/* ---- ticks ---- */

static void
load_tick(HistoryScan *scan, const char *data, Size size)
{
	MemoryContext old = MemoryContextSwitchTo(scan->work);

	dbops_codec_decode_some(data, size, scan->query.wanted, scan->filters ? &scan->filter : NULL,
	                        scan->rows.frame);
	MemoryContextSwitchTo(old);
	if (scan->query.step_us > 0)
		regroup_tick(scan, dbops_tick_place(scan->tick.at, scan->tick.covers_us));
	else
		take_frame(scan, false);
}

/* Whether the current tick is of the time that ticks answer for, and that is asked for. */
static bool
is_tick_wanted(const HistoryScan *scan)
{
	TimestampTz place = dbops_tick_place(scan->tick.at, scan->tick.covers_us);
	TimestampTz asked = scan->query.step_us > 0 ? place : scan->tick.at;

	return place >= scan->segments[RESOLUTION_RAW].from && asked >= scan->place_from &&
	       asked < scan->place_to;
}

static void
load_stored_tick(HistoryScan *scan, const Stored *stored)
{
	DamageScope scope;
	MemoryContext old;
	bytea *data;

	scan->tick = (Tick){.family = scan->key.family,
	                    .flags = stored->flags,
	                    .boot = stored->boot,
	                    .seq = stored->seq,
	                    .at = stored->at,
	                    .covers_us = stored->covers_us};
	if (stored->boot == dbops_ring_boot())
		scan->seen_seq = Max(scan->seen_seq, stored->seq);
	if (!is_tick_wanted(scan))
		return;
	dbops_damage_enter(&scope,
	                   dbops_verify_place(&scan->key, stored, scan->nodes[scan->node].name));
	old = MemoryContextSwitchTo(scan->work);
	data = DatumGetByteaPP(stored->data);
	MemoryContextSwitchTo(old);
	load_tick(scan, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
	dbops_damage_leave(&scope);
}

/* The next tick of the ring that no table had; false when there is none. */
static bool
load_ring_tick(HistoryScan *scan)
{
	MemoryContext old = MemoryContextSwitchTo(scan->work);
	bool found = false;
	char *data;

	while (!found && dbops_ring_next(scan->seen_seq, scan->key.family, &scan->tick, &data))
	{
		scan->seen_seq = scan->tick.seq;
		found = is_tick_wanted(scan);
		if (!found)
			pfree(data);
	}
	MemoryContextSwitchTo(old);
	if (found)
		load_tick(scan, data, scan->tick.size);
	return found;
}

/* ---- chunks ---- */

static void
open_chunk(HistoryScan *scan, const Stored *stored)
{
	ChunkScan *chunk = &scan->chunk;
	const Segment *segment = &scan->segments[scan->key.resolution];

	chunk->place = dbops_verify_place(&scan->key, stored, scan->nodes[scan->node].name);
	dbops_chunk_scan_open(chunk, &scan->query, stored,
	                      dbops_resolutions[scan->key.resolution].step_us);
	chunk->from = Max(Max(stored->at, segment->from), scan->place_from);
	chunk->to = Min(Min(stored->to_at, segment->to), scan->place_to);
	if (is_as_asked(scan))
		return;
	dbops_regroup_begin_batch(scan->regroup);
	dbops_regroup_finish(scan->regroup, chunk->from);
	take_regrouped(scan);
	dbops_regroup_begin_unit(scan->regroup, chunk->from, chunk->to);
	for (int i = 0; i < chunk->head->nslots; i++)
	{
		const ChunkSlot *slot = &chunk->head->slots[i];

		if (dbops_chunk_scan_has(chunk, i))
			dbops_regroup_cover(scan->regroup, dbops_chunk_scan_slot(chunk, i), slot->covers_us,
			                    slot->flags);
	}
}

/* Reads the next block of the open chunk; false when it has no more. */
static bool
load_block(HistoryScan *scan)
{
	MemoryContext old = MemoryContextSwitchTo(scan->work);
	bool found = dbops_chunk_scan_next(&scan->chunk, scan->query.wanted,
	                                   scan->filters ? &scan->filter : NULL, &scan->rows);

	MemoryContextSwitchTo(old);
	if (!found)
		return false;
	if (is_as_asked(scan))
		take_frame(scan, true);
	else
		regroup_block(scan);
	return true;
}

static void
close_chunk(HistoryScan *scan)
{
	if (!is_as_asked(scan))
	{
		dbops_regroup_begin_batch(scan->regroup);
		dbops_regroup_finish(scan->regroup, scan->chunk.to);
		take_regrouped(scan);
	}
	scan->chunk.head = NULL;
}

/* ---- from source to source ---- */

/* Starts reading the current resolution, if its segment has anything that is asked for. */
static void
open_resolution(HistoryScan *scan)
{
	const Segment *segment = &scan->segments[scan->key.resolution];
	TimestampTz from = Max(segment->from, scan->place_from);
	TimestampTz to = Min(segment->to, scan->place_to);
	MemoryContext old;

	if (from >= to || scan->key.node == NODE_UNREGISTERED)
		return;
	/* A chunk is found by its start, a tick by its end. */
	if (scan->key.resolution != RESOLUTION_RAW)
	{
		if (!TIMESTAMP_NOT_FINITE(from))
			from = dbops_bucket_start(from, dbops_resolutions[scan->key.resolution].window_us);
	}
	else if (scan->query.step_us > 0 && !TIMESTAMP_NOT_FINITE(to))
		to += MAX_COVERS_US / 2;
	old = MemoryContextSwitchTo(scan->context);
	scan->scan = dbops_scan_begin(&scan->key, from, to, false);
	MemoryContextSwitchTo(old);
}

/* Moves on to the next finer resolution; after the ticks, to the end of the node. */
static void
next_source(HistoryScan *scan)
{
	if (scan->key.resolution > RESOLUTION_RAW)
	{
		scan->key.resolution--;
		open_resolution(scan);
		return;
	}
	scan->done_with_node = true;
	if (scan->regroup != NULL)
	{
		dbops_regroup_begin_batch(scan->regroup);
		dbops_regroup_finish(scan->regroup, DT_NOEND);
		take_regrouped(scan);
	}
}

/* Loads one batch, maybe an empty one; false at the end of the scan. */
static bool
load_batch(HistoryScan *scan)
{
	const Stored *stored;

	MemoryContextReset(scan->work);
	if (scan->node < 0 || scan->done_with_node)
		return next_node(scan);
	if (scan->chunk.head != NULL)
	{
		if (!load_block(scan))
			close_chunk(scan);
		return true;
	}
	if (scan->scan != NULL)
	{
		stored = dbops_scan_next(scan->scan);
		if (stored == NULL)
		{
			dbops_scan_end(scan->scan);
			scan->scan = NULL;
		}
		else if (scan->key.resolution == RESOLUTION_RAW)
			load_stored_tick(scan, stored);
		else
			open_chunk(scan, stored);
		return true;
	}
	if (scan->key.resolution == RESOLUTION_RAW && scan->is_own_node && load_ring_tick(scan))
		return true;
	next_source(scan);
	return true;
}

static void
find_coverage(HistoryScan *scan)
{
	Coverage coverage[RESOLUTION_COUNT] = {{0}};
	HistoryKey key = scan->key;
	TimestampTz end = dbops_scan_end_of(dbops_clock_now());
	Stored first;
	Stored last;

	for (key.resolution = 0; key.resolution < RESOLUTION_COUNT; key.resolution++)
	{
		Coverage *covered = &coverage[key.resolution];

		if (key.node == NODE_UNREGISTERED || !dbops_scan_first(&key, &first) ||
		    !dbops_scan_last(&key, end, &last))
			continue;
		*covered = (Coverage){.any = true, .from = first.at, .to = last.to_at};
		if (key.resolution == RESOLUTION_RAW)
			covered->from = dbops_tick_place(first.at, first.covers_us);
	}
	dbops_segment_cut(coverage, scan->preferred, scan->segments);
}

static bool
next_node(HistoryScan *scan)
{
	MemoryContext old;

	if (scan->node + 1 >= scan->nnodes)
		return false;
	scan->node++;
	scan->done_with_node = false;
	scan->seen_seq = 0;
	scan->is_own_node = strcmp(scan->nodes[scan->node].name, dbops_node_name()) == 0;
	scan->key = (HistoryKey){.family = scan->query.family->id,
	                         .node = scan->nodes[scan->node].id,
	                         .resolution = RESOLUTION_HOUR};
	if (scan->query.step_us > 0)
	{
		old = MemoryContextSwitchTo(scan->context);
		scan->regroup = dbops_regroup_create(scan->query.family, scan->query.step_us);
		MemoryContextSwitchTo(old);
	}
	find_coverage(scan);
	open_resolution(scan);
	return true;
}
