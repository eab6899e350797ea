/*
 * advise/write_cost.h
 *		What keeping an index costs those who write to its table.
 *
 * Pure arithmetic over what is known of the writes to a table in a day.
 */
#pragma once

#include "nodes/bitmapset.h"

typedef struct WriteFacts
{
	double inserts; /* rows a day */
	double updates; /* rows a day, HOT ones included */
	double hot_updates;
	double deletes;
	double ms_per_row; /* measured time of a written row, statements on this table; 0: not known */
	double table_tuples;
	int nindexes;       /* it has */
	Bitmapset *indexed; /* columns in any of them, attnum - FirstLowInvalidHeapAttributeNumber */
	double update_rows_seen; /* rows a day of updates whose columns are known */
	int nupdates;
	const struct UpdateFacts *kinds; /* by the set of columns */
	double ms_per_cost;              /* of the planner's unit, as measured on this server */
	double cached_ratio;             /* of index blocks, 0 to 1 */
} WriteFacts;

typedef struct UpdateFacts
{
	Bitmapset *columns; /* that are set */
	double rows;        /* a day */
} UpdateFacts;

typedef struct WriteIndex
{
	Bitmapset *columns; /* in keys, INCLUDE, expressions or predicate */
	double pages;
	double tuples;
	int tree_height;
	double selectivity; /* of the predicate, 0 to 1 */
	double correlation; /* of its first key with time of insertion: -1 to 1 */
	bool summarizing;   /* BRIN: HOT stays possible from 16 on */
} WriteIndex;

typedef struct WriteCost
{
	double ms_per_day;     /* all of it */
	double hot_ms_per_day; /* of it: updates that would no longer be HOT */
	double bytes_per_day;  /* written to it, without WAL's page images */
} WriteCost;

extern WriteCost dbops_write_cost(const WriteFacts *facts, const WriteIndex *index);
