/*
 * collect/statement_source.h
 *		The rows of pg_stat_statements, read without SQL.
 *
 * A file of its own because the extension differs from version to version and from database to
 * database, while the family "statement" does not.
 */
#pragma once

#include "store/frame.h"

/* A column of pg_stat_statements and the metric it becomes. */
typedef struct SourceColumn
{
	const char *name;
	const char *old_name; /* in older versions; NULL: the same */
	int metric;
	double factor; /* 0: 1; a time in ms becomes microseconds with 1000 */
} SourceColumn;

/*
 * Adds a row to the frame for each statement that pg_stat_statements knows, with the metrics of
 * `columns`.  Tells in present[], by metric, which columns this version has.  Returns false, and
 * adds nothing, when the database lacks the extension.
 */
extern bool
dbops_statement_source_read(Frame *frame, const SourceColumn *columns, int ncolumns, bool *present);
