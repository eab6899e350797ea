/*
 * advise/tuple_sizes.c
 *		What the tuples of an index weigh: rows made up from what is known of each column.
 *
 * A row takes for each column one of its widths, or NULL, evenly and independently of the other
 * columns (Kronecker sequences: the multiples of the root of a prime, modulo one), and is laid out
 * as index_form_tuple() does.
 */
#include "postgres.h"

#include <math.h>

#include "access/itup.h"

#include "advise/tuple_sizes.h"

static const int primes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29,
                             31, 37, 41, 43, 47, 53, 59, 61, 67, 71};

/* A number in 0 to 1 for the row, other ones for other dimensions. */
static double
pick(int row, int dimension)
{
	double step = sqrt(primes[dimension % lengthof(primes)]);
	double at = 0.5 / TUPLE_SAMPLES + row * step;

	return at - floor(at);
}

static double
pick_width(const SizeColumn *column, int row, int dimension)
{
	if (column->widths[0] <= 0)
		return column->width;
	return column->widths[Min((int) (pick(row, dimension) * SIZE_WIDTHS), SIZE_WIDTHS - 1)];
}

static int
alignment_of(const SizeColumn *column)
{
	switch (column->align)
	{
		case 'd':
			return ALIGNOF_DOUBLE;
		case 'i':
			return ALIGNOF_INT;
		case 's':
			return ALIGNOF_SHORT;
		default:
			return 1;
	}
}

static double
weigh_row(const SizeFacts *facts, int ncolumns, SampledRows rows, int row)
{
	double data = 0;
	bool has_null = false;

	for (int i = 0; i < ncolumns; i++)
	{
		const SizeColumn *column = &facts->columns[i];

		if (!(rows == ROWS_NOT_NULL && i < facts->nkeys) &&
		    pick(row, 2 * i + 1) < column->null_ratio)
			has_null = true;
		else
			data = dbops_round_up(data, alignment_of(column)) + pick_width(column, row, 2 * i);
	}
	return MAXALIGN(sizeof(IndexTupleData) + (has_null ? sizeof(IndexAttributeBitMapData) : 0)) +
	       dbops_round_up(data + 0.5, MAXIMUM_ALIGNOF);
}

TupleSizes
dbops_tuple_sizes(const SizeFacts *facts, int ncolumns, SampledRows rows)
{
	TupleSizes sizes = {.same = true};
	double first = weigh_row(facts, ncolumns, rows, 0);

	for (int row = 0; row < TUPLE_SAMPLES; row++)
	{
		double size = weigh_row(facts, ncolumns, rows, row);

		sizes.mean += size / TUPLE_SAMPLES;
		sizes.mean_square += size * size / TUPLE_SAMPLES;
		if (size != first)
			sizes.same = false;
	}
	return sizes;
}
