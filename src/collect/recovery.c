/*
 * collect/recovery.c
 *		The family "recovery": how replay gets on, and what it waits for.
 *
 * One row while in recovery.  What replay waits for is what the startup process waits for; the
 * counters of prefetching lie in shared memory under a name that only SQL functions of the server
 * know, in a layout that 15 to 19 share.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "replication/walreceiver.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/wait_event.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat.h"
#include "store/frame.h"
#include "store/lsn_time.h"

enum
{
	RECOVERY_REPLAY_LSN,
	RECOVERY_REPLAY_LAG_BYTES,
	RECOVERY_REPLAY_LAG_MS,
	RECOVERY_TIMELINE,
	RECOVERY_PAUSE_STATE,
	RECOVERY_PROMOTE_TRIGGERED,
	RECOVERY_LAST_XACT_REPLAY_TIME,
	RECOVERY_LAST_XACT_AGE_MS,
	RECOVERY_CHUNK_REPLAY_START_TIME,
	RECOVERY_APPLY_DELAY_MS,
	RECOVERY_WAITS_FOR,
	RECOVERY_PREFETCH,
	RECOVERY_HIT,
	RECOVERY_SKIP_INIT,
	RECOVERY_SKIP_NEW,
	RECOVERY_SKIP_FPW,
	RECOVERY_SKIP_REP,
	RECOVERY_WAL_DISTANCE,
	RECOVERY_BLOCK_DISTANCE,
	RECOVERY_IO_DEPTH,
	RECOVERY_PREFETCH_RESET,
	RECOVERY_NMETRICS
};

/* In the order of RecoveryPauseState. */
static const char *const pause_states[] = {"not paused", "pause requested", "paused", NULL};

/* Stored in the history: it only grows at its end. */
static const char *const waits[] = {"nothing",
                                    "WAL from the sender",
                                    "time before another attempt to get WAL",
                                    "restore_command",
                                    "pause to end",
                                    "recovery_min_apply_delay",
                                    "conflict: snapshot",
                                    "conflict: tablespace",
                                    "conflict: lock",
                                    "conflict: buffer pin",
                                    "I/O",
                                    "internal lock",
                                    "other",
                                    NULL};

enum
{
	WAIT_NOTHING,
	WAIT_STREAM,
	WAIT_RETRY,
	WAIT_RESTORE,
	WAIT_PAUSE,
	WAIT_DELAY,
	WAIT_SNAPSHOT,
	WAIT_TABLESPACE,
	WAIT_LOCK,
	WAIT_BUFFER_PIN,
	WAIT_IO,
	WAIT_LWLOCK,
	WAIT_OTHER,
};

/* What a wait event means for replay; without an event, any of that type. */
typedef struct WaitMeaning
{
	const char *type;
	const char *event;
	int wait;
} WaitMeaning;

static const WaitMeaning meanings[] = {
    {"Activity", "RecoveryWalStream", WAIT_STREAM},
    {"Timeout", "RecoveryRetrieveRetryInterval", WAIT_RETRY},
    {"IPC", "RestoreCommand", WAIT_RESTORE},
    {"IPC", "RecoveryPause", WAIT_PAUSE},
    {"Timeout", "RecoveryApplyDelay", WAIT_DELAY},
    {"IPC", "RecoveryConflictSnapshot", WAIT_SNAPSHOT},
    {"IPC", "RecoveryConflictTablespace", WAIT_TABLESPACE},
    {"Lock", NULL, WAIT_LOCK},
    {"BufferPin", NULL, WAIT_BUFFER_PIN},
    {"Buffer", NULL, WAIT_BUFFER_PIN},
    {"IO", NULL, WAIT_IO},
    {"LWLock", NULL, WAIT_LWLOCK},
};

static const Metric metrics[] = {
    [RECOVERY_REPLAY_LSN] =
        GAUGE(1, "replay_lsn", "bytes", ROLLUP_LAST, "WAL position replayed, as a number"),
    [RECOVERY_REPLAY_LAG_BYTES] =
        GAUGE(2, "replay_lag_bytes", "bytes", ROLLUP_MAX, "WAL received and not replayed yet"),
    [RECOVERY_REPLAY_LAG_MS] = AGE_MS(
        3, "replay_lag_ms",
        "For how long the sender has had WAL that is not replayed; without a living connection, "
        "the time since it was last known to have none"),
    [RECOVERY_TIMELINE] = GAUGE(4, "timeline", "", ROLLUP_LAST, "Timeline that is replayed"),
    [RECOVERY_PAUSE_STATE] = WORD(5, "pause_state", pause_states, "Whether replay is paused"),
    [RECOVERY_PROMOTE_TRIGGERED] =
        FLAG(6, "promote_triggered", "1 while it is being promoted, else 0"),
    [RECOVERY_LAST_XACT_REPLAY_TIME] =
        INSTANT(7, "last_xact_replay_time", "Commit time of the last transaction replayed"),
    [RECOVERY_LAST_XACT_AGE_MS] =
        AGE_MS(8, "last_xact_age_ms", "Time since that commit, by the two clocks"),
    [RECOVERY_CHUNK_REPLAY_START_TIME] =
        INSTANT(9, "chunk_replay_start_time", "When replay began with what was received last"),
    [RECOVERY_APPLY_DELAY_MS] = GAUGE(10, "apply_delay_ms", "ms", ROLLUP_MAX,
                                      "Time replay has been at that; 0 when all is replayed"),
    [RECOVERY_WAITS_FOR] = WORD(11, "waits_for", waits, "What replay waited for at that moment"),
    [RECOVERY_PREFETCH] = COUNT(12, "prefetch", "Blocks prefetched"),
    [RECOVERY_HIT] = COUNT(13, "hit", "Blocks not prefetched as they were in memory"),
    [RECOVERY_SKIP_INIT] = COUNT(14, "skip_init", "Blocks not prefetched as they are made anew"),
    [RECOVERY_SKIP_NEW] = COUNT(15, "skip_new", "Blocks not prefetched as they do not exist yet"),
    [RECOVERY_SKIP_FPW] = COUNT(16, "skip_fpw", "Blocks not prefetched as WAL has them whole"),
    [RECOVERY_SKIP_REP] = COUNT(17, "skip_rep", "Blocks not prefetched as they were just before"),
    [RECOVERY_WAL_DISTANCE] =
        GAUGE(18, "wal_distance", "bytes", ROLLUP_MAX, "How far prefetching looks ahead"),
    [RECOVERY_BLOCK_DISTANCE] =
        GAUGE(19, "block_distance", "", ROLLUP_MAX, "How many blocks prefetching is ahead"),
    [RECOVERY_IO_DEPTH] =
        GAUGE(20, "io_depth", "", ROLLUP_MAX, "Prefetches begun and not known to be done"),
    [RECOVERY_PREFETCH_RESET] =
        INSTANT(21, "prefetch_stats_reset", "Last reset of the prefetch counters"),
};

/* The server's statistics of prefetching. */
typedef struct PrefetchStats
{
	pg_atomic_uint64 reset_time;
	pg_atomic_uint64 prefetch;
	pg_atomic_uint64 hit;
	pg_atomic_uint64 skip_init;
	pg_atomic_uint64 skip_new;
	pg_atomic_uint64 skip_fpw;
	pg_atomic_uint64 skip_rep;
	int wal_distance;
	int block_distance;
	int io_depth;
} PrefetchStats;

static void
read_replay(int64 *values)
{
	TimeLineID timeline;
	XLogRecPtr replayed = GetXLogReplayRecPtr(&timeline);
	TimestampTz committed_at = GetLatestXTime();
	TimestampTz chunk_at = GetCurrentChunkReplayStartTime();
	int delay_ms = GetReplicationApplyDelay();
	int64 age_us;

	values[RECOVERY_REPLAY_LSN] = dbops_wal_position_value(replayed);
	values[RECOVERY_REPLAY_LAG_BYTES] = dbops_wal_position_lag(dbops_wal_position_end(), replayed);
	if (dbops_lsn_time_recent_age(replayed, &age_us))
		values[RECOVERY_REPLAY_LAG_MS] = age_us;
	values[RECOVERY_TIMELINE] = timeline;
	values[RECOVERY_PAUSE_STATE] = GetRecoveryPauseState();
	values[RECOVERY_PROMOTE_TRIGGERED] = PromoteIsTriggered();
	if (committed_at != 0)
	{
		values[RECOVERY_LAST_XACT_REPLAY_TIME] = committed_at;
		values[RECOVERY_LAST_XACT_AGE_MS] = Max(0, dbops_clock_now() - committed_at);
	}
	if (chunk_at != 0)
		values[RECOVERY_CHUNK_REPLAY_START_TIME] = chunk_at;
	if (delay_ms >= 0)
		values[RECOVERY_APPLY_DELAY_MS] = delay_ms;
}

static int
judge_wait(uint32 info)
{
	const char *type = pgstat_get_wait_event_type(info);
	const char *event = pgstat_get_wait_event(info);

	if (type == NULL || event == NULL)
		return WAIT_NOTHING;
	for (int i = 0; i < lengthof(meanings); i++)
	{
		if (strcmp(type, meanings[i].type) == 0 &&
		    (meanings[i].event == NULL || strcmp(event, meanings[i].event) == 0))
			return meanings[i].wait;
	}
	return WAIT_OTHER;
}

static void
read_wait(int64 *values)
{
	int nbackends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);
		const PGPROC *proc;

		if (local == NULL || local->backendStatus.st_backendType != B_STARTUP)
			continue;
		proc = AuxiliaryPidGetProc(local->backendStatus.st_procpid);
		if (proc != NULL)
			values[RECOVERY_WAITS_FOR] =
			    judge_wait(*(volatile const uint32 *) &proc->wait_event_info);
	}
}

static void
read_prefetch(int64 *values)
{
	static PrefetchStats *stats = NULL;
	bool found;

	if (stats == NULL)
		stats = ShmemInitStruct("XLogPrefetchStats", sizeof(PrefetchStats), &found);
	values[RECOVERY_PREFETCH] = pg_atomic_read_u64(&stats->prefetch);
	values[RECOVERY_HIT] = pg_atomic_read_u64(&stats->hit);
	values[RECOVERY_SKIP_INIT] = pg_atomic_read_u64(&stats->skip_init);
	values[RECOVERY_SKIP_NEW] = pg_atomic_read_u64(&stats->skip_new);
	values[RECOVERY_SKIP_FPW] = pg_atomic_read_u64(&stats->skip_fpw);
	values[RECOVERY_SKIP_REP] = pg_atomic_read_u64(&stats->skip_rep);
	values[RECOVERY_WAL_DISTANCE] = stats->wal_distance;
	values[RECOVERY_BLOCK_DISTANCE] = stats->block_distance;
	values[RECOVERY_IO_DEPTH] = stats->io_depth;
	values[RECOVERY_PREFETCH_RESET] = (int64) pg_atomic_read_u64(&stats->reset_time);
}

static void
read_recovery(Frame *frame)
{
	const EntityKey key = {{0}};
	int64 *values;

	if (!RecoveryInProgress())
		return;
	values = dbops_frame_add(frame, &key, NULL);
	read_replay(values);
	read_wait(values);
	read_prefetch(values);
}

const Family dbops_family_recovery = {
    .id = 23,
    .name = "recovery",
    .help = "Replay of WAL on a standby: how far, whether paused, what it waits for, prefetching",
    .cadence = CADENCE_NARROW,
    METRICS(metrics),
    .rates = true,
    .read = read_recovery,
};
