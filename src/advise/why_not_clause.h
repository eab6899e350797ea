/*
 * advise/why_not_clause.h
 *		Why no index is searched by one condition of a statement.
 *
 * A file of its own because it looks at the form of the condition alone: no plan, no cost.
 */
#pragma once

#include "nodes/pathnodes.h"

typedef struct ClauseObstacle
{
	bool of_statement; /* better changed in the statement than served by an index of its own */
	char *reason;
	char *next_step;
} ClauseObstacle;

/*
 * False if nothing is in the way of an index on the table, which is `varno` in the clause.  In the
 * current context.
 */
extern bool dbops_why_not_clause(Node *clause, Oid table, Index varno, ClauseObstacle *obstacle);
