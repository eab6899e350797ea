/*
 * test/unit/delta_test.c
 *		What a tick stores: increases since the frame before, of those entities that changed.
 *
 * sources: src/store/delta.c src/store/frame.c src/store/registry.c src/math/histogram.c
 */
#include "postgres.h"

#include "math/histogram.h"
#include "store/delta.h"

#include "tap.h"

enum
{
	CALLS,
	SIZE,
	AGE,
	SEEN_AT,
	LATENCY,
	NMETRICS
};

static const Label labels[] = {{"id", LABEL_OID, NAMES_NONE, "id"}};
static const Metric metrics[] = {
    [CALLS] = {1, "calls", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "calls"},
    [SIZE] = {2, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_DEFAULT, "size"},
    [AGE] = {3, "age", METRIC_GAUGE, "", 0, ROLLUP_MAX, "age", .drifts = true},
    [SEEN_AT] = {4, "seen_at", METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, "seen"},
    [LATENCY] = {5, "latency", METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, "latency"},
};
static const Family family = {.id = 1,
                              .name = "thing",
                              .labels = labels,
                              .nlabels = 1,
                              .metrics = metrics,
                              .nmetrics = NMETRICS};

/* A source and what was made of it, for one test. */
static DeltaState *state;
static Frame *now;
static Frame *changes;
static bool has_base;

static void
begin(void)
{
	state = dbops_delta_create(&family);
	now = dbops_frame_create(&family);
	changes = dbops_frame_create(&family);
}

/* One entity of the next frame, with a counter only; the cells may be set further. */
static int64 *
add(int64 id, int64 calls)
{
	EntityKey key = {.num = {id}};
	int64 *values = dbops_frame_add(now, &key, NULL);

	values[CALLS] = calls;
	return values;
}

static void
apply_all(bool all_entities)
{
	has_base = dbops_delta_apply(state, now, changes, all_entities);
	dbops_frame_reset(now);
}

static void
apply(void)
{
	apply_all(false);
}

/* The row of an entity among the changes, or NULL. */
static const int64 *
find(int64 id)
{
	for (int r = 0; r < changes->nrows; r++)
	{
		if (changes->keys[r].num[0] == id)
			return dbops_frame_row(changes, r);
	}
	return NULL;
}

static int64
found(int64 id, int metric)
{
	const int64 *values = find(id);

	return values == NULL ? FAMILY_NULL : values[metric];
}

static Histogram *
histogram_of(int n, const HistogramBucket *buckets)
{
	Histogram *histogram = MemoryContextAlloc(now->context, HISTOGRAM_SIZE(n));

	histogram->nbuckets = n;
	memcpy(histogram->buckets, buckets, sizeof(HistogramBucket) * n);
	return histogram;
}

#define LATENCIES(...) \
	histogram_of(lengthof(((HistogramBucket[]){__VA_ARGS__})), (HistogramBucket[]){__VA_ARGS__})

/* A frame of entity 1 with these latencies, NULL for none. */
static void
apply_latency(Histogram *latency)
{
	dbops_frame_set_histogram(add(1, 0), LATENCY, latency);
	apply();
}

/* The increase of entity 1's histogram: "bucket:count ..." */
static const char *
latency_change(void)
{
	static char shown[256];
	const int64 *values = find(1);
	const Histogram *increase = values == NULL ? NULL : dbops_frame_histogram(values, LATENCY);
	int length = 0;

	if (values == NULL)
		return "no row";
	if (increase == NULL)
		return "no increase";
	for (int i = 0; i < increase->nbuckets; i++)
		length +=
		    snprintf(shown + length, sizeof(shown) - length, "%s%d:%llu", i ? " " : "",
		             increase->buckets[i].bucket, (unsigned long long) increase->buckets[i].count);
	return shown;
}

static void
test_base(void)
{
	begin();
	add(2, 7);
	add(1, 1000)[SIZE] = 42;
	apply();
	ok(!has_base, "the first frame has no base");
	is_int(changes->nrows, 2, "every entity of the first frame has a row");
	ok(changes->keys[0].num[0] == 1 && changes->keys[1].num[0] == 2, "rows are sorted by key");
	is_int(found(1, CALLS), 0, "what was counted before the first frame is nobody's increase");
	is_int(found(1, SIZE), 42, "a gauge is there from the first frame on");
	is_int(dbops_delta_entities(state), 2, "the entities are known from then on");
}

static void
test_counters(void)
{
	begin();
	add(1, 1000);
	add(2, 50);
	add(3, 9);
	apply();
	add(1, 1010);
	add(2, 50);
	add(3, 4);
	apply();
	ok(has_base, "the second frame has a base");
	is_int(found(1, CALLS), 10, "a counter's change is its increase");
	ok(find(2) == NULL, "an entity without change has no row");
	is_int(found(3, CALLS), 4, "a counter that went down was reset: it counts from zero");

	add(1, 1011);
	add(2, 50);
	add(3, 6);
	apply();
	is_int(found(1, CALLS), 1, "the next change is since the frame before, not since the base");
	is_int(found(3, CALLS), 2, "after a reset the counter goes on from there");

	add(1, 0);
	add(2, 0);
	add(3, 0);
	apply();
	is_int(changes->nrows, 0, "counters reset to zero have no increase, and no row");
}

static void
test_entities_come_and_go(void)
{
	begin();
	add(1, 1000);
	apply();
	add(1, 1000);
	add(2, 30);
	add(3, 0);
	apply();
	is_int(found(2, CALLS), 30, "an entity that is new counts from zero");
	is_int(found(3, CALLS), 0, "a new entity has a row even when nothing was counted yet");
	is_int(dbops_delta_entities(state), 3, "new entities are known");

	add(2, 30);
	apply();
	is_int(dbops_delta_entities(state), 1, "vanished entities are forgotten");
	is_int(changes->nrows, 0, "and have no row");

	add(1, 1005);
	add(2, 30);
	apply();
	is_int(found(1, CALLS), 1005, "an entity that comes back is a new one");

	apply();
	is_int(dbops_delta_entities(state), 0, "an empty frame forgets all");
	add(1, 5);
	apply();
	ok(has_base, "but it is a base: what comes after it is new");
	is_int(found(1, CALLS), 5, "and counts from zero");
}

static void
test_all_entities(void)
{
	begin();
	add(1, 10)[SIZE] = 7;
	add(2, 10)[SIZE] = 8;
	apply();
	add(1, 10)[SIZE] = 7;
	add(2, 11)[SIZE] = 8;
	apply_all(true);
	is_int(changes->nrows, 2, "with all entities also those at rest have a row");
	is_int(found(1, CALLS), 0, "their counters show no increase");
	is_int(found(1, SIZE), 7, "their gauges are as they are");
	is_int(found(2, CALLS), 1, "the others show theirs");
}

static void
test_gauges(void)
{
	begin();
	add(1, 0)[SIZE] = 100;
	add(2, 0)[AGE] = 100;
	add(3, 0)[SEEN_AT] = 100;
	apply();
	add(1, 0)[SIZE] = 90;
	add(2, 0)[AGE] = 200;
	add(3, 0)[SEEN_AT] = 200;
	apply();
	is_int(found(1, SIZE), 90, "a gauge that changed is shown as it is, not as a difference");
	ok(find(2) == NULL, "a metric that drifts by itself is no reason for a row");
	is_int(found(3, SEEN_AT), 200, "an instant is a gauge");

	add(1, 0)[SIZE] = 90;
	add(2, 1)[AGE] = 300;
	add(3, 0)[SEEN_AT] = 200;
	apply();
	is_int(changes->nrows, 1, "a gauge that stayed has no row");
	is_int(found(2, AGE), 300, "a metric that drifts is shown when something else changed");
}

static void
test_unknown(void)
{
	begin();
	add(1, FAMILY_NULL)[SIZE] = 5;
	add(2, 100);
	apply();
	is_int(found(1, CALLS), FAMILY_NULL, "a counter that is unknown stays so");

	add(1, 70)[SIZE] = 5;
	add(2, FAMILY_NULL);
	apply();
	ok(find(1) == NULL, "a counter that becomes known has no increase yet");
	ok(find(2) == NULL, "a counter that becomes unknown is no reason for a row");

	add(1, 75);
	add(2, 120);
	apply();
	is_int(found(1, CALLS), 5, "from then on it has");
	is_int(found(1, SIZE), FAMILY_NULL, "a gauge that becomes unknown is shown as unknown");
	is_int(found(2, CALLS), 20, "what was counted while a source did not say comes when it does");

	add(1, 75);
	add(2, 121);
	apply();
	ok(find(1) == NULL, "a gauge that stays unknown is no change");
	is_int(found(2, CALLS), 1, "a counter that is known again counts on");

	add(1, 75)[SIZE] = 5;
	add(2, 121);
	apply();
	is_int(found(1, SIZE), 5, "a gauge that is known again is a change");
}

static void
test_histograms(void)
{
	begin();
	apply_latency(LATENCIES({10, 5}, {12, 1}));
	is_str(latency_change(), "no increase",
	       "latencies before the first frame are nobody's increase");
	apply_latency(LATENCIES({10, 5}, {12, 1}));
	is_str(latency_change(), "no row", "a histogram at rest has no row");
	apply_latency(LATENCIES({9, 2}, {10, 5}, {12, 4}, {400, 1}));
	is_str(latency_change(), "9:2 12:3 400:1", "its change is what each bucket gained");
	apply_latency(LATENCIES({9, 2}, {10, 6}, {12, 4}, {400, 1}));
	is_str(latency_change(), "10:1", "buckets at rest are not in the change");
	apply_latency(LATENCIES({9, 2}, {10, 4}, {12, 9}, {400, 1}));
	is_str(latency_change(), "9:2 10:4 12:9 400:1",
	       "a bucket that lost counts means a reset of all");
	apply_latency(LATENCIES({9, 3}, {12, 10}, {400, 1}));
	is_str(latency_change(), "9:3 12:10 400:1", "so does a bucket that is gone");
	apply_latency(LATENCIES({9, 3}, {12, 11}));
	is_str(latency_change(), "9:3 12:11", "and the last bucket gone");
}

static void
test_histograms_come_and_go(void)
{
	begin();
	apply_latency(NULL);
	is_str(latency_change(), "no increase", "an entity without latencies has none");
	apply_latency(LATENCIES({10, 5}));
	is_str(latency_change(), "10:5", "its first ones are all an increase");
	apply_latency(NULL);
	ok(find(1) == NULL, "a histogram that is not given is as it was");
	apply_latency(LATENCIES({10, 6}));
	is_str(latency_change(), "10:1", "and goes on from there");
	apply_latency(LATENCIES({10, 2}));
	is_str(latency_change(), "10:2", "one that lost counts was reset");

	dbops_frame_set_histogram(add(2, 0), LATENCY, LATENCIES({7, 3}));
	apply_latency(LATENCIES({10, 2}));
	ok(find(1) == NULL && find(2) != NULL &&
	       dbops_frame_histogram(find(2), LATENCY)->buckets[0].count == 3,
	   "a new entity's latencies are all an increase");
}

static void
test_histograms_wrap(void)
{
	const uint64 almost = PG_UINT32_MAX;

	begin();
	apply_latency(LATENCIES({10, almost}, {11, 7}));
	apply_latency(LATENCIES({10, 4}, {11, 7}));
	is_str(latency_change(), "10:5", "a count that wraps at 2^32 goes on");
	apply_latency(LATENCIES({10, 4}, {11, UINT64CONST(7) + PG_INT32_MAX}));
	is_str(latency_change(), "11:2147483647", "the largest increase that is not taken for a reset");
	apply_latency(LATENCIES({10, 3}, {11, UINT64CONST(7) + PG_INT32_MAX}));
	is_str(latency_change(), "10:3 11:2147483654", "a count one less than before is a reset");
}

static void
test_forget(void)
{
	begin();
	add(1, 10);
	apply();
	dbops_delta_forget(state);
	is_int(dbops_delta_entities(state), 0, "after forgetting no entity is known");
	add(1, 500);
	apply();
	ok(!has_base, "and the next frame is a base");
	is_int(found(1, CALLS), 0, "so no increase bridges the gap");
}

/* As many entities that come and go as a server sees in a day leave nothing behind. */
static void
test_memory(void)
{
	int64 first = 0;
	int64 last = 0;

	begin();
	for (int round = 0; round < 50; round++)
	{
		for (int64 id = 0; id < 100; id++)
			dbops_frame_set_histogram(add(round * 100 + id, id), LATENCY, LATENCIES({10, 5}));
		apply();
		last = stub_context_chunks(TopMemoryContext);
		if (round == 1)
			first = last;
	}
	is_int(last, first, "entities that vanished leave no memory behind");

	for (int round = 0; round < 50; round++)
	{
		for (int64 id = 0; id < 100; id++)
			dbops_frame_set_histogram(add(id, id), LATENCY, LATENCIES({10, round + 1}, {11, 1}));
		apply();
		last = stub_context_chunks(TopMemoryContext);
		if (round == 1)
			first = last;
	}
	is_int(last, first, "nor do histograms that grew");
}

int
main(void)
{
	test_base();
	test_counters();
	test_entities_come_and_go();
	test_all_entities();
	test_gauges();
	test_unknown();
	test_histograms();
	test_histograms_come_and_go();
	test_histograms_wrap();
	test_forget();
	test_memory();
	return tap_done();
}
