/*
 * expose/sparkline.h
 *		A series as one line of text: a character for each value, by its height.
 *
 * A file of its own because it is pure: values in, heights out, whatever they are drawn with.
 */
#pragma once

/* Heights that a character may have; a value that is not known has none. */
#define SPARKLINE_HEIGHTS 8
#define SPARKLINE_GAP (-1)

/* What the lowest and the highest character stand for; NaN: by the values. */
typedef struct SparklineScale
{
	double low;
	double high;
} SparklineScale;

/*
 * Writes the heights, 0 to 7, of `width` characters for `count` values, where NaN is a gap; no more
 * characters than values.  A character for several values is their mean.  Without a scale, the low
 * end is 0 or the lowest value, whichever is less, so that heights compare as values do; the high
 * end is the highest value.  Returns how many were written.
 */
extern int dbops_sparkline_heights(const double *values, int count, int width,
                                   const SparklineScale *scale, signed char *heights);
