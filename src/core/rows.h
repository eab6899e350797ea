/*
 * core/rows.h
 *		Set-returning functions whose columns are filled by name.
 *
 * A function opens a row set, fills cells by the column names of its SQL declaration, and emits.
 * Names are resolved once per call; a name that the declaration lacks is a bug and an error, a
 * column that is never set is NULL.
 */
#pragma once

#include "fmgr.h"
#include "datatype/timestamp.h"

typedef struct RowSet RowSet;

/* Materialised result of the calling function; ends with the call. */
extern RowSet *dbops_rows_begin(FunctionCallInfo fcinfo);

/* The position of a column, for use in loops. */
extern int dbops_rows_column(const RowSet *rows, const char *name);

extern void dbops_rows_set(RowSet *rows, int column, Datum value);
extern void dbops_rows_set_text(RowSet *rows, int column, const char *value); /* NULL is NULL */

/* Convenience for small functions: by name. */
extern void dbops_rows_put(RowSet *rows, const char *name, Datum value);
extern void dbops_rows_put_text(RowSet *rows, const char *name, const char *value);

/* Emits the row and clears all cells to NULL.  Checks for interrupts. */
extern void dbops_rows_emit(RowSet *rows);
