/*
 * store/fdw_row.h
 *		From a row of the history, or of the present, to the columns of its foreign table.
 *
 * A file of its own because it is the one place that knows how each kind of column is made of
 * stored integers: units, rates, derived columns, names.
 */
#pragma once

#include "store/fdw_table.h"
#include "store/history.h"
#include "store/names.h"

/*
 * Fills values and nulls of the columns set in needed[] (by attribute number - 1), the others are
 * NULL.  `asked_step_us` is the step the query asked for, or 0.  Allocates in the current context.
 */
typedef struct RowMaker
{
	const FdwTable *table;
	const bool *needed;
	Names *names;
	int64 asked_step_us;
} RowMaker;

extern void
dbops_fdw_row_fill(const RowMaker *maker, const HistoryRow *row, Datum *values, bool *nulls);

/* Whether a column is looked up by name: RowMaker.names is needed then, and only then. */
static inline bool
dbops_fdw_row_is_name(ColumnSource source)
{
	return source >= COLUMN_DATNAME && source <= COLUMN_ROLNAME;
}

/* Marks in wanted[] the metrics that the column is made of. */
extern void dbops_fdw_row_mark(const Family *family, const Column *column, bool *wanted);
