/*
 * store/fdw_request.h
 *		From the values of requests to a query of the history.
 *
 * A file of its own because it holds the rules of what a value means (NULL matches nothing, a day
 * has 24 hours, two lists of one label intersect), apart from how a scan runs.
 */
#pragma once

#include "store/fdw_quals.h"
#include "store/history.h"

/* A value that has been evaluated. */
typedef struct RequestValue
{
	RequestKind kind;
	int label;
	Oid type;
	Datum value;
	bool isnull;
} RequestValue;

/* No restriction at all.  `wanted` is kept as it is. */
extern void dbops_request_init(HistoryQuery *query, const Family *family, const bool *wanted);

/*
 * Narrows the query to the value.  Returns false when no row can match.  Raises an error for a step
 * that is no step.  Allocates in the current context.
 */
extern bool dbops_request_apply(HistoryQuery *query, const RequestValue *request);
