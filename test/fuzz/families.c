/*
 * test/fuzz/families.c
 *		Families for fuzzing; see families.h.
 */
#include "postgres.h"

#include "math/histogram.h"
#include "math/histogram_type.h"

#include "families.h"
#include "fuzz.h"

#define MAX_BUCKETS 12

static const char *const words[] = {"one", "two", NULL};
static const Label numbers[] = {
    {"datid", LABEL_OID, NAMES_NONE, "database"},
    {"id", LABEL_INT8, NAMES_NONE, "number"},
    {"toplevel", LABEL_BOOL, NAMES_NONE, "whether"},
    {"sqlstate", LABEL_SQLSTATE, NAMES_NONE, "error"},
    {"word", LABEL_WORD, NAMES_NONE, "state", words},
};
static const Label texts[] = {
    {"name", LABEL_TEXT, NAMES_NONE, "name"},
    {"id", LABEL_INT8, NAMES_NONE, "number"},
    {"other", LABEL_TEXT, NAMES_NONE, "another name"},
};
static const Metric metrics[] = {
    {1, "calls", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "calls"},
    {2, "rows", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "rows"},
    {5, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_LAST, "size"},
    {6, "latency", METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, "latency"},
    {9, "at", METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, "instant"},
    {700, "plan", METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, "planning"},
};

const Family fuzz_families[FUZZ_FAMILIES] = {
    {.id = 1,
     .name = "number",
     .labels = numbers,
     .nlabels = lengthof(numbers),
     .metrics = metrics,
     .nmetrics = lengthof(metrics)},
    {.id = 2,
     .name = "text",
     .labels = texts,
     .nlabels = lengthof(texts),
     .metrics = metrics,
     .nmetrics = lengthof(metrics)},
    {.id = 3, .name = "single", .metrics = metrics, .nmetrics = lengthof(metrics)},
};

static Histogram *
make_histogram(MemoryContext context)
{
	int nbuckets = 1 + fuzz_below(MAX_BUCKETS);
	Histogram *histogram = MemoryContextAlloc(context, HISTOGRAM_SIZE(nbuckets));
	int bucket = fuzz_below(HISTOGRAM_BUCKETS - 8 * MAX_BUCKETS);

	histogram->nbuckets = nbuckets;
	for (int i = 0; i < nbuckets; i++)
	{
		histogram->buckets[i] = (HistogramBucket){
		    .bucket = (uint16) bucket, .count = 1 + (uint64) fuzz_below(i == 0 ? 1000 : 3)};
		bucket += 1 + fuzz_below(8);
	}
	return histogram;
}

static int64
make_value(void)
{
	switch (fuzz_below(6))
	{
		case 0:
			return 0;
		case 1:
			return FAMILY_NULL;
		case 2:
			return (int64) fuzz_random();
		case 3:
			return -fuzz_below(100);
		default:
			return fuzz_below(100000);
	}
}

static void
fill_row(const Frame *frame, int64 *values)
{
	for (int m = 0; m < frame->family->nmetrics; m++)
	{
		if (frame->family->metrics[m].kind != METRIC_HISTOGRAM)
			values[m] = make_value();
		else if (fuzz_below(3) > 0)
			dbops_frame_set_histogram(values, m, make_histogram(frame->context));
	}
}

Frame *
fuzz_frame(const Family *family, int nrows)
{
	Frame *frame = dbops_frame_create(family);

	for (int i = 0; i < nrows; i++)
	{
		EntityKey key = {.num = {0}};
		const char *names[] = {psprintf("name %d", i), i % 2 ? "odd" : ""};

		for (int label = 0; label < family->nlabels; label++)
			key.num[label] = label == 1 ? i : fuzz_below(3);
		fill_row(frame, frame->ntexts > 0 ? dbops_frame_add_texts(frame, &key, names) :
		                                    dbops_frame_add(frame, &key, NULL));
	}
	dbops_frame_sort(frame);
	return frame;
}

void
fuzz_prove_frame(const Frame *frame)
{
	for (int row = 0; row < frame->nrows; row++)
	{
		for (int m = 0; m < frame->family->nmetrics; m++)
		{
			const Histogram *histogram;

			if (frame->family->metrics[m].kind != METRIC_HISTOGRAM)
				continue;
			histogram = dbops_frame_histogram(dbops_frame_row(frame, row), m);
			if (histogram != NULL)
				(void) dbops_histogram_deform(dbops_histogram_form(histogram));
		}
	}
}

static bool
is_same_histogram(const Histogram *a, const Histogram *b)
{
	if (a == NULL || b == NULL || a->nbuckets != b->nbuckets)
		return a == b;
	for (int i = 0; i < a->nbuckets; i++)
	{
		if (a->buckets[i].bucket != b->buckets[i].bucket ||
		    a->buckets[i].count != b->buckets[i].count)
			return false;
	}
	return true;
}

void
fuzz_prove_same(const Frame *a, const Frame *b)
{
	FUZZ_PROVE(a->nrows == b->nrows);
	for (int row = 0; row < a->nrows; row++)
	{
		const int64 *left = dbops_frame_row(a, row);
		const int64 *right = dbops_frame_row(b, row);

		FUZZ_PROVE(dbops_entity_compare(&a->keys[row], &b->keys[row]) == 0);
		for (int m = 0; m < a->family->nmetrics; m++)
		{
			if (a->family->metrics[m].kind != METRIC_HISTOGRAM)
				FUZZ_PROVE(left[m] == right[m]);
			else
				FUZZ_PROVE(is_same_histogram(dbops_frame_histogram(left, m),
				                             dbops_frame_histogram(right, m)));
		}
	}
}
