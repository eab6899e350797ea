/*
 * advise/index_size.h
 *		How large an index would be: pages, bytes, height.
 *
 * Pure arithmetic over what statistics know of the columns; the formulas follow how each access
 * method lays out its pages in PostgreSQL 15 to 19 and give their sources in index_size.c,
 * btree_size.c and gin_size.c.
 */
#pragma once

#include "postgres_ext.h"

#define SIZE_MAX_COLUMNS 32

/* In how many parts the widths of a column are told. */
#define SIZE_WIDTHS 16

typedef struct SizeColumn
{
	double width;      /* bytes of a value that is not NULL, its varlena header included */
	double null_ratio; /* 0 to 1 */
	double ndistinct;  /* values that are not NULL, among these rows; 0: not known */
	char align;        /* what it is aligned to in a tuple: c (short varlena, too), s, i, d */
	/* Widths of equal shares of the values, in ascending order; the first 0: all are `width`. */
	float widths[SIZE_WIDTHS];
	/* Shares of the rows that have the most common values, descending; NULL is none of them. */
	int ncommon;
	const float *common;
	double sampled;   /* rows of the table that this is known from; 0: all */
	double nelements; /* GIN: keys that one value yields */
	double nkeys;     /* GIN: different keys of all values; 0: not known */
	double key_width; /* GIN: bytes of a key, its varlena header included; 0: not known */
	double clustered; /* GIN: a key's rows are in that share of the blocks they might be in; 0: 1 */
} SizeColumn;

typedef struct SizeFacts
{
	Oid am;
	double tuples;       /* rows that the index would hold */
	double table_tuples; /* rows of the table; 0: as many */
	double table_pages;
	int nkeys;
	int ncolumns; /* keys, then those only covered */
	SizeColumn columns[SIZE_MAX_COLUMNS];
	double key_ndistinct; /* combinations of all keys, NULL counts as a value; 0: not known */
	bool key_sampled;     /* these are from a sample */
	double correlation;   /* of the first key with the order in the table, -1 to 1 (BRIN, GIN) */
	bool deduplicates;    /* B-tree: equal keys share a tuple */
	int fillfactor;       /* percent; 0: that of the access method */
	int pages_per_range;  /* BRIN; 0: 128 */
} SizeFacts;

typedef struct IndexSize
{
	double pages;
	double tuples;   /* entries, as the planner counts them */
	int tree_height; /* levels above the leaves; -1 where the access method has none */
	bool rough;      /* within a tenth, not a percent */
} IndexSize;

/* What CREATE INDEX would make of it. */
extern IndexSize dbops_index_size(const SizeFacts *facts);

static inline double
dbops_index_size_bytes(const IndexSize *size)
{
	return size->pages * 8192;
}
