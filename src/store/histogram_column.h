/*
 * store/histogram_column.h
 *		A column of sparse histograms in few bytes.
 *
 * A file of its own because it knows what a histogram looks like, which integer_column.h does not.
 * It is written as four columns of integers, each grouped like the rows: how many buckets each row
 * has; the first bucket of the rows that have any; the gaps to the further ones; all counts less
 * one. The histogram of a single execution takes about ten bits.  A column without any histogram is
 * one byte.
 */
#pragma once

#include "store/grouped_column.h"

/*
 * Cells as in a frame: Histogram pointers or FAMILY_NULL; an empty histogram is written as NULL.
 * The groups are those of the rows, or NULL.
 */
extern void
dbops_histogram_column_put(StringInfo out, const int64 *cells, int n, const RowGroups *groups);

/*
 * Reads the cells; the histograms, allocated in `context`, are made only for rows with a place, the
 * other cells are FAMILY_NULL.
 */
extern void dbops_histogram_column_get(ByteReader *in, const PackedRows *rows,
                                       MemoryContext context, int64 *cells);
