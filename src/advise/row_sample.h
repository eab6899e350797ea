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

/* Several columns of the same rows. */
typedef struct JointRows
{
	int ncolumns;
	int nrows;
	bool complete; /* these are all rows of the table */
	bool *alone;   /* of each row: those are a random sample, if it is not complete */
	RowSample **columns;
} JointRows;

/*
 * Looks at some thousand rows in blocks all over the table; a column by its number, or an
 * expression over the columns of varno 1.  It is evaluated as ANALYZE does, in a restricted
 * context: for a superuser with the rights of the table's owner, else with those of the current
 * user, who must be allowed to read the table.  NULL if there is nothing to look at, or the
 * expression throws.  In the current context; the table is open and locked; not in parallel.
 */
extern RowSample *dbops_row_sample_take(Relation table, AttrNumber attno, Node *expression);

/* The same of an expression, with the rows in their order; tells whether it throws. */
extern RowSample *dbops_row_sample_evaluate(Relation table, Node *expression, bool *throws);

/*
 * Whether the current user may know what is in the table: functions in an expression run with the
 * rights of who asks for it, never with more.
 */
extern bool dbops_row_sample_allowed(Relation table);

/* How much of a joint sample there is to be. */
typedef struct JointLimits
{
	int rows;  /* of the sample */
	int draws; /* of blocks that the rows are in: they cost more than rows */
	int all;   /* a table of no more rows is looked at as a whole; at most `rows` */
} JointLimits;

/* As many rows as ANALYZE looks at: combinations of values are rarer than values. */
#define JOINT_ROWS 30000
#define JOINT_DRAWS 3000

/*
 * Within the limits, rows with the values of several expressions over varno 1.  The caller knows
 * that the current user is allowed to.  False if there is nothing to look at, or an expression
 * throws.
 */
extern bool dbops_row_sample_joint(Relation table, List *expressions, const JointLimits *limits,
                                   JointRows *rows);

/* A number that the value of the row has in common with those equal to it; NULL has 0. */
extern uint64 dbops_row_sample_hash(const RowSample *sample, int row);
