/*
 * worker/launch.h
 *		Starting the dynamic workers, and not starting them too often.
 *
 * Worker slots are scarce and databases vanish: a worker that cannot start, or that dies, is tried
 * again later, with a back-off kept in the memory of the sampler.
 */
#pragma once

#include "datatype/timestamp.h"

struct BackgroundWorkerHandle;

typedef struct Launch
{
	const char *name;     /* "dbops keeper": process title and application_name */
	const char *library;  /* NULL: dbops */
	const char *function; /* entry point in it */
	Datum argument;       /* that it gets */
	struct BackgroundWorkerHandle *handle;
	int64 retry_us; /* monotonic time before which it is not started again */
	int64 backoff_us;
	int64 started_us; /* a worker that stayed long enough is no failure */
} Launch;

typedef enum LaunchState
{
	LAUNCH_RUNNING, /* or about to */
	LAUNCH_WAITING, /* backs off after it ended */
	LAUNCH_NO_SLOT, /* max_worker_processes is used up */
} LaunchState;

/* Forgets earlier failures: the next start is not held back. */
extern void dbops_launch_forget(Launch *launch);

/* Starts the worker unless it runs or backs off. */
extern LaunchState dbops_launch_keep(Launch *launch);
