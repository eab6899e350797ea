/*
 * math/histogram.c
 *		Latency histograms with exponential buckets; see histogram.h.
 */
#include "postgres.h"

#include <math.h>

#include "math/histogram.h"
#include "math/histogram_bucket.h"

#define NS_PER_SECOND 1e9

int
dbops_histogram_bucket(uint64 ns)
{
	return dbops_histogram_bucket_inline((int64) Min(ns, (uint64) PG_INT64_MAX));
}

double
dbops_histogram_upper(int bucket)
{
	return NS_PER_SECOND *
	       exp2(HISTOGRAM_FIRST_EXPONENT + (bucket + 1) / (double) HISTOGRAM_SUBBUCKETS);
}

double
dbops_histogram_lower(int bucket)
{
	return dbops_histogram_upper(bucket - 1);
}

/* The geometric midpoint: no value of the bucket is further from it than a factor of 2^(1/32). */
static double
get_midpoint(int bucket)
{
	return NS_PER_SECOND *
	       exp2(HISTOGRAM_FIRST_EXPONENT + (bucket + 0.5) / (double) HISTOGRAM_SUBBUCKETS);
}

uint64
dbops_histogram_count(const Histogram *histogram)
{
	uint64 count = 0;

	for (int i = 0; i < histogram->nbuckets; i++)
		count += histogram->buckets[i].count;
	return count;
}

double
dbops_histogram_quantile(const Histogram *histogram, double q)
{
	uint64 count = dbops_histogram_count(histogram);
	double rank = ceil(q * (double) count);
	uint64 seen = 0;
	int last = histogram->nbuckets - 1;

	if (count == 0)
		return NAN;
	for (int i = 0; i < last; i++)
	{
		seen += histogram->buckets[i].count;
		if ((double) seen >= rank)
			return get_midpoint(histogram->buckets[i].bucket);
	}
	return get_midpoint(histogram->buckets[last].bucket);
}

double
dbops_histogram_mean(const Histogram *histogram)
{
	double sum = 0;
	double count = 0;

	for (int i = 0; i < histogram->nbuckets; i++)
	{
		sum += (double) histogram->buckets[i].count * get_midpoint(histogram->buckets[i].bucket);
		count += (double) histogram->buckets[i].count;
	}
	return count > 0 ? sum / count : NAN;
}

double
dbops_histogram_stddev(const Histogram *histogram)
{
	double mean = dbops_histogram_mean(histogram);
	double squares = 0;
	double count = 0;

	for (int i = 0; i < histogram->nbuckets; i++)
	{
		double distance = get_midpoint(histogram->buckets[i].bucket) - mean;

		squares += (double) histogram->buckets[i].count * distance * distance;
		count += (double) histogram->buckets[i].count;
	}
	return count > 0 ? sqrt(squares / count) : NAN;
}

void
dbops_histogram_add_to(const Histogram *from, uint64 *dense)
{
	for (int i = 0; i < from->nbuckets; i++)
		dense[from->buckets[i].bucket] += from->buckets[i].count;
}

int
dbops_histogram_nonzero(const uint64 *dense)
{
	int nonzero = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		nonzero += dense[i] != 0;
	return nonzero;
}

void
dbops_histogram_from_dense(const uint64 *dense, Histogram *into)
{
	into->nbuckets = 0;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		if (dense[i] == 0)
			continue;
		into->buckets[into->nbuckets].bucket = (uint16) i;
		into->buckets[into->nbuckets].count = dense[i];
		into->nbuckets++;
	}
}
