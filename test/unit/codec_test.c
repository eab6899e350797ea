/*
 * test/unit/codec_test.c
 *		Ticks come back as written, are small, and garbage is refused.
 *
 * sources: src/store/codec.c src/store/text_column.c src/store/integer_column.c
 * sources: src/store/histogram_column.c
 * sources: src/store/rice.c src/store/grouped_column.c
 * sources: src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "math/histogram.h"
#include "store/codec.h"
#include "store/integer_column.h"
#include "store/registry.h"

#include "tap.h"

static const Label statement_labels[] = {
    {"datid", LABEL_OID, NAMES_DATABASE, "database"},
    {"userid", LABEL_OID, NAMES_ROLE, "role"},
    {"queryid", LABEL_INT8, NAMES_NONE, "statement"},
    {"toplevel", LABEL_BOOL, NAMES_NONE, "whether sent by a client"},
};
static const Label device_labels[] = {{"device", LABEL_TEXT, NAMES_NONE, "device"}};

#define NCOUNTERS 40
#define NMETRICS (NCOUNTERS + 4)

static Metric wide_metrics[NMETRICS];
static char wide_names[NMETRICS][16];
static Family statement_family = {.id = 1,
                                  .name = "statement",
                                  .labels = statement_labels,
                                  .nlabels = lengthof(statement_labels),
                                  .metrics = wide_metrics,
                                  .nmetrics = NMETRICS};
static const Metric few_metrics[] = {
    {3, "reads", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "reads"},
    {1, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_DEFAULT, "size"},
    {700, "latency", METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, "latency"},
};
static const Family device_family = {.id = 2,
                                     .name = "device",
                                     .labels = device_labels,
                                     .nlabels = 1,
                                     .metrics = few_metrics,
                                     .nmetrics = lengthof(few_metrics)};

static uint64 seed = 88172645463325252;

static uint64
random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int
below(int limit)
{
	return (int) (random64() % (uint64) limit);
}

static void
make_metrics(void)
{
	for (int i = 0; i < NMETRICS; i++)
	{
		snprintf(wide_names[i], sizeof(wide_names[i]), "m%d", i + 1);
		wide_metrics[i] = (Metric){.id = (int16) (i + 1),
		                           .name = wide_names[i],
		                           .kind = i >= NCOUNTERS + 2 ? METRIC_HISTOGRAM :
		                                   i >= NCOUNTERS     ? METRIC_GAUGE :
		                                                        METRIC_COUNTER};
	}
}

static Histogram *
make_histogram(const Frame *frame, int nbuckets)
{
	Histogram *histogram = MemoryContextAlloc(frame->context, HISTOGRAM_SIZE(nbuckets));
	int bucket = below(200);

	histogram->nbuckets = nbuckets;
	for (int i = 0; i < nbuckets; i++)
	{
		histogram->buckets[i].bucket = bucket;
		histogram->buckets[i].count = i == 0 ? 1 : 1 + random64() % 50000;
		bucket += 1 + below(300 / nbuckets);
	}
	return histogram;
}

static bool
same_histogram(const Histogram *a, const Histogram *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->nbuckets != b->nbuckets)
		return false;
	for (int i = 0; i < a->nbuckets; i++)
	{
		if (a->buckets[i].bucket != b->buckets[i].bucket ||
		    a->buckets[i].count != b->buckets[i].count)
			return false;
	}
	return true;
}

static bool
same_row(const Frame *a, int row_a, const Frame *b, int row_b)
{
	for (int m = 0; m < a->family->nmetrics; m++)
	{
		const int64 *va = dbops_frame_row(a, row_a);
		const int64 *vb = dbops_frame_row(b, row_b);
		bool same = a->family->metrics[m].kind == METRIC_HISTOGRAM ?
		                same_histogram(dbops_frame_histogram(va, m), dbops_frame_histogram(vb, m)) :
		                va[m] == vb[m];

		if (!same)
			return false;
	}
	return dbops_entity_compare(&a->keys[row_a], &b->keys[row_b]) == 0 &&
	       (a->texts == NULL || strcmp(a->texts[row_a], b->texts[row_b]) == 0);
}

static bool
same_frame(const Frame *a, const Frame *b)
{
	if (a->nrows != b->nrows)
		return false;
	for (int i = 0; i < a->nrows; i++)
	{
		if (!same_row(a, i, b, i))
			return false;
	}
	return true;
}

/* What executions of statements leave in a minute: most columns zero, a few small, skewed numbers.
 */
static Frame *
make_statements(int nrows)
{
	Frame *frame = dbops_frame_create(&statement_family);

	for (int i = 0; i < nrows; i++)
	{
		EntityKey key = {.num = {16384, 10, (int64) random64(), below(50) != 0}};
		int64 *values = dbops_frame_add(frame, &key, NULL);
		int calls = below(4) == 0 ? 1 + below(8) : 1;

		for (int m = 0; m < NMETRICS; m++)
			values[m] = m < NCOUNTERS ? 0 : FAMILY_NULL;
		values[0] = calls;
		values[1] = calls * (100 + (int64) (random64() % (UINT64CONST(1) << (5 + below(10)))));
		values[2] = calls * below(20);
		values[3] = calls * (3 + below(30));
		values[4] = below(10) == 0 ? below(100) : 0;
		values[5] = below(4) == 0 ? calls : 0;
		dbops_frame_set_histogram(values, NCOUNTERS + 2, make_histogram(frame, Min(calls, 4)));
		dbops_frame_set_histogram(values, NCOUNTERS + 3, make_histogram(frame, 1));
	}
	dbops_frame_sort(frame);
	return frame;
}

static void
test_columns(void)
{
	StringInfoData out;
	int64 *values = palloc(sizeof(int64) * 4000);
	int64 *back = palloc(sizeof(int64) * 4000);
	bool same = true;
	bool all_read = true;

	initStringInfo(&out);
	for (int round = 0; round < 3000; round++)
	{
		int n = 1 + below(round % 50 == 0 ? 4000 : 40);
		int bits = below(65);
		int zeros = below(4) * 30;
		int nulls = below(3) * 40;
		uint64 factor = below(3) == 0 ? 8192 : 1;
		uint64 run = below(2);
		ByteReader in;

		for (int i = 0; i < n; i++)
		{
			uint64 number = bits == 0 ? 0 : random64() >> (64 - bits);

			values[i] = below(100) < zeros ? 0 :
			            below(100) < nulls ? FAMILY_NULL :
			                                 (int64) (number * factor - (round % 3) * 1000);
			if (run && i > 0 && values[i - 1] != FAMILY_NULL)
				values[i] = (int64) ((uint64) values[i - 1] + number % 16);
		}
		resetStringInfo(&out);
		dbops_integer_column_put(&out, values, n);
		in = dbops_reader(out.data, out.len);
		dbops_integer_column_get(&in, back, n);
		same &= memcmp(values, back, sizeof(int64) * n) == 0;
		all_read &= dbops_reader_left(&in) == 0;
	}
	ok(same, "every column of integers comes back, NULL and extremes included");
	ok(all_read, "reading a column ends where writing it ended");
}

static int
column_size(const int64 *values, int n)
{
	StringInfoData out;

	initStringInfo(&out);
	dbops_integer_column_put(&out, values, n);
	return out.len;
}

static void
test_column_sizes(void)
{
	static int64 values[1000];

	is_int(column_size(values, 1000), 1, "a column of zeros is one byte");
	for (int i = 0; i < 1000; i++)
		values[i] = FAMILY_NULL;
	is_int(column_size(values, 1000), 1, "a column of NULLs is one byte");
	for (int i = 0; i < 1000; i++)
		values[i] = 60000000;
	ok(column_size(values, 1000) <= 6, "a constant column is its value");
	for (int i = 0; i < 1000; i++)
		values[i] = 700000000 + 10 * i + i % 3;
	ok(column_size(values, 1000) < 800, "a rising column is its small steps");
	for (int i = 0; i < 1000; i++)
		values[i] = 8192 * (int64) (random64() % 64);
	ok(column_size(values, 1000) < 800, "multiples of the block size are divided by it");
	for (int i = 0; i < 1000; i++)
		values[i] = i % 100 == 7 ? 5000 + i : 0;
	ok(column_size(values, 1000) < 40, "a sparse column costs what is in it");
	for (int i = 0; i < 1000; i++)
		values[i] = i == 500 ? PG_INT64_MAX : i % 8;
	ok(column_size(values, 1000) < 400, "one huge value does not widen the others");
}

static void
test_ticks(void)
{
	Frame *frame = make_statements(1400);
	Frame *back = dbops_frame_create(&statement_family);
	bool wanted[NMETRICS] = {[1] = true, [NCOUNTERS + 2] = true};
	bool others_null = true;
	StringInfoData out;

	initStringInfo(&out);
	dbops_codec_encode(frame, &out);
	note("1400 changed statements: %d bytes", out.len);
	ok(out.len < 30000, "a tick of 1,400 changed statements is under 30 kB");
	dbops_codec_decode(out.data, out.len, NULL, back);
	ok(same_frame(frame, back), "a wide tick comes back");

	dbops_codec_decode(out.data, out.len, wanted, back);
	for (int i = 0; i < back->nrows; i++)
		others_null &= dbops_frame_row(back, i)[0] == FAMILY_NULL &&
		               dbops_frame_row(back, i)[1] == dbops_frame_row(frame, i)[1] &&
		               dbops_frame_row(back, i)[NCOUNTERS + 3] == FAMILY_NULL;
	ok(others_null, "metrics that nobody wants stay NULL");

	dbops_frame_reset(frame);
	resetStringInfo(&out);
	dbops_codec_encode(frame, &out);
	dbops_codec_decode(out.data, out.len, NULL, back);
	is_int(back->nrows, 0, "a tick without rows comes back");
}

static bool
keep_one(const EntityKey *key, void *arg)
{
	return dbops_entity_compare(key, arg) == 0;
}

static void
test_filter(void)
{
	Frame *frame = make_statements(500);
	Frame *back = dbops_frame_create(&statement_family);
	EntityFilter filter = {.keep = keep_one, .arg = &frame->keys[321]};
	StringInfoData out;

	initStringInfo(&out);
	dbops_codec_encode(frame, &out);
	dbops_codec_decode_some(out.data, out.len, NULL, &filter, back);
	ok(back->nrows == 1 && same_row(frame, 321, back, 0), "a filter yields its entity alone");
}

static void
test_several_texts(void)
{
	static const Label labels[] = {
	    {"type", LABEL_TEXT, NAMES_NONE, "type", NULL},
	    {"datid", LABEL_OID, NAMES_NONE, "database", NULL},
	    {"event", LABEL_TEXT, NAMES_NONE, "event", NULL},
	};
	static const Metric metrics[] = {
	    {1, "samples", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "samples"},
	};
	static const Family family = {
	    .id = 3, .name = "wait", .labels = labels, .nlabels = 3, .metrics = metrics, .nmetrics = 1};
	static const char *const types[] = {"Lock", "", "IO"};
	Frame *frame = dbops_frame_create(&family);
	Frame *back = dbops_frame_create(&family);
	StringInfoData out;
	bool same = true;

	for (int i = 0; i < 60; i++)
	{
		EntityKey key = {.num = {0, i / 30}};
		char event[20];

		snprintf(event, sizeof(event), "event %d", i % 10);
		dbops_frame_add_texts(frame, &key, (const char *[]){types[i % 3], event})[0] = i;
	}
	dbops_frame_sort(frame);
	initStringInfo(&out);
	dbops_codec_encode(frame, &out);
	dbops_codec_decode(out.data, out.len, NULL, back);
	for (int i = 0; i < frame->nrows; i++)
		same = same && same_row(frame, i, back, i) &&
		       strcmp(dbops_texts_at(frame->texts[i], 1), dbops_texts_at(back->texts[i], 1)) == 0;
	ok(same && back->nrows == 60, "several text labels come back, the empty text too");
	ok(back->keys[0].num[0] == dbops_entity_hash(back->texts[0]) &&
	       back->keys[0].num[2] == dbops_entity_hash(dbops_texts_at(back->texts[0], 1)),
	   "and each makes its own part of the key");
	ok(out.len < 250, "a text that repeats is written once");
}

static void
test_texts_and_other_columns(void)
{
	static const Metric newer_metrics[] = {
	    {1, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_DEFAULT, "size"},
	    {2, "writes", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "writes"},
	};
	static const Family newer = {.id = 2,
	                             .name = "device",
	                             .labels = device_labels,
	                             .nlabels = 1,
	                             .metrics = newer_metrics,
	                             .nmetrics = lengthof(newer_metrics)};
	Frame *frame = dbops_frame_create(&device_family);
	Frame *back = dbops_frame_create(&device_family);
	Frame *other = dbops_frame_create(&newer);
	EntityKey key = {.num = {0}};
	StringInfoData out;

	for (int i = 0; i < 10; i++)
	{
		char name[20];
		int64 *values;

		snprintf(name, sizeof(name), "sd%c%s", 'a' + i, i == 4 ? "" : "longer");
		values = dbops_frame_add(frame, &key, name);
		values[0] = 0;
		values[1] = i == 3 ? FAMILY_NULL : i * 8192;
		if (i % 2)
			dbops_frame_set_histogram(values, 2, make_histogram(frame, 1 + i * 20));
	}
	dbops_frame_sort(frame);
	initStringInfo(&out);
	dbops_codec_encode(frame, &out);
	dbops_codec_decode(out.data, out.len, NULL, back);
	ok(same_frame(frame, back), "text labels, NULLs, zeros and wide histograms come back");

	dbops_codec_decode(out.data, out.len, NULL, other);
	ok(other->nrows == 10 && dbops_frame_row(other, 0)[0] == dbops_frame_row(frame, 0)[1],
	   "a reader with other metrics finds what it knows");
	is_int(dbops_frame_row(other, 0)[1], FAMILY_NULL, "what the writer did not know is NULL");
}

typedef enum Outcome
{
	OUTCOME_DECODED,
	OUTCOME_CORRUPTED,
	OUTCOME_OTHER, /* an error that is not about corrupted data */
} Outcome;

static Outcome
decode(const char *data, Size size, Frame *frame)
{
	sigjmp_buf here;
	sigjmp_buf *outer = stub_error_catch(&here);
	volatile Outcome outcome = OUTCOME_DECODED;

	if (sigsetjmp(here, 0) == 0)
		dbops_codec_decode(data, size, NULL, frame);
	else
		outcome = stub_last_error()->sqlerrcode == ERRCODE_DATA_CORRUPTED ? OUTCOME_CORRUPTED :
		                                                                    OUTCOME_OTHER;
	PG_exception_stack = outer;
	return outcome;
}

static void
test_garbage(void)
{
	Frame *frame = make_statements(60);
	Frame *back = dbops_frame_create(&statement_family);
	StringInfoData out;
	bool truncated = true;
	bool garbled = true;
	char *copy;

	initStringInfo(&out);
	dbops_codec_encode(frame, &out);
	for (int size = 0; size < out.len; size++)
	{
		copy = malloc(size + 1);
		memcpy(copy, out.data, size);
		truncated &= decode(copy, size, back) == OUTCOME_CORRUPTED;
		free(copy);
	}
	ok(truncated, "a tick cut anywhere is refused");

	copy = malloc(out.len);
	for (int round = 0; round < 20000; round++)
	{
		memcpy(copy, out.data, out.len);
		for (int i = 0; i <= below(4); i++)
			copy[round % 2 ? below(out.len) : below(60)] = (char) random64();
		garbled &= decode(copy, out.len, back) != OUTCOME_OTHER;
	}
	free(copy);
	ok(garbled, "a garbled tick is refused or read, never a crash or another error");
	expect_error(ERRCODE_DATA_CORRUPTED, "an unknown format is refused",
	             dbops_codec_decode("\2\0\0\0", 4, NULL, back));
}

int
main(void)
{
	make_metrics();
	test_columns();
	test_column_sizes();
	test_ticks();
	test_filter();
	test_several_texts();
	test_texts_and_other_columns();
	test_garbage();
	return tap_done();
}
