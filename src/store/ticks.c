/*
 * store/ticks.c
 *		Moving ticks from the ring into tables; see ticks.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/spi.h"
#include "store/codec.h"
#include "store/merge.h"
#include "store/node.h"
#include "store/registry.h"
#include "store/retention.h"
#include "store/ticks.h"

/* What one transaction takes on: an hour's backlog needs a few rounds, none of them long. */
#define MAX_BATCH_TICKS 2000
#define MAX_BATCH_BYTES (8 * 1024 * 1024)

/* Quiet ticks become one per this time. */
#define QUIET_SPAN_US (5 * USECS_PER_MINUTE)

static const char *const insert_ticks =
    "INSERT INTO %s (at, boot, seq, covers_us, node, family, flags, data)\n"
    "SELECT at, boot, seq, covers_us, $1, family, flags, data\n"
    "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4),\n"
    "    pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7),\n"
    "    pg_catalog.unnest($8))\n"
    "    AS tick(at, boot, seq, covers_us, family, flags, data)\n"
    "ON CONFLICT DO NOTHING";

/* A run of quiet ticks of one family: which of the batch, and the time they cover. */
typedef struct QuietRun
{
	const Family *family;
	int *members;
	int count;
	int64 covers_us;
} QuietRun;

static int64 read_ring(TickBatch *batch, bool *active);
static void merge_run(TickBatch *batch, QuietRun *run);

int64
dbops_ticks_store(void)
{
	TickBatch batch = {0};
	bool active = false;
	int64 last = read_ring(&batch, &active);

	/* Nothing to tell: wait until it is worth a row for each family. */
	if (!active && batch.count > 0 && dbops_clock_now() - batch.ticks[0].at < QUIET_SPAN_US)
		return dbops_ring_stored();
	dbops_ticks_merge_quiet(&batch);
	if (batch.count > 0)
		dbops_ticks_insert(&batch, dbops_node_register(dbops_node_name()));
	return last;
}

/* Fills the batch; `active` tells whether somebody but dbops was.  Returns the last seq read. */
static int64
read_ring(TickBatch *batch, bool *active)
{
	int64 last = dbops_ring_stored();
	Size bytes = 0;
	Tick tick;
	char *data;

	for (int i = 0; i < MAX_BATCH_TICKS && bytes < MAX_BATCH_BYTES &&
	                dbops_ring_next(last, RING_ANY_FAMILY, &tick, &data);
	     i++)
	{
		last = tick.seq;
		bytes += tick.size;
		if (!(tick.flags & TICK_QUIET))
			*active = true;
		/* The ring also carries what is no family's tick; its readers take it from there. */
		if (dbops_registry_by_id(tick.family) != NULL)
			dbops_ticks_batch_add(batch, &tick, data);
	}
	return last;
}

void
dbops_ticks_batch_add(TickBatch *batch, const Tick *tick, char *data)
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
dbops_ticks_merge_quiet(TickBatch *batch)
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
			                           .text = frames[i]->texts ? frames[i]->texts[row] : NULL,
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

static Datum
make_array(Datum *values, int n, Oid type)
{
	return PointerGetDatum(construct_array(values, n, type,
	                                       type == BYTEAOID ? -1 :
	                                       type == INT2OID  ? sizeof(int16) :
	                                                          sizeof(int64),
	                                       type != BYTEAOID,
	                                       type == BYTEAOID ? TYPALIGN_INT :
	                                       type == INT2OID  ? TYPALIGN_SHORT :
	                                                          TYPALIGN_DOUBLE));
}

static Datum
make_bytea(const char *data, int size)
{
	bytea *copy = palloc(VARHDRSZ + size);

	SET_VARSIZE(copy, VARHDRSZ + size);
	memcpy(VARDATA(copy), data, size);
	return PointerGetDatum(copy);
}

void
dbops_ticks_insert(const TickBatch *batch, int16 node)
{
	enum
	{
		AT,
		BOOT,
		SEQ,
		COVERS,
		FAMILY,
		FLAGS,
		DATA,
		NCOLUMNS
	};
	static const Oid types[NCOLUMNS] = {TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID,
	                                    INT2OID,        INT2OID, BYTEAOID};
	static const Oid array_types[NCOLUMNS] = {TIMESTAMPTZARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
	                                          INT8ARRAYOID,        INT2ARRAYOID, INT2ARRAYOID,
	                                          BYTEAARRAYOID};
	SpiValue params[1 + NCOLUMNS] = {{.type = INT2OID, .value = Int16GetDatum(node)}};
	Datum *columns[NCOLUMNS];
	char *member = dbops_resolution_member(RESOLUTION_RAW, dbops_retention_member(RESOLUTION_RAW));

	for (int c = 0; c < NCOLUMNS; c++)
		columns[c] = palloc(sizeof(Datum) * batch->count);
	for (int i = 0; i < batch->count; i++)
	{
		const Tick *tick = &batch->ticks[i];

		columns[AT][i] = TimestampTzGetDatum(tick->at);
		columns[BOOT][i] = Int64GetDatum(tick->boot);
		columns[SEQ][i] = Int64GetDatum(tick->seq);
		columns[COVERS][i] = Int64GetDatum(tick->covers_us);
		columns[FAMILY][i] = Int16GetDatum(tick->family);
		columns[FLAGS][i] = Int16GetDatum((int16) tick->flags);
		columns[DATA][i] = make_bytea(batch->data[i], tick->size);
	}
	for (int c = 0; c < NCOLUMNS; c++)
		params[1 + c] = (SpiValue){.type = array_types[c],
		                           .value = make_array(columns[c], batch->count, types[c])};
	dbops_spi_execute(psprintf(insert_ticks, member), params, lengthof(params));
}
