/*
 * test/unit/chunk_test.c
 *		Chunks come back as written, one entity by one block, and garbage is refused.
 *
 * sources: src/store/chunk.c src/store/codec.c src/store/column.c src/store/histogram_column.c
 * sources: src/store/rice.c
 * sources: src/store/merge.c src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "math/histogram.h"
#include "store/chunk.h"
#include "store/merge.h"

#include "tap.h"

static const Label labels[] = {{"id", LABEL_INT8, NAMES_NONE, "id"}};
static const Metric metrics[] = {
    {1, "calls", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "calls"},
    {2, "blocks", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "blocks"},
    {3, "latency", METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, "latency"},
};
static const Family family = {.id = 1,
                              .name = "thing",
                              .labels = labels,
                              .nlabels = 1,
                              .metrics = metrics,
                              .nmetrics = lengthof(metrics)};

#define NSLOTS 60
#define NENTITIES 2000

static uint64 seed = 88172645463325252;

static uint64
random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A fifth of the entities in each slot; the value tells entity and slot. */
static Frame *
make_rows(int32 **row_slots)
{
	Frame *source = dbops_frame_create(&family);
	Frame *sorted = dbops_frame_create(&family);
	MergeInput *inputs;
	int32 *slots;

	for (int e = 0; e < NENTITIES; e++)
	{
		EntityKey key = {.num = {(int64) random64()}};

		for (int slot = 0; slot < NSLOTS; slot++)
		{
			int64 *values;
			Histogram *latency;

			if (random64() % 5 != 0)
				continue;
			values = dbops_frame_add(source, &key, NULL);
			latency = MemoryContextAlloc(source->context, HISTOGRAM_SIZE(1));
			*latency = (Histogram){.nbuckets = 1};
			latency->buckets[0] = (HistogramBucket){.bucket = 100 + slot, .count = 1};
			values[0] = 1;
			values[1] = key.num[0] % 1000 + slot;
			dbops_frame_set_histogram(values, 2, latency);
		}
	}
	inputs = palloc(sizeof(MergeInput) * source->nrows);
	slots = palloc(sizeof(int32) * source->nrows);
	for (int i = 0; i < source->nrows; i++)
	{
		const int64 *values = dbops_frame_row(source, i);

		inputs[i] = (MergeInput){.hash = dbops_merge_hash(&family, &source->keys[i]),
		                         .key = &source->keys[i],
		                         .values = values,
		                         .slot = dbops_frame_histogram(values, 2)->buckets[0].bucket - 100};
	}
	dbops_merge_rows(inputs, source->nrows, sorted, slots);
	*row_slots = slots;
	return sorted;
}

static void
make_slots(ChunkSlot *slots)
{
	for (int i = 0; i < NSLOTS; i++)
		slots[i] = (ChunkSlot){.number = i * 2, .flags = i == 7 ? 2 : 0, .covers_us = 60000000 + i};
}

static ByteReader
block_of(const ChunkHead *head, const char *data, int block)
{
	return dbops_reader(data + head->offsets[block],
	                    head->offsets[block + 1] - head->offsets[block]);
}

static bool
same_rows(const Frame *expected, const int32 *expected_slots, int first, const ChunkRows *got)
{
	for (int i = 0; i < got->frame->nrows; i++)
	{
		const int64 *a = dbops_frame_row(expected, first + i);
		const int64 *b = dbops_frame_row(got->frame, i);

		if (a[0] != b[0] || a[1] != b[1] || expected_slots[first + i] != got->slots[i] ||
		    expected->keys[first + i].num[0] != got->frame->keys[i].num[0] ||
		    dbops_frame_histogram(b, 2)->buckets[0].bucket != 100 + got->slots[i])
			return false;
	}
	return true;
}

static bool
keep_one(const EntityKey *key, void *arg)
{
	return dbops_entity_compare(key, arg) == 0;
}

static ChunkWriter *
write_chunk(const Frame *rows, const int32 *row_slots, const ChunkSlot *slots, StringInfo head)
{
	int nblocks = dbops_chunk_blocks(rows->nrows);
	ChunkWriter *writer = dbops_chunk_create(&family, slots, NSLOTS, nblocks);

	dbops_chunk_add(writer, rows, row_slots, nblocks);
	dbops_chunk_put_head(writer, head);
	return writer;
}

static void
test_round_trip(void)
{
	int32 *row_slots;
	Frame *rows = make_rows(&row_slots);
	ChunkSlot slots[NSLOTS];
	StringInfoData head_bytes;
	ChunkWriter *writer;
	ChunkHead *head;
	ChunkRows all = {.frame = dbops_frame_create(&family)};
	ChunkRows one = {.frame = dbops_frame_create(&family)};
	int target = rows->nrows / 2;
	int first = target;
	EntityFilter filter = {.keep = keep_one, .arg = &rows->keys[target]};
	int block;

	make_slots(slots);
	initStringInfo(&head_bytes);
	writer = write_chunk(rows, row_slots, slots, &head_bytes);
	note("%d rows, head %d, data %d bytes", rows->nrows, head_bytes.len, writer->data.len);
	head = dbops_chunk_read_head(&family, head_bytes.data, head_bytes.len);
	is_int(head->nslots, NSLOTS, "all slots come back");
	ok(memcmp(&head->slots[7].covers_us, &slots[7].covers_us, sizeof(int64)) == 0 &&
	       head->slots[7].number == 14 && head->slots[7].flags == 2,
	   "a slot keeps its number, covered time and flags");
	is_int(head->offsets[head->nblocks], writer->data.len, "the blocks are the whole data");

	for (block = 0; block < head->nblocks; block++)
		dbops_chunk_read_block(head, block_of(head, writer->data.data, block), NULL, NULL, &all);
	is_int(all.frame->nrows, rows->nrows, "every row comes back");
	ok(same_rows(rows, row_slots, 0, &all), "rows come back in order with their slots");

	block = dbops_chunk_block(dbops_merge_hash(&family, &rows->keys[target]), head->nblocks);
	dbops_chunk_read_block(head, block_of(head, writer->data.data, block), NULL, &filter, &one);
	while (first > 0 && dbops_entity_compare(&rows->keys[first - 1], &rows->keys[target]) == 0)
		first--;
	ok(one.frame->nrows > 0 && same_rows(rows, row_slots, first, &one),
	   "one entity is read from the block that its hash names");
}

static void
test_empty(void)
{
	ChunkSlot slots[NSLOTS];
	Frame *rows = dbops_frame_create(&family);
	StringInfoData head_bytes;
	ChunkHead *head;

	make_slots(slots);
	initStringInfo(&head_bytes);
	write_chunk(rows, NULL, slots, &head_bytes);
	head = dbops_chunk_read_head(&family, head_bytes.data, head_bytes.len);
	ok(head->nslots == NSLOTS && head->nrows == 0,
	   "a window in which nothing changed keeps its slots");
}

typedef enum Outcome
{
	OUTCOME_READ,
	OUTCOME_CORRUPTED,
	OUTCOME_OTHER, /* an error that is not about corrupted data */
} Outcome;

static Outcome
read_garbage(const ChunkHead *head, const char *block, Size size)
{
	sigjmp_buf here;
	sigjmp_buf *outer = stub_error_catch(&here);
	volatile Outcome outcome = OUTCOME_READ;
	ChunkRows rows = {.frame = dbops_frame_create(&family)};

	if (sigsetjmp(here, 0) == 0)
	{
		if (head == NULL)
			dbops_chunk_read_head(&family, block, size);
		else
			dbops_chunk_read_block(head, dbops_reader(block, size), NULL, NULL, &rows);
	}
	else
		outcome = stub_last_error()->sqlerrcode == ERRCODE_DATA_CORRUPTED ? OUTCOME_CORRUPTED :
		                                                                    OUTCOME_OTHER;
	PG_exception_stack = outer;
	return outcome;
}

static bool
survives_garbling(const ChunkHead *head, const char *bytes, Size size)
{
	char *copy = malloc(size);
	bool survives = true;

	for (int round = 0; round < 5000; round++)
	{
		memcpy(copy, bytes, size);
		for (int i = 0; i <= round % 3; i++)
			copy[random64() % (i == 0 ? Min(size, 40) : size)] = (char) random64();
		survives &= read_garbage(head, copy, size) != OUTCOME_OTHER;
	}
	for (Size cut = 1; cut < size; cut += 7)
		survives &= read_garbage(head, copy, cut) != OUTCOME_OTHER;
	free(copy);
	return survives;
}

static void
test_garbage(void)
{
	int32 *row_slots;
	Frame *rows = make_rows(&row_slots);
	ChunkSlot slots[NSLOTS];
	StringInfoData head_bytes;
	ChunkWriter *writer;
	ChunkHead *head;

	make_slots(slots);
	initStringInfo(&head_bytes);
	writer = write_chunk(rows, row_slots, slots, &head_bytes);
	head = dbops_chunk_read_head(&family, head_bytes.data, head_bytes.len);
	ok(survives_garbling(NULL, head_bytes.data, head_bytes.len),
	   "a garbled head is refused or read, never a crash");
	ok(survives_garbling(head, writer->data.data, head->offsets[1]),
	   "a garbled block is refused or read, never a crash");
}

int
main(void)
{
	test_round_trip();
	test_empty();
	test_garbage();
	return tap_done();
}
