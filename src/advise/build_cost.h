/*
 * advise/build_cost.h
 *		How long CREATE INDEX would take, and what disk it needs meanwhile.
 *
 * Pure arithmetic.  CREATE INDEX CONCURRENTLY reads the table twice, and the new index once; what
 * it waits for, the ends of transactions that were there before, nobody can tell, so it is not in.
 */
#pragma once

#include "advise/write_cost.h"

typedef struct BuildFacts
{
	bool concurrently;
	double table_pages;  /* NaN: not known, so is then all of it */
	double table_tuples; /* NaN: not known */
	double maintenance_bytes;
	int max_workers;              /* beside the session, max_parallel_maintenance_workers */
	double min_parallel_pages;    /* min_parallel_table_scan_size */
	double cached_ratio;          /* of the table's blocks; NaN: not known, and assumed to be 0 */
	double read_bytes_per_second; /* of what is not cached; 0: not known */
	double ms_per_cost;           /* of the planner's unit, as measured; 0: not known */
} BuildFacts;

typedef struct BuildCost
{
	double seconds;          /* all of it, or NaN */
	double read_seconds;     /* of it: the table, as often as it is read */
	double sort_seconds;     /* keys are formed and put in order, or inserted one by one */
	double write_seconds;    /* pages of the index, and their WAL */
	double validate_seconds; /* what CONCURRENTLY adds beside reading the table again */
	int workers;             /* beside the session */
	double index_bytes;
	double temporary_bytes; /* of sorts, at most at a time; gone at the end */
	double wal_bytes;
} BuildCost;

/* To build such an index: with so many pages and rows. */
extern BuildCost dbops_build_cost(const BuildFacts *facts, const WriteIndex *index);
