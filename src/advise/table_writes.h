/*
 * advise/table_writes.h
 *		What is written to a table in a day, as far as it is known: facts for write_cost.h.
 *
 * Rows come from the history, or, while that is short, from the server's counters since they were
 * reset; those of a partitioned table are the sum of its partitions'.  SQL: not in parallel.
 */
#pragma once

#include "datatype/timestamp.h"

#include "advise/write_cost.h"

typedef enum WritesSource
{
	WRITES_FROM_NOWHERE, /* nothing is known, all counts are NaN */
	WRITES_FROM_HISTORY,
	WRITES_FROM_COUNTERS,
} WritesSource;

typedef struct TableWrites
{
	WritesSource source;
	double days;  /* that the counts are of; 0: nothing is known */
	Oid *indexes; /* the OIDs of facts.indexes */
	double table_pages;
	double table_cached_ratio; /* of its blocks; NaN: not known */
	WriteFacts facts;
} TableWrites;

/*
 * Of a table of the current database, over a window that ends now.  The caller says what updates
 * set, as rows a day by set of columns.  In the current context; throws if the table is gone.
 */
extern TableWrites *
dbops_table_writes_load(Oid table, int64 window_ms, const UpdateFacts *kinds, int nkinds);

/* Which of two sources tells more, from the days they are of; NaN: not known of how many. */
extern WritesSource
dbops_table_writes_choose(double history_days, double counter_days, double window_days);

/* A window in milliseconds; a month counts as 30 days. */
static inline int64
dbops_table_writes_window(const Interval *window)
{
	return (window->time + (window->day + window->month * INT64CONST(30)) * USECS_PER_DAY) / 1000;
}
