/*
 * advise/row_statistics.h
 *		What ANALYZE would find in the values of some rows.
 *
 * A file of its own because ANALYZE does it, with the function that the type has for it: here is
 * only what it must be given.
 */
#pragma once

#include "access/htup.h"

#include "advise/row_sample.h"

/*
 * A row of pg_statistic without an owner, in the current context, for a table of so many rows.
 * NULL if the type has no statistics.
 */
extern HeapTuple dbops_row_statistics(const RowSample *sample, Node *expression, double rows);
