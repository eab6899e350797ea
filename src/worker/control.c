/*
 * worker/control.c
 *		What the workers and the functions that wait for them share; see control.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shmem.h"

#include "core/clock.h"
#include "worker/control.h"

static WorkerControl *control = NULL;

Size
dbops_control_shmem_size(void)
{
	return MAXALIGN(sizeof(WorkerControl));
}

void
dbops_control_shmem_init(void)
{
	bool found;

	control = ShmemInitStruct("dbops workers", dbops_control_shmem_size(), &found);
	if (found)
		return;
	memset(control, 0, sizeof(*control));
	pg_atomic_init_u64(&control->requested, 0);
	ConditionVariableInit(&control->served);
	dbops_advise_requests_init(&control->advice_wanted);
}

WorkerControl *
dbops_control(void)
{
	return control;
}

static void
delist(int code, Datum kind)
{
	WorkerState *worker = &control->workers[DatumGetInt32(kind)];

	worker->latch = NULL;
	worker->pid = 0;
	if (worker == &control->workers[WORKER_KEEPER])
		control->store = STORE_STARTING;
	ConditionVariableBroadcast(&control->served);
}

void
dbops_control_forget(WorkerKind kind)
{
	memset(control->workers[kind].tasks, 0, sizeof(control->workers[kind].tasks));
}

WorkerState *
dbops_control_enlist(WorkerKind kind)
{
	WorkerState *worker = &control->workers[kind];

	/* What failed is to be seen while the reader is away. */
	if (kind != WORKER_READER)
		dbops_control_forget(kind);
	worker->started_at = dbops_clock_now();
	worker->last_at = 0;
	worker->latch = MyLatch;
	worker->pid = MyProcPid;
	before_shmem_exit(delist, Int32GetDatum(kind));
	return worker;
}

void
dbops_control_wake(WorkerKind kind)
{
	/* A stale latch is harmless: latches belong to process slots, and a spurious wake-up is
	 * cheap. */
	Latch *latch = control->workers[kind].latch;

	if (latch != NULL)
		SetLatch(latch);
}

void
dbops_control_serve(WorkerState *worker, uint64 request)
{
	worker->last_at = dbops_clock_now();
	if (worker->served == request)
		return;
	worker->served = request;
	ConditionVariableBroadcast(&control->served);
}

TaskState *
dbops_control_task(WorkerState *worker, const char *name)
{
	for (int i = 0; i < TASK_STATES; i++)
	{
		TaskState *task = &worker->tasks[i];

		if (task->name[0] == '\0')
			strlcpy(task->name, name, sizeof(task->name));
		if (strcmp(task->name, name) == 0)
			return task;
	}
	elog(ERROR, "more than %d tasks in one worker", TASK_STATES);
}

bool
dbops_control_run(WorkerState *worker, const Task *task, void *arg)
{
	TaskState *state = dbops_control_task(worker, task->name);
	int64 begun = dbops_clock_monotonic_us();
	bool done = dbops_tx_run(task, arg, &state->error);

	state->last_us = dbops_clock_monotonic_us() - begun;
	if (done)
		state->last_at = dbops_clock_now();
	return done;
}

const char *
dbops_control_worker_name(WorkerKind kind)
{
	static const char *const names[] = {
	    [WORKER_SAMPLER] = "sampler",
	    [WORKER_KEEPER] = "keeper",
	    [WORKER_READER] = "backup reader",
	    [WORKER_GATEWAY] = "gateway",
	};

	return names[kind];
}

const char *
dbops_control_store_name(StoreState state)
{
	static const char *const names[] = {
	    [STORE_STARTING] = "starting",        [STORE_OK] = "ok",
	    [STORE_NO_DATABASE] = "no database",  [STORE_NO_EXTENSION] = "no extension",
	    [STORE_RECOVERY] = "in recovery",     [STORE_FAILED] = "failed",
	    [STORE_NO_WORKER] = "no worker slot",
	};

	return names[state];
}
