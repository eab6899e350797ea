/*
 * test/unit/merge_test.c
 *		Samples merge by the rules of their metrics, whatever order they are given in.
 *
 * sources: src/store/merge.c src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "math/histogram.h"
#include "store/merge.h"

#include "tap.h"

enum
{
	CALLS,
	SIZE,
	PEAK,
	LOWEST,
	LOAD,
	VACUUMED,
	LATENCY,
	NMETRICS
};

static const Label labels[] = {{"id", LABEL_OID, NAMES_NONE, "id"}};
static const Metric metrics[] = {
    [CALLS] = {1, "calls", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "calls"},
    [SIZE] = {2, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_DEFAULT, "size"},
    [PEAK] = {3, "peak", METRIC_GAUGE, "", 0, ROLLUP_MAX, "peak"},
    [LOWEST] = {4, "lowest", METRIC_GAUGE, "", 0, ROLLUP_MIN, "lowest"},
    [LOAD] = {5, "load", METRIC_GAUGE, "", 0, ROLLUP_AVG, "load"},
    [VACUUMED] = {6, "vacuumed", METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, "vacuumed"},
    [LATENCY] = {7, "latency", METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, "latency"},
};
static const Family family = {.id = 1,
                              .name = "thing",
                              .labels = labels,
                              .nlabels = 1,
                              .metrics = metrics,
                              .nmetrics = NMETRICS};

#define MINUTE INT64CONST(60000000)

static void
add(Frame *frame, int64 id, const int64 (*numbers)[LATENCY], Histogram *latency)
{
	EntityKey key = {.num = {id}};
	int64 *values = dbops_frame_add(frame, &key, NULL);

	memcpy(values, *numbers, sizeof(*numbers));
	dbops_frame_set_histogram(values, LATENCY, latency);
}

static Histogram *
histogram_of(int n, const HistogramBucket *buckets)
{
	Histogram *histogram = palloc(HISTOGRAM_SIZE(n));

	histogram->nbuckets = n;
	memcpy(histogram->buckets, buckets, sizeof(HistogramBucket) * n);
	return histogram;
}

/* Three samples of entity 1 in slot 0, one in slot 1, one of entity 2. */
static Frame *
make_samples(void)
{
	static const int64 numbers[][LATENCY] = {
	    {3, 100, 5, 5, 12, 700},
	    {0, FAMILY_NULL, 9, 9, 40, 900},
	    {FAMILY_NULL, 80, 7, 2, FAMILY_NULL, 800},
	};
	Frame *frame = dbops_frame_create(&family);
	Histogram *fast = histogram_of(2, (HistogramBucket[]){{10, 1}, {12, 2}});
	Histogram *slow = histogram_of(2, (HistogramBucket[]){{12, 5}, {400, 1}});

	add(frame, 1, &numbers[0], fast);
	add(frame, 1, &numbers[1], slow);
	add(frame, 1, &numbers[2], NULL);
	add(frame, 1, &numbers[0], NULL);
	add(frame, 2, &numbers[1], slow);
	return frame;
}

static void
test_rules(void)
{
	Frame *frame = make_samples();
	Frame *merged = dbops_frame_create(&family);
	MergeInput inputs[5];
	int32 slots[5];
	const int64 *values;
	const Histogram *latency;

	for (int i = 0; i < 5; i++)
		inputs[4 - i] = (MergeInput){.hash = i == 4,
		                             .key = &frame->keys[i],
		                             .values = dbops_frame_row(frame, i),
		                             .weight_us = i == 1 ? 3 * MINUTE : MINUTE,
		                             .slot = i == 3,
		                             .order = i};
	dbops_merge_rows(inputs, 5, merged, slots);

	is_int(merged->nrows, 3, "an entity has a row for each slot");
	ok(slots[0] == 0 && slots[1] == 1 && slots[2] == 0, "slots ascend within an entity");
	is_int(merged->keys[2].num[0], 2, "entities come in the order of their hash");
	values = dbops_frame_row(merged, 0);
	is_int(values[CALLS], 3, "counters sum, NULL adds nothing");
	is_int(values[SIZE], 80, "a gauge is the last known");
	is_int(values[PEAK], 9, "a maximum stays");
	is_int(values[LOWEST], 2, "a minimum stays");
	is_int(values[LOAD], (12 + 3 * 40) / 4, "an average is weighted by covered time");
	is_int(values[VACUUMED], 900, "of instants the latest stays");
	latency = dbops_frame_histogram(values, LATENCY);
	ok(latency->nbuckets == 3 && latency->buckets[0].count == 1 && latency->buckets[1].count == 7 &&
	       latency->buckets[2].bucket == 400,
	   "histograms add bucket by bucket");
	is_int(dbops_frame_row(merged, 1)[LATENCY], FAMILY_NULL, "no histogram stays none");
	dbops_frame_free(merged);
	dbops_frame_free(frame);
}

static void
test_memory(void)
{
	Frame *frame = make_samples();
	int64 before = stub_context_chunks(TopMemoryContext);
	Accumulator *accumulator = dbops_merge_create(&family);

	for (int i = 0; i < 4; i++)
		dbops_merge_add(accumulator, dbops_frame_row(frame, i), MINUTE);
	is_int(dbops_merge_result(accumulator)[CALLS], 6, "an accumulator takes any number of samples");
	dbops_merge_free(accumulator);
	is_int(stub_context_chunks(TopMemoryContext), before,
	       "a freed accumulator leaves nothing behind");
	dbops_frame_free(frame);
}

static void
test_hash(void)
{
	static const Label statement_labels[] = {{"datid", LABEL_OID, NAMES_DATABASE, "database"},
	                                         {"queryid", LABEL_INT8, NAMES_NONE, "statement"},
	                                         {"toplevel", LABEL_BOOL, NAMES_NONE, "level"}};
	static const Family statement = {
	    .id = 2, .name = "statement", .labels = statement_labels, .nlabels = 3};
	EntityKey a = {.num = {1, 77, 1}};
	EntityKey b = {.num = {2, 77, 0}};
	EntityKey c = {.num = {1, 78, 1}};

	is_int(dbops_merge_identity(&statement), 1, "a statement is found by its queryid alone");
	ok(dbops_merge_hash(&statement, &a) == dbops_merge_hash(&statement, &b),
	   "entities of one identity are hashed together");
	ok(dbops_merge_hash(&statement, &a) != dbops_merge_hash(&statement, &c),
	   "other identities have other hashes");
	ok(dbops_merge_hash(&statement, &a) == UINT64CONST(0x9c0d593fba222128),
	   "the hash that stored chunks rely on has not changed");
}

int
main(void)
{
	test_rules();
	test_memory();
	test_hash();
	return tap_done();
}
