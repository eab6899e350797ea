/*
 * advise/table_sample.h
 *		A few rows of a table, for what statistics cannot tell: expressions and conditions.
 *
 * Some pages that lie evenly over the table are read whole, so that the same table gives the same
 * sample.  Functions of users run over the rows: with the rights of the current user, who must be
 * allowed to read them.
 */
#pragma once

#include "access/htup.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

/*
 * What ANALYZE would find of an expression, a row of pg_statistic without an owner, in the current
 * context.  NULL if nothing can be found.  Throws what the expression throws.
 */
extern HeapTuple dbops_table_sample_expression(Relation table, Node *expression);

/* The share of rows for which all the conditions hold; -1 if it cannot be found. */
extern double dbops_table_sample_share(Relation table, List *predicate);
