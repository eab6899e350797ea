/*
 * advise/key_counts.c
 *		How often keys occur in a sample; see key_counts.h.
 */
#include "postgres.h"

#include <math.h>

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
	int blocks;
	KeyPlace last;
} KeyCount;

struct KeyCounts
{
	HTAB *keys;
	double width; /* the sum */
	int blocks;
	uint32 last_block;
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
dbops_key_counts_add(KeyCounts *counts, uint64 hash, double width, KeyPlace place)
{
	bool found;
	KeyCount *key = hash_search(counts->keys, &hash, HASH_ENTER, &found);

	if (counts->blocks == 0 || counts->last_block != place.block)
		counts->blocks++;
	counts->last_block = place.block;
	if (!found)
	{
		key->count = 0;
		key->blocks = 0;
		counts->width += width;
	}
	else if (key->last.row == place.row)
		return;
	if (!found || key->last.block != place.block)
		key->blocks++;
	key->count++;
	key->last = place;
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

/* What is told by how often keys occur. */
typedef struct Frequencies
{
	double seen;
	double once;
	double once_in_half; /* expected in half of the rows */
	double blocks;       /* over keys that occur more than once: blocks they are in */
	double even_blocks;  /* and would be in, if their rows were anywhere */
} Frequencies;

static Frequencies
count_frequencies(const KeyCounts *counts, double rows, KeyEstimate *estimate, float *common)
{
	Frequencies frequencies = {.seen = hash_get_num_entries(counts->keys)};
	HASH_SEQ_STATUS scan;
	KeyCount *key;

	hash_seq_init(&scan, counts->keys);
	while ((key = hash_seq_search(&scan)) != NULL)
	{
		estimate->occurrences += key->count;
		frequencies.once_in_half += key->count * pow(0.5, key->count);
		if (key->count == 1)
			frequencies.once++;
		else
		{
			frequencies.blocks += key->blocks;
			frequencies.even_blocks +=
			    counts->blocks * (1 - pow(1 - 1.0 / counts->blocks, key->count));
		}
		if (key->count >= LEAST_COMMON)
			common[estimate->ncommon++] = key->count / rows;
	}
	return frequencies;
}

/*
 * Keys that are new come at a rate of those that were met once (Good and Turing), which falls by a
 * power of the number of rows, as it did from half of the sample to all of it.
 */
static double
grow_keys(const Frequencies *frequencies, double times)
{
	double power = 1 - log2(Max(frequencies->once, 1) / Max(frequencies->once_in_half, 1));
	double rest = 1 - Max(power, 0);

	if (times <= 1 || frequencies->once == 0)
		return frequencies->seen;
	if (fabs(rest) < 1e-6)
		return frequencies->seen + frequencies->once * log(times);
	return frequencies->seen + frequencies->once * (pow(times, rest) - 1) / rest;
}

KeyEstimate
dbops_key_counts_estimate(KeyCounts *counts, double rows, double all_rows)
{
	KeyEstimate estimate = {.clustered = 1};
	double seen = hash_get_num_entries(counts->keys);
	float *common = palloc(sizeof(float) * (Size) (seen + 1));
	Frequencies frequencies = count_frequencies(counts, rows, &estimate, common);
	double times = Max(all_rows / rows, 1);

	if (seen > 0)
	{
		estimate.width = counts->width / seen;
		estimate.keys = Max(estimate_keys(seen, frequencies.once, estimate.occurrences,
		                                  estimate.occurrences * times),
		                    1);
		estimate.growing = Max(grow_keys(&frequencies, times), 1);
	}
	if (frequencies.even_blocks > 0)
		estimate.clustered = Min(frequencies.blocks / frequencies.even_blocks, 1);
	qsort(common, estimate.ncommon, sizeof(float), compare_descending);
	estimate.ncommon = Min(estimate.ncommon, MOST_COMMON);
	estimate.common = common;
	return estimate;
}
