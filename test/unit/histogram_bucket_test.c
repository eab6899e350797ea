/*
 * test/unit/histogram_bucket_test.c
 *		The inline bucket function against logarithms of higher precision.
 *
 * sources: src/math/histogram.c
 */
#include "postgres.h"

#include <math.h>

#include "math/histogram_bucket.h"

#include "tap.h"

#define NS_PER_S 1000000000L

/* By the definition, with 64 bits of mantissa. */
static int
reference_bucket(int64 ns)
{
	long double octaves = log2l((long double) ns / NS_PER_S) - HISTOGRAM_FIRST_EXPONENT;
	long double bucket = ceill(octaves * HISTOGRAM_SUBBUCKETS) - 1;

	return bucket < 0 ? 0 : bucket > HISTOGRAM_BUCKETS - 1 ? HISTOGRAM_BUCKETS - 1 : (int) bucket;
}

static void
test_every_scale(void)
{
	int64 wrong = 0;
	int64 seen = 0;

	/* About 2,000 durations in each octave, and the two beside each. */
	for (double at = 1; at < 2e13; at *= 1.00035)
	{
		for (int64 ns = (int64) at - 1; ns <= (int64) at + 1; ns++, seen++)
			wrong += ns > 0 && (int) dbops_histogram_bucket_inline(ns) != reference_bucket(ns);
	}
	is_int(wrong, 0, "%lld durations from 1 ns to 5 hours fall where logarithms say",
	       (long long) seen);
}

static void
test_bounds(void)
{
	int outside = 0;

	for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
	{
		int64 last = (int64) floor(dbops_histogram_upper(bucket));

		outside += (int) dbops_histogram_bucket_inline(last) != bucket;
		outside +=
		    (int) dbops_histogram_bucket_inline(last + 1) != Min(bucket + 1, HISTOGRAM_BUCKETS - 1);
	}
	is_int(outside, 0, "each bucket ends with the last nanosecond below its bound");
}

static void
test_powers_of_two(void)
{
	int wrong = 0;

	/* Whole nanoseconds from 2^-9 s (1,953,125 ns) on. */
	for (int exponent = -9; exponent <= 12; exponent++)
	{
		int64 ns = (int64) ldexp(NS_PER_S, exponent);
		int closes = (exponent - HISTOGRAM_FIRST_EXPONENT) * HISTOGRAM_SUBBUCKETS - 1;

		wrong += (int) dbops_histogram_bucket_inline(ns) != closes;
	}
	is_int(wrong, 0, "a power of two closes its bucket, bound inclusive");
}

static void
test_extremes(void)
{
	is_int(dbops_histogram_bucket_inline(0), 0, "no time is in the first bucket");
	is_int(dbops_histogram_bucket_inline(-1), 0, "less than no time is in the first bucket");
	is_int(dbops_histogram_bucket_inline(PG_INT64_MAX), HISTOGRAM_BUCKETS - 1,
	       "292 years are in the last bucket");
}

int
main(void)
{
	test_every_scale();
	test_bounds();
	test_powers_of_two();
	test_extremes();
	return tap_done();
}
