/*
 * store/grouped_column.h
 *		A column of integers whose rows come in groups: the rows of one entity.
 *
 * A file of its own because integer_column.h knows no rows.  What an entity does is much like
 * what it did before and little like what others do, so each group is written as a column of its
 * own when that is shorter; and a metric that is always the same multiple of another one (the
 * rows of a statement that returns one with each call) costs an entity only the factor.
 */
#pragma once

#include "store/varint.h"

typedef struct RowGroups
{
	int ngroups;
	const int64 *sizes; /* in rows; they sum up to the number of rows */
} RowGroups;

/* Rows to be read: how many, in which groups, and where each goes. */
typedef struct PackedRows
{
	int nrows;
	const RowGroups *groups; /* as when written */
	const int *places;       /* in the frame; -1 for nowhere; NULL maps each to its own number */
} PackedRows;

/* Appends n values; `like` are the values they may be a multiple of, or NULL. */
extern void dbops_grouped_column_put(StringInfo out, const int64 *values, int n,
                                     const RowGroups *groups, const int64 *like);

/*
 * Reads n values, which the groups, of the reader's own making, must sum up to.  `like` must be as
 * when written.  Malformed input raises ERRCODE_DATA_CORRUPTED.
 */
extern void dbops_grouped_column_get(ByteReader *in, int64 *values, int n, const RowGroups *groups,
                                     const int64 *like);

/* Whether reading what follows takes `like`; it may say so in vain. */
extern bool dbops_grouped_column_needs_like(const ByteReader *in);
