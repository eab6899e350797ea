/*
 * collect/archive_watch.c
 *		What can be known of archiving only by having looked all the time; see archive_watch.h.
 *
 * One process writes, the sampler, except for what the keeper takes up from before a start.  A
 * spinlock is held for copies and comparisons alone.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/guc.h"

#include "collect/archive_command.h"
#include "collect/archive_spool.h"
#include "collect/archive_status.h"
#include "collect/archive_watch.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat.h"
#include "store/selfstat.h"

const char *const dbops_archive_hole_kinds[] = {
    [HOLE_NONE] = "none", [HOLE_DISCARDED] = "discarded", [HOLE_DROPPED] = "dropped", NULL};

/* A worker of dbops ends its transaction meanwhile: that takes as long as a flush of WAL. */
#define MAX_TRIES 100
#define PAUSE_US 200

typedef struct SharedWatch
{
	slock_t mutex;
	ArchiveWatch watch;
} SharedWatch;

/* What is seen in one look. */
typedef struct Look
{
	uint64 transactions; /* asked for first: what has ended by then is in WAL */
	TimeLineID timeline;
	XLogRecPtr archived;
	XLogRecPtr important; /* start of the last record that matters */
	bool discards;
	ArchiveSpool spool;
	TimestampTz at;
} Look;

static SharedWatch *shared = NULL;
static bool is_watcher = false;

Size
dbops_archive_watch_shmem_size(void)
{
	return MAXALIGN(sizeof(SharedWatch));
}

void
dbops_archive_watch_shmem_init(void)
{
	bool found;

	shared = ShmemInitStruct("dbops archive watch", dbops_archive_watch_shmem_size(), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	SpinLockInit(&shared->mutex);
}

bool
dbops_archive_watch_transactions(uint64 *count)
{
	for (int i = 0; i < MAX_TRIES; i++)
	{
		int64 before;
		int64 after;
		bool rests = dbops_selfstat_writing(&before);

		*count = dbops_compat_ended_transactions() - (uint64) before;
		if (rests && dbops_selfstat_writing(&after) && after == before)
			return true;
		pg_usleep(PAUSE_US);
	}
	return false;
}

bool
dbops_archive_watch_is_clean(const ArchiveWatch *watch)
{
	uint64 transactions;

	return watch->clean_at != 0 && dbops_archive_watch_transactions(&transactions) &&
	       transactions == watch->clean_transactions;
}

static bool
look(Look *seen)
{
	const char *library = GetConfigOption("archive_library", true, false);
	bool has_library = library != NULL && library[0] != '\0';
	ArchiveStatus status;
	XLogRecPtr flushed;

	memset(seen, 0, sizeof(*seen));
	if (!dbops_archive_watch_transactions(&seen->transactions))
		return false;
	flushed = GetFlushRecPtr(&seen->timeline);
	dbops_archive_status_look(&status);
	if (!status.known)
		return false;
	seen->archived = dbops_archive_status_position(&status, flushed, wal_segment_size);
	seen->important = dbops_wal_position_important();
	if (!has_library)
	{
		seen->discards = dbops_archive_command_discards(XLogArchiveCommand);
		dbops_archive_spool_look(XLogArchiveCommand, &seen->spool);
	}
	seen->at = dbops_clock_now();
	return true;
}

static bool
grows(const ArchiveHole *hole)
{
	return hole->kind != HOLE_NONE && hole->end == InvalidXLogRecPtr;
}

/* Opens, moves and closes holes.  `watch` is as the look before left it. */
static void
follow_holes(ArchiveWatch *watch, const Look *seen)
{
	ArchiveHole *hole = &watch->hole;
	TimestampTz since = watch->clean_at != 0 ? watch->clean_at : seen->at;

	if (seen->discards && !(hole->kind == HOLE_DISCARDED && grows(hole)))
		*hole = (ArchiveHole){.kind = HOLE_DISCARDED,
		                      .timeline = seen->timeline,
		                      .start = watch->looked ? watch->archived : seen->archived,
		                      .since = since};
	else if (!seen->discards && hole->kind == HOLE_DISCARDED && grows(hole))
		hole->end = seen->archived;
	if (seen->spool.dropped == 0 || seen->discards)
		return;
	/* The same one while what was dropped before is still there or follows on it. */
	if (hole->kind != HOLE_DROPPED || seen->spool.dropped_from > hole->end)
		*hole = (ArchiveHole){.kind = HOLE_DROPPED,
		                      .timeline = seen->spool.timeline,
		                      .start = seen->spool.dropped_from,
		                      .since = since};
	hole->end = Max(hole->end, seen->spool.dropped_to);
}

/* Up to where WAL is safe as long as the hole, if there is one now, is not behind us. */
static XLogRecPtr
safe_position(const ArchiveWatch *watch, const Look *seen)
{
	return seen->discards || seen->spool.dropped > 0 ? watch->hole.start : seen->archived;
}

/* What ended since the look before is in WAL by now. */
static void
note_transactions(void)
{
	XLogRecPtr inserted;
	uint64 transactions;

	if (!dbops_archive_watch_transactions(&transactions))
		return;
	inserted = GetXLogInsertRecPtr();
	SpinLockAcquire(&shared->mutex);
	if (shared->watch.ended_before == InvalidXLogRecPtr ||
	    transactions != shared->watch.transactions)
	{
		shared->watch.transactions = transactions;
		shared->watch.ended_before = inserted;
	}
	SpinLockRelease(&shared->mutex);
}

bool
dbops_archive_watch_nothing_since(const ArchiveWatch *watch, XLogRecPtr lsn)
{
	uint64 transactions;

	return watch->ended_before != InvalidXLogRecPtr && watch->ended_before <= lsn &&
	       dbops_archive_watch_transactions(&transactions) && transactions == watch->transactions;
}

/* Nothing that matters is behind the safe position, or at least no transaction has ended there. */
static bool
is_all_safe(const ArchiveWatch *watch, const Look *seen)
{
	XLogRecPtr safe = safe_position(watch, seen);

	return seen->important < safe ||
	       (watch->transactions == seen->transactions && watch->ended_before <= safe);
}

void
dbops_archive_watch_look(void)
{
	ArchiveWatch watch;
	Look seen;

	if (shared == NULL || RecoveryInProgress())
		return;
	is_watcher = true;
	note_transactions();
	if (XLogArchiveMode == ARCHIVE_MODE_OFF)
		return;
	if (!look(&seen))
		return;
	SpinLockAcquire(&shared->mutex);
	watch = shared->watch;
	follow_holes(&watch, &seen);
	if (is_all_safe(&watch, &seen))
		watch.clean_transactions = seen.transactions;
	if (watch.clean_transactions != 0 && watch.clean_transactions == seen.transactions)
	{
		watch.clean_at = seen.at;
		if (seen.discards || seen.spool.dropped > 0)
			watch.hole.since = seen.at;
	}
	watch.archived = seen.archived;
	if (!watch.looked)
		watch.first_archived = seen.archived;
	watch.looked = true;
	shared->watch = watch;
	SpinLockRelease(&shared->mutex);
}

bool
dbops_archive_watch_read(ArchiveWatch *watch)
{
	memset(watch, 0, sizeof(*watch));
	if (shared == NULL)
		return false;
	SpinLockAcquire(&shared->mutex);
	*watch = shared->watch;
	SpinLockRelease(&shared->mutex);
	return watch->looked;
}

TimestampTz
dbops_archive_watch_progress(int64 archived_count, int64 failed_count, bool busy)
{
	TimestampTz now = dbops_clock_now();
	TimestampTz since = now;
	ArchiveWatch *watch;

	if (shared == NULL)
		return now;
	watch = &shared->watch;
	SpinLockAcquire(&shared->mutex);
	if (watch->same_since != 0 && watch->archived_count == archived_count &&
	    watch->failed_count == failed_count && watch->busy == busy)
		since = watch->same_since;
	else if (is_watcher)
	{
		watch->archived_count = archived_count;
		watch->failed_count = failed_count;
		watch->busy = busy;
		watch->same_since = now;
	}
	SpinLockRelease(&shared->mutex);
	return since;
}

bool
dbops_archive_watch_resume(ArchiveHole *stored)
{
	bool looked;

	if (shared == NULL)
		return false;
	SpinLockAcquire(&shared->mutex);
	looked = shared->watch.looked;
	if (looked && shared->watch.hole.kind == stored->kind && grows(&shared->watch.hole))
	{
		/* Clean was seen behind another start. */
		if (shared->watch.hole.start != stored->start)
		{
			shared->watch.clean_at = stored->since;
			shared->watch.clean_transactions = 0;
		}
		shared->watch.hole.start = stored->start;
		shared->watch.hole.timeline = stored->timeline;
		shared->watch.hole.since = stored->since;
	}
	else if (looked)
		stored->end = Max(shared->watch.first_archived, stored->start);
	SpinLockRelease(&shared->mutex);
	return looked;
}

void
dbops_archive_watch_recall(TimestampTz clean_at, XLogRecPtr archived)
{
	ArchiveWatch *watch;

	if (shared == NULL)
		return;
	watch = &shared->watch;
	SpinLockAcquire(&shared->mutex);
	if (watch->looked && watch->clean_at < clean_at && archived <= watch->archived &&
	    !grows(&watch->hole))
		watch->clean_at = clean_at;
	SpinLockRelease(&shared->mutex);
}
