/*
 * advise/sampled.h
 *		What was found in samples of tables, kept so that each is asked for once.
 *
 * A function that fails for a row makes the index impossible, so that is found here as well.
 */
#pragma once

#include "access/htup.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

typedef struct Sampled Sampled;

typedef struct SampledExpression
{
	Oid table;
	Node *expression;     /* or a List, the conditions of a predicate */
	bool fails;           /* for some row: there can be no such index */
	HeapTuple statistics; /* of an expression; NULL: nothing is known */
	double share;         /* of a predicate: rows for which it holds; -1: not known */
} SampledExpression;

/* Empty, in the current context. */
extern Sampled *dbops_sampled_new(void);

/* The table is open and locked. */
extern const SampledExpression *
dbops_sampled_expression(Sampled *sampled, Relation table, Node *expression);
extern const SampledExpression *
dbops_sampled_predicate(Sampled *sampled, Relation table, List *predicate);
