/*
 * store/derived.c
 *		Values of derived columns; see derived.h.
 */
#include "postgres.h"

#include "math/histogram.h"
#include "store/derived.h"
#include "store/frame.h"
#include "store/registry.h"

#define US_PER_SECOND 1e6
#define NS_IN_MS 1e6

/* Returns false when a term is unknown: then so is the sum. */
static bool
sum_terms(const Family *family, const int64 *values, const char *const *terms, double *sum)
{
	*sum = 0;
	for (int i = 0; i < DERIVED_TERMS && terms[i] != NULL; i++)
	{
		int metric = dbops_family_metric(family, terms[i]);

		if (values[metric] == FAMILY_NULL)
			return false;
		*sum += dbops_metric_value(&family->metrics[metric], values[metric]);
	}
	return true;
}

static bool
quantile(const Family *family, const Derived *derived, const int64 *values, double *value)
{
	int metric = dbops_family_metric(family, derived->of[0]);
	const Histogram *histogram = dbops_frame_histogram(values, metric);

	if (histogram == NULL || histogram->nbuckets == 0)
		return false;
	*value = dbops_histogram_quantile(histogram, derived->factor) / NS_IN_MS;
	return true;
}

bool
dbops_derived_value(const Family *family, const Derived *derived, const int64 *values,
                    int64 covers_us, double *value)
{
	double of;
	double per = (double) covers_us / US_PER_SECOND;

	if (derived->kind == DERIVED_QUANTILE)
		return quantile(family, derived, values, value);
	if (!sum_terms(family, values, derived->of, &of))
		return false;
	if (derived->kind == DERIVED_RATIO && !sum_terms(family, values, derived->per, &per))
		return false;
	if (per == 0)
		return false;
	*value = derived->factor * of / per;
	return true;
}

static void
mark_terms(const Family *family, const char *const *terms, bool *wanted)
{
	for (int i = 0; i < DERIVED_TERMS && terms[i] != NULL; i++)
		wanted[dbops_family_metric(family, terms[i])] = true;
}

void
dbops_derived_mark(const Family *family, const Derived *derived, bool *wanted)
{
	mark_terms(family, derived->of, wanted);
	mark_terms(family, derived->per, wanted);
}
