/*
 * advise/column_facts.h
 *		What statistics know of the values of one column that an index would hold.
 *
 * A file of its own because it reads pg_statistic, row by row, and knows no index.
 */
#pragma once

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/relcache.h"

#include "advise/index_size.h"
#include "advise/row_sample.h"

typedef struct ColumnValues
{
	FormData_pg_attribute att; /* as an index would have it: type, length, alignment, storage */
	HeapTuple statistics;      /* of pg_statistic; NULL: there are none */
	double tuples;             /* of the table */
	bool stored;               /* in the table, so that average widths are of short values, too */
} ColumnValues;

/* A column of the table, by number; its statistics are to be released with ReleaseSysCache(). */
extern ColumnValues dbops_column_values(Relation table, AttrNumber attno, double tuples);

/* Fills in what a B-tree, a hash index or BRIN needs, from statistics.  In the current context. */
extern void dbops_column_facts_load(const ColumnValues *values, SizeColumn *column);

/* The same without statistics, from some rows; NULL: from the type alone. */
extern void
dbops_column_facts_guess(const ColumnValues *values, const RowSample *sample, SizeColumn *column);

/* With the order in the table, -1 to 1; 0 if that is not known. */
extern double dbops_column_correlation(const ColumnValues *values);
