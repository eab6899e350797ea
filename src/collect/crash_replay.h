/*
 * collect/crash_replay.h
 *		How much WAL the server replayed when it last started after a crash, and how long that took.
 *
 * A file of its own because the server writes that to its log and forgets it.  Where replay began
 * stands in pg_control until the first checkpoint afterwards, so it is read when shared memory is
 * made; replay has ended when the sampler starts.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef struct CrashReplay
{
	TimestampTz began_at;
	TimestampTz ended_at;
	int64 bytes;
	int64 took_us;
} CrashReplay;

extern Size dbops_crash_replay_shmem_size(void);
extern void dbops_crash_replay_shmem_init(void);

/* Replay has ended; for the sampler, when it starts. */
extern void dbops_crash_replay_note_end(void);

/* False if the server did not start after a crash, or replays still. */
extern bool dbops_crash_replay_read(CrashReplay *replay);
