/*
 * advise/workload_times.h
 *		How often the statements of a database ran, and for how long: from the history, or counters.
 */
#pragma once

#include "advise/workload_merge.h"

typedef struct WorkloadTimes
{
	TimestampTz since;
	TimestampTz until;
	bool from_history;
	int nrows;
	TimedRow *rows;
} WorkloadTimes;

/* Over a window that ends now; see dbops_workload_load().  In the current context. */
extern WorkloadTimes dbops_workload_times(Oid database, int64 window_us);
