/*
 * test/unit/histogram_test.c
 *		Buckets, quantiles and merging of math/histogram.h.
 *
 * sources: src/math/histogram.c
 *
 * Distributions are sampled at evenly spaced probabilities, so nothing here is random and the true
 * quantile of the samples is known.
 */
#include "postgres.h"

#include <math.h>

#include "math/histogram.h"

#include "tap.h"

#define NSAMPLES 100000
#define NS_PER_US 1e3
#define NS_PER_HOUR 3600e9

/* 2^(1/32) - 1, rounded up. */
#define MAX_RELATIVE_ERROR 0.022

/* ---- distributions, by their inverse ---- */

static double
invert_log_uniform(double p)
{
	return NS_PER_US * pow(NS_PER_HOUR / NS_PER_US, p);
}

static double
invert_uniform(double p)
{
	return NS_PER_US + p * (NS_PER_HOUR - NS_PER_US);
}

static double
invert_exponential(double p)
{
	return NS_PER_US - 2e6 * log(1 - p);
}

static double
invert_pareto(double p)
{
	return fmin(NS_PER_US * pow(1 - p, -1.2), NS_PER_HOUR);
}

static double
invert_two_modes(double p)
{
	return p < 0.9 ? 50e3 + p * 1e3 : 30e9 + p * 1e9;
}

typedef struct Distribution
{
	const char *fact;
	double (*invert)(double p);
} Distribution;

static const Distribution distributions[] = {
    {"log-uniform from 1 us to 1 h: every percentile within 2.2 %", invert_log_uniform},
    {"uniform from 1 us to 1 h: every percentile within 2.2 %", invert_uniform},
    {"exponential around 2 ms: every percentile within 2.2 %", invert_exponential},
    {"heavy tail from 1 us: every percentile within 2.2 %", invert_pareto},
    {"cache hits and disk reads: every percentile within 2.2 %", invert_two_modes},
};

static const double quantiles[] = {0,   0.001, 0.01, 0.1,   0.25,   0.5, 0.75,
                                   0.9, 0.95,  0.99, 0.999, 0.9999, 1};

static uint64 samples[NSAMPLES];
static uint64 dense[HISTOGRAM_BUCKETS];
static uint64 space[HISTOGRAM_SIZE(HISTOGRAM_BUCKETS) / sizeof(uint64) + 1];
static Histogram *histogram = (Histogram *) space;

static void
fill(double (*invert)(double p))
{
	memset(dense, 0, sizeof(dense));
	for (int i = 0; i < NSAMPLES; i++)
	{
		samples[i] = (uint64) invert((i + 0.5) / NSAMPLES);
		dense[dbops_histogram_bucket(samples[i])]++;
	}
	dbops_histogram_from_dense(dense, histogram);
}

/* Samples are in ascending order already: inverses of distributions ascend. */
static double
get_worst_error(void)
{
	double worst = 0;

	for (int i = 0; i < lengthof(quantiles); i++)
	{
		int rank = (int) fmax(1, ceil(quantiles[i] * NSAMPLES));
		double truth = (double) samples[rank - 1];
		double error = fabs(dbops_histogram_quantile(histogram, quantiles[i]) / truth - 1);

		worst = fmax(worst, error);
	}
	return worst;
}

static void
test_distributions(void)
{
	for (int i = 0; i < lengthof(distributions); i++)
	{
		double worst;

		fill(distributions[i].invert);
		worst = get_worst_error();
		note("worst error %.3f %%", worst * 100);
		ok(worst <= MAX_RELATIVE_ERROR, "%s", distributions[i].fact);
	}
}

static void
test_moments(void)
{
	double mean = 0;
	double squares = 0;

	fill(invert_exponential);
	for (int i = 0; i < NSAMPLES; i++)
		mean += (double) samples[i] / NSAMPLES;
	for (int i = 0; i < NSAMPLES; i++)
		squares += pow((double) samples[i] - mean, 2) / NSAMPLES;
	ok(fabs(dbops_histogram_mean(histogram) / mean - 1) <= MAX_RELATIVE_ERROR,
	   "mean within 2.2 %%");
	ok(fabs(dbops_histogram_stddev(histogram) / sqrt(squares) - 1) <= 2 * MAX_RELATIVE_ERROR,
	   "standard deviation within 4.4 %%");
}

static void
test_bounds(void)
{
	bool inside = true;
	bool contiguous = true;
	bool ascending = true;

	for (int b = 0; b < HISTOGRAM_BUCKETS - 1; b++)
	{
		uint64 last = (uint64) floor(dbops_histogram_upper(b));

		inside = inside && dbops_histogram_bucket(last) == b;
		ascending = ascending && dbops_histogram_bucket(last + 1) == b + 1;
		contiguous = contiguous && dbops_histogram_upper(b) == dbops_histogram_lower(b + 1);
	}
	ok(inside, "the last nanosecond up to a bound lies in the bucket that it closes");
	ok(ascending, "the nanosecond after a bound lies in the next bucket");
	ok(contiguous, "buckets are contiguous");
	ok(fabs(dbops_histogram_lower(0) - 1e9 / 1048576) < 1e-6, "bucket 0 begins at 2^-20 s");
	ok(fabs(dbops_histogram_upper(HISTOGRAM_BUCKETS - 1) - 4096e9) < 1e-3,
	   "the last bucket ends at 2^12 s");
	/* 5^9 ns are exactly 2^11 units of 2^-20 s. */
	ok(dbops_histogram_bucket(1953125) == 11 * HISTOGRAM_SUBBUCKETS - 1 &&
	       dbops_histogram_bucket(1953126) == 11 * HISTOGRAM_SUBBUCKETS,
	   "an upper bound belongs to its bucket");
	ok(dbops_histogram_bucket(0) == 0 && dbops_histogram_bucket(1) == 0 &&
	       dbops_histogram_bucket(953) == 0,
	   "what is too short falls into the first bucket");
	ok(dbops_histogram_bucket(UINT64CONST(5000) * 1000000000) == HISTOGRAM_BUCKETS - 1 &&
	       dbops_histogram_bucket(PG_INT64_MAX) == HISTOGRAM_BUCKETS - 1,
	   "what is too long falls into the last bucket");
}

static void
test_merge(void)
{
	static uint64 merged[HISTOGRAM_BUCKETS];
	double whole;

	/* Even samples and odd samples apart, then together. */
	fill(invert_log_uniform);
	whole = dbops_histogram_quantile(histogram, 0.95);
	for (int part = 0; part < 2; part++)
	{
		memset(dense, 0, sizeof(dense));
		for (int i = part; i < NSAMPLES; i += 2)
			dense[dbops_histogram_bucket(samples[i])]++;
		dbops_histogram_from_dense(dense, histogram);
		dbops_histogram_add_to(histogram, merged);
	}
	dbops_histogram_from_dense(merged, histogram);
	ok(dbops_histogram_count(histogram) == NSAMPLES, "merging keeps every count");
	ok(dbops_histogram_quantile(histogram, 0.95) == whole,
	   "a quantile of merged parts is that of the whole");
	ok(histogram->nbuckets == dbops_histogram_nonzero(merged),
	   "only buckets with a count are kept");
}

static void
test_empty(void)
{
	histogram->nbuckets = 0;
	ok(dbops_histogram_count(histogram) == 0, "an empty histogram counts nothing");
	ok(isnan(dbops_histogram_quantile(histogram, 0.5)) && isnan(dbops_histogram_mean(histogram)) &&
	       isnan(dbops_histogram_stddev(histogram)),
	   "an empty histogram has no quantile, mean or deviation");
}

static void
test_ranks(void)
{
	histogram->nbuckets = 2;
	histogram->buckets[0] = (HistogramBucket){.bucket = 10, .count = 9};
	histogram->buckets[1] = (HistogramBucket){.bucket = 90, .count = 1};
	ok(dbops_histogram_quantile(histogram, 0.9) < dbops_histogram_upper(10),
	   "p90 of ten values is the ninth");
	ok(dbops_histogram_quantile(histogram, 0.91) > dbops_histogram_lower(90),
	   "p91 of ten values is the tenth");
}

int
main(void)
{
	test_bounds();
	test_distributions();
	test_moments();
	test_merge();
	test_ranks();
	test_empty();
	return tap_done();
}
