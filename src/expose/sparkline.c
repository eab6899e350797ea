/*
 * expose/sparkline.c
 *		A series as one line of text; see sparkline.h.
 */
#include "postgres.h"

#include <math.h>

#include "expose/sparkline.h"

/* The mean of the values that are known, NaN if none is. */
static double
average(const double *values, int count)
{
	double sum = 0;
	int known = 0;

	for (int i = 0; i < count; i++)
	{
		if (isnan(values[i]))
			continue;
		sum += values[i];
		known++;
	}
	return known == 0 ? NAN : sum / known;
}

/* The values behind character `i` of `width`. */
static double
value_at(const double *values, int count, int width, int i)
{
	int from = (int) ((int64) i * count / width);
	int to = (int) ((int64) (i + 1) * count / width);

	return average(values + from, to - from);
}

static SparklineScale
choose_scale(const double *values, int count, int width, const SparklineScale *asked)
{
	SparklineScale scale = {0, -INFINITY};

	for (int i = 0; i < width; i++)
	{
		double value = value_at(values, count, width, i);

		if (isnan(value) || isinf(value))
			continue;
		scale.low = Min(scale.low, value);
		scale.high = Max(scale.high, value);
	}
	if (!isnan(asked->low))
		scale.low = asked->low;
	if (!isnan(asked->high))
		scale.high = asked->high;
	return scale;
}

static signed char
height_of(double value, const SparklineScale *scale)
{
	double share;

	if (isnan(value))
		return SPARKLINE_GAP;
	if (value <= scale->low || scale->high <= scale->low)
		return 0;
	if (value >= scale->high)
		return SPARKLINE_HEIGHTS - 1;
	/* Halves, as the distance of two large numbers may have no double. */
	share = (value / 2 - scale->low / 2) / (scale->high / 2 - scale->low / 2);
	return (signed char) Min(SPARKLINE_HEIGHTS - 1, (int) (share * SPARKLINE_HEIGHTS));
}

int
dbops_sparkline_heights(const double *values, int count, int width, const SparklineScale *scale,
                        signed char *heights)
{
	SparklineScale chosen;

	if (width > count)
		width = count;
	chosen = choose_scale(values, count, width, scale);
	for (int i = 0; i < width; i++)
		heights[i] = height_of(value_at(values, count, width, i), &chosen);
	return width;
}
