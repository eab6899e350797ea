/*
 * worker/launch.c
 *		Starting the dynamic workers; see launch.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "core/clock.h"
#include "worker/launch.h"

#define FIRST_BACKOFF_US (2 * USECS_PER_SEC)
#define MAX_BACKOFF_US (2 * USECS_PER_MINUTE)

/* A worker that ran this long did not fail at starting. */
#define STAYED_US (10 * USECS_PER_SEC)

static void
back_off(Launch *launch)
{
	if (dbops_clock_monotonic_us() - launch->started_us > STAYED_US)
		launch->backoff_us = 0;
	launch->backoff_us =
	    launch->backoff_us == 0 ? FIRST_BACKOFF_US : Min(launch->backoff_us * 2, MAX_BACKOFF_US);
	launch->retry_us = dbops_clock_monotonic_us() + launch->backoff_us;
}

static bool
start(Launch *launch)
{
	BackgroundWorker worker = {
	    .bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
	    .bgw_start_time = BgWorkerStart_ConsistentState,
	    .bgw_restart_time = BGW_NEVER_RESTART,
	    .bgw_notify_pid = MyProcPid,
	    .bgw_main_arg = launch->argument,
	};

	strlcpy(worker.bgw_name, launch->name, sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, launch->name, sizeof(worker.bgw_type));
	strlcpy(worker.bgw_library_name, launch->library != NULL ? launch->library : "dbops",
	        sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, launch->function, sizeof(worker.bgw_function_name));
	launch->started_us = dbops_clock_monotonic_us();
	return RegisterDynamicBackgroundWorker(&worker, &launch->handle);
}

void
dbops_launch_forget(Launch *launch)
{
	launch->backoff_us = 0;
	launch->retry_us = 0;
}

LaunchState
dbops_launch_keep(Launch *launch)
{
	pid_t pid;

	if (launch->handle != NULL)
	{
		if (GetBackgroundWorkerPid(launch->handle, &pid) != BGWH_STOPPED)
			return LAUNCH_RUNNING;
		pfree(launch->handle);
		launch->handle = NULL;
		back_off(launch);
	}
	if (dbops_clock_monotonic_us() < launch->retry_us)
		return LAUNCH_WAITING;
	if (start(launch))
		return LAUNCH_RUNNING;
	launch->handle = NULL;
	back_off(launch);
	return LAUNCH_NO_SLOT;
}
