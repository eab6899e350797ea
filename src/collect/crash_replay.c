/*
 * collect/crash_replay.c
 *		How much WAL was replayed after a crash; see crash_replay.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"

#include "collect/crash_replay.h"
#include "core/clock.h"

typedef struct SharedReplay
{
	bool crashed;    /* the server had not been shut down, and is no standby */
	XLogRecPtr redo; /* where replay begins */
	TimestampTz began_at;
	int64 began_us;
	XLogRecPtr end; /* invalid: not yet, or another sampler has been before */
	TimestampTz ended_at;
	int64 ended_us;
} SharedReplay;

static SharedReplay *shared = NULL;

Size
dbops_crash_replay_shmem_size(void)
{
	return MAXALIGN(sizeof(SharedReplay));
}

void
dbops_crash_replay_shmem_init(void)
{
	const ControlFileData *control;
	bool intact;
	bool found;

	shared = ShmemInitStruct("dbops crash replay", dbops_crash_replay_shmem_size(), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	shared->began_at = dbops_clock_now();
	shared->began_us = dbops_clock_monotonic_us();
	control = get_controlfile(DataDir, &intact);
	shared->crashed =
	    intact && (control->state == DB_IN_PRODUCTION || control->state == DB_IN_CRASH_RECOVERY);
	shared->redo = control->checkPointCopy.redo;
}

void
dbops_crash_replay_note_end(void)
{
	if (shared == NULL || !shared->crashed || shared->end != InvalidXLogRecPtr ||
	    RecoveryInProgress())
		return;
	shared->ended_at = dbops_clock_now();
	shared->ended_us = dbops_clock_monotonic_us();
	pg_write_barrier();
	shared->end = GetXLogReplayRecPtr(NULL);
}

bool
dbops_crash_replay_read(CrashReplay *replay)
{
	XLogRecPtr end = shared != NULL ? shared->end : InvalidXLogRecPtr;

	if (end == InvalidXLogRecPtr || end <= shared->redo)
		return false;
	pg_read_barrier();
	*replay = (CrashReplay){.began_at = shared->began_at,
	                        .ended_at = shared->ended_at,
	                        .bytes = (int64) (end - shared->redo),
	                        .took_us = shared->ended_us - shared->began_us};
	return true;
}
