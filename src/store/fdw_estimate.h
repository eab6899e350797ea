/*
 * store/fdw_estimate.h
 *		How many rows the planner may expect of a history.
 *
 * A file of its own because it is the only part of the wrapper that guesses.  Nothing is looked up:
 * samples come at known intervals, and a guess of the entities is enough to prefer scans of short
 * ranges and of single entities.
 */
#pragma once

#include "nodes/pathnodes.h"

/* Rows that the reader yields under the clauses' requests. */
extern double dbops_fdw_estimate_scanned(PlannerInfo *root, RelOptInfo *rel, List *clauses);

/* Rows that are left of them when all clauses have been checked. */
extern double dbops_fdw_estimate_rows(PlannerInfo *root, RelOptInfo *rel, List *clauses);
