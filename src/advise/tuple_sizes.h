/*
 * advise/tuple_sizes.h
 *		What the tuples of an index weigh.
 *
 * A file of its own because all access methods store the same kind of tuple, and because sums of
 * average widths are wrong: each tuple is rounded up by itself, so a value one byte longer may
 * weigh nothing or eight bytes.
 */
#pragma once

#include "advise/index_size.h"

#define TUPLE_SAMPLES 256

/* Of these rows the tuples are weighed, line pointers not counted. */
typedef enum SampledRows
{
	ROWS_ALL,
	ROWS_NOT_NULL /* no key is NULL */
} SampledRows;

typedef struct TupleSizes
{
	double mean;
	double mean_square;
	bool same; /* all of them are `mean` */
} TupleSizes;

/* Index tuples of the first ncolumns columns, rounded up as they are stored. */
extern TupleSizes dbops_tuple_sizes(const SizeFacts *facts, int ncolumns, SampledRows rows);

/* Rounded up to a multiple of `to`, a power of two. */
static inline double
dbops_round_up(double bytes, int to)
{
	return (double) (((int64) bytes + to - 1) & ~(int64) (to - 1));
}
