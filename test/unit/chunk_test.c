/*
 * test/unit/chunk_test.c
 *		Chunks come back as written, one entity by one block, and garbage is refused.
 *
 * sources: src/store/chunk.c src/store/codec.c src/store/text_column.c src/store/integer_column.c
 * sources: src/store/histogram_column.c
 * sources: src/store/rice.c src/store/grouped_column.c
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
    {4, "rows", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "rows"},
    {5, "level", METRIC_GAUGE, "", 0, ROLLUP_LAST, "level"},
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

/* With every third execution of an entity another bucket joins the one that tells the slot. */
static Histogram *
make_latency(const Frame *frame, int slot, int64 calls)
{
	Histogram *latency = MemoryContextAlloc(frame->context, HISTOGRAM_SIZE(2));

	*latency = (Histogram){.nbuckets = calls % 3 == 0 ? 2 : 1};
	latency->buckets[0] = (HistogramBucket){.bucket = 100 + slot, .count = calls};
	latency->buckets[1] = (HistogramBucket){.bucket = 200 + slot, .count = 1};
	return latency;
}

/*
 * A fifth of the entities in each slot; the value tells entity and slot.  The rows are so many for
 * each call of an entity, or unknown, and its level moves in a range of its own.
 */
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
			int64 calls;

			if (random64() % 5 != 0)
				continue;
			values = dbops_frame_add(source, &key, NULL);
			calls = 1 + (int64) (random64() % 5);
			values[0] = e % 11 == 0 ? FAMILY_NULL : calls;
			values[1] = key.num[0] % 1000 + slot;
			dbops_frame_set_histogram(values, 2, make_latency(source, slot, calls));
			values[3] = e % 11 == 0 ? FAMILY_NULL : calls * (e % 7 - 1);
			values[4] = (int64) (random64() % (UINT64CONST(1) << (2 * (e % 20))));
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
same_histograms(const int64 *a, const int64 *b)
{
	const Histogram *x = dbops_frame_histogram(a, 2);
	const Histogram *y = dbops_frame_histogram(b, 2);

	if (x->nbuckets != y->nbuckets)
		return false;
	for (int i = 0; i < x->nbuckets; i++)
	{
		if (x->buckets[i].bucket != y->buckets[i].bucket ||
		    x->buckets[i].count != y->buckets[i].count)
			return false;
	}
	return true;
}

static bool
same_rows(const Frame *expected, const int32 *expected_slots, int first, const ChunkRows *got)
{
	for (int i = 0; i < got->frame->nrows; i++)
	{
		const int64 *a = dbops_frame_row(expected, first + i);
		const int64 *b = dbops_frame_row(got->frame, i);

		if (a[0] != b[0] || a[1] != b[1] || a[3] != b[3] || a[4] != b[4] ||
		    expected_slots[first + i] != got->slots[i] ||
		    expected->keys[first + i].num[0] != got->frame->keys[i].num[0] ||
		    !same_histograms(a, b))
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

/* Bytes of all blocks when only one metric is there, the others being 0. */
static int
size_of_metric(int metric)
{
	int32 *row_slots;
	Frame *rows = make_rows(&row_slots);
	ChunkSlot slots[NSLOTS];
	StringInfoData head_bytes;

	for (int i = 0; i < rows->nrows; i++)
	{
		int64 *values = dbops_frame_row(rows, i);

		for (int m = 0; m < family.nmetrics; m++)
		{
			if (m != metric && m != 0)
				values[m] = m == 2 ? FAMILY_NULL : 0;
		}
	}
	make_slots(slots);
	initStringInfo(&head_bytes);
	return write_chunk(rows, row_slots, slots, &head_bytes)->data.len;
}

static void
test_sizes(void)
{
	int calls;
	int rows;
	int level;

	seed = 1;
	calls = size_of_metric(0);
	seed = 1;
	rows = size_of_metric(3);
	seed = 1;
	level = size_of_metric(4);
	note("calls %d, with rows %d, with level %d bytes", calls, rows, level);
	ok(rows - calls < NENTITIES * 4, "a metric that is a multiple of the first costs its factors");
	ok(level - calls < NENTITIES * (NSLOTS / 5 * 24 / 8),
	   "an entity pays for its own range of values, not for that of its block");
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
	head->nrows = 3;
	ok(read_garbage(head, writer->data.data, head->offsets[1]) == OUTCOME_CORRUPTED,
	   "a block that claims more rows than its chunk is refused");
}

int
main(void)
{
	test_round_trip();
	test_sizes();
	test_empty();
	test_garbage();
	return tap_done();
}
