/*
 * advise/candidates.h
 *		Which indexes could serve a statement.
 *
 * From what the planner itself knows of each relation when it looks for access paths: restriction and
 * join clauses with their selectivity, equivalence classes, the orders that are useful, the columns
 * that are needed.  So views, subqueries and partitions are seen through.
 */
#pragma once

#include "advise/whatif.h"

typedef struct CandidateLimits
{
	int max_columns;  /* keys of an index, 1 to 32 */
	int per_relation; /* candidates for one relation of one statement */

	/* If set, is told of each relation that gets none, and why. */
	void (*on_passed_over)(Oid table, const char *reason, void *arg);
	void *arg;
} CandidateLimits;

/*
 * Plans the statement once and adds the candidates as items.  They are in the result, in the current
 * context; NULL if there are none or the statement cannot be planned.
 */
extern Bitmapset *
dbops_candidates_find(Whatif *whatif, Statement *statement, const CandidateLimits *limits);
