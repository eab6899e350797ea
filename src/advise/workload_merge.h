/*
 * advise/workload_merge.h
 *		From counters by user and level to statements with a rank.
 *
 * Pure arithmetic, apart from where the counters come from.
 */
#pragma once

#include "datatype/timestamp.h"

/* What a user's executions of a statement took, sent by clients or run by functions. */
typedef struct TimedRow
{
	uint64 queryid;
	Oid userid;
	bool toplevel;
	double calls;
	double ms;
} TimedRow;

typedef struct TimedStatement
{
	uint64 queryid;
	Oid userid; /* the one whose executions took most time */
	double user_ms;
	double calls;
	double ms;
	double toplevel_ms;
} TimedStatement;

/* One for each queryid that did anything, the dearest first; palloc'd.  Sorts the rows. */
extern TimedStatement *dbops_workload_merge(TimedRow *rows, int nrows, int *nstatements);

/*
 * Whether the history answers for a window, or the counters since the server started: these know
 * neither a window nor what was before, but where there is little history they tell more.
 */
extern bool dbops_workload_prefers_history(int64 window_us, int64 history_us, int64 counters_us);

/*
 * The step at which a window is read: the coarsest that is small beside it, as that is the
 * cheapest; 0: as stored.
 */
extern int64 dbops_workload_step(int64 window_us);
