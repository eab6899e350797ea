/*
 * store/fdw_quals.h
 *		What a WHERE clause asks of the reader of the history.
 *
 * A file of its own because it alone knows the planner's clauses: it turns one into a request to
 * the reader, whose value is evaluated when the scan begins.  Every clause is checked again on the
 * rows, so a request may be wider than its clause, never narrower.
 */
#pragma once

#include "nodes/pathnodes.h"

#include "store/fdw_table.h"

typedef enum RequestKind
{
	REQUEST_FROM,   /* at >= value */
	REQUEST_AFTER,  /* at > value */
	REQUEST_TO,     /* at <= value */
	REQUEST_BEFORE, /* at < value */
	REQUEST_AT,     /* at = value */
	REQUEST_STEP,   /* step = value */
	REQUEST_NODE,   /* node = value */
	REQUEST_LABEL,  /* label = value */
	REQUEST_LABELS, /* label = ANY (value) */
} RequestKind;

typedef struct Request
{
	RequestKind kind;
	int label;   /* of REQUEST_LABEL and REQUEST_LABELS */
	Expr *value; /* a timestamptz for times; else of a type that the column compares with */
} Request;

/*
 * Whether the clause, which may be a RestrictInfo, is a request to the scan of `rel`, and which.
 * Values may refer to other relations: whoever uses such a request must make them known.
 */
extern bool dbops_quals_request(PlannerInfo *root, RelOptInfo *rel, Node *clause, Request *request);

/*
 * Raises an error if the query uses the column step in any other way than one comparison with a
 * value that is known before the scan: it chooses what rows there are, so it cannot filter them.
 */
extern void dbops_quals_check_step(PlannerInfo *root, RelOptInfo *rel);
