/*
 * math/histogram.h
 *		Latency histograms with exponential buckets: where a value falls, and what a quantile is.
 *
 * The boundaries are those of Prometheus native histograms of schema 4, in seconds: bucket b holds
 * the durations in (2^(-20 + b/16), 2^(-20 + (b+1)/16)] seconds, so reporting the geometric
 * midpoint errs by at most 2^(1/32) - 1 = 2.2 %.  Durations are given in nanoseconds.  What is
 * below 2^-20 s (about a microsecond) goes into bucket 0, what is beyond 2^12 s (1.1 hours) into
 * the last.  Merging adds counts; neighbours (2i, 2i+1) merge exactly into one bucket of the next
 * coarser schema.
 *
 * Pure arithmetic: no server state, no allocation but the caller's.
 */
#pragma once

#define HISTOGRAM_SUBBUCKETS 16 /* per octave */
#define HISTOGRAM_OCTAVES 32
#define HISTOGRAM_BUCKETS (HISTOGRAM_SUBBUCKETS * HISTOGRAM_OCTAVES)
#define HISTOGRAM_FIRST_EXPONENT (-20) /* of seconds: bucket 0 begins at 2^-20 s */

typedef struct HistogramBucket
{
	uint16 bucket;
	uint64 count;
} HistogramBucket;

/* Sparse: only buckets with a count, in ascending order. */
typedef struct Histogram
{
	int nbuckets;
	HistogramBucket buckets[FLEXIBLE_ARRAY_MEMBER];
} Histogram;

#define HISTOGRAM_SIZE(n) (offsetof(Histogram, buckets) + sizeof(HistogramBucket) * (n))

/* Bucket of a duration, 0 .. HISTOGRAM_BUCKETS - 1.  Cheap: no libm, a few instructions. */
extern int dbops_histogram_bucket(uint64 ns);

/* Bounds of a bucket in ns, (lower, upper]. */
extern double dbops_histogram_lower(int bucket);
extern double dbops_histogram_upper(int bucket);

extern uint64 dbops_histogram_count(const Histogram *histogram);

/*
 * Quantile q (0..1) in ns: the geometric midpoint of the bucket that holds the ceil(q * count)-th
 * value.  NaN for an empty histogram.
 */
extern double dbops_histogram_quantile(const Histogram *histogram, double q);

/* Mean and standard deviation in ns, from geometric midpoints.  NaN when empty. */
extern double dbops_histogram_mean(const Histogram *histogram);
extern double dbops_histogram_stddev(const Histogram *histogram);

/* into += from, into dense counts of HISTOGRAM_BUCKETS. */
extern void dbops_histogram_add_to(const Histogram *from, uint64 *dense);

/* Sparse from dense: `into` must have room for HISTOGRAM_SIZE(count of non-zero). */
extern int dbops_histogram_nonzero(const uint64 *dense);
extern void dbops_histogram_from_dense(const uint64 *dense, Histogram *into);
