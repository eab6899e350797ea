/*
 * advise/key_counts.c
 *		How often keys occur in a sample; see key_counts.h.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "advise/key_counts.h"

#define MOST_COMMON 100

/* A key that occurs less often in the sample is not common. */
#define LEAST_COMMON 3

typedef struct KeyCount
{
	uint64 hash;
	int count;
	int row; /* the last one */
} KeyCount;

struct KeyCounts
{
	HTAB *keys;
	double width; /* the sum */
};

KeyCounts *
dbops_key_counts_new(void)
{
	KeyCounts *counts = palloc0(sizeof(KeyCounts));
	HASHCTL control = {
	    .keysize = sizeof(uint64), .entrysize = sizeof(KeyCount), .hcxt = CurrentMemoryContext};

	counts->keys = hash_create("dbops keys of a sample", 1024, &control,
	                           HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return counts;
}

void
dbops_key_counts_add(KeyCounts *counts, uint64 hash, double width, int row)
{
	bool found;
	KeyCount *key = hash_search(counts->keys, &hash, HASH_ENTER, &found);

	if (!found)
	{
		key->count = 0;
		counts->width += width;
	}
	else if (key->row == row)
		return;
	key->count++;
	key->row = row;
}

static int
compare_descending(const void *a, const void *b)
{
	float x = *(const float *) a;
	float y = *(const float *) b;

	return x > y ? -1 : x < y ? 1 : 0;
}

/* Haas and Stokes' estimator Duj1, as ANALYZE uses it for the values of columns. */
static double
estimate_keys(double seen, double once, double occurrences, double all)
{
	return occurrences * seen / Max(occurrences - once + once * occurrences / all, 1);
}

KeyEstimate
dbops_key_counts_estimate(KeyCounts *counts, double rows, double all_rows)
{
	KeyEstimate estimate = {0};
	double seen = hash_get_num_entries(counts->keys);
	double once = 0;
	float *common = palloc(sizeof(float) * (Size) (seen + 1));
	HASH_SEQ_STATUS scan;
	KeyCount *key;

	hash_seq_init(&scan, counts->keys);
	while ((key = hash_seq_search(&scan)) != NULL)
	{
		estimate.occurrences += key->count;
		if (key->count == 1)
			once++;
		if (key->count >= LEAST_COMMON)
			common[estimate.ncommon++] = key->count / rows;
	}
	if (seen > 0)
	{
		double all = estimate.occurrences * Max(all_rows / rows, 1);

		estimate.width = counts->width / seen;
		estimate.keys = Max(estimate_keys(seen, once, estimate.occurrences, all), 1);
	}
	qsort(common, estimate.ncommon, sizeof(float), compare_descending);
	estimate.ncommon = Min(estimate.ncommon, MOST_COMMON);
	estimate.common = common;
	return estimate;
}
