/*
 * advise/row_sample.h
 *		The values that a column or an expression has in some rows of a table.
 *
 * A file of its own because it is the one place of this layer that reads tables: where statistics
 * cannot say what an index would hold, as of an expression, or of the keys inside a document.
 */
#pragma once

#include "access/attnum.h"
#include "nodes/primnodes.h"
#include "storage/block.h"
#include "utils/relcache.h"

typedef struct RowSample
{
	Oid type;
	int16 typlen;
	bool typbyval;
	int nrows;
	Datum *values; /* not toasted */
	bool *nulls;
	BlockNumber *blocks; /* where the row is; rows of a block follow one another */
} RowSample;

/*
 * Looks at some thousand rows in blocks all over the table; a column by its number, or an
 * expression over the columns of varno 1.  It is evaluated as ANALYZE does, with the rights of the
 * table's owner, in a restricted context.  NULL if there is nothing to look at, or the expression
 * throws.  In the current context; the table is open and locked; not in parallel.
 */
extern RowSample *dbops_row_sample_take(Relation table, AttrNumber attno, Node *expression);
