/*
 * collect/lock.c
 *		The family "lock": how many heavyweight locks there are, of which kind and mode, and how long
 *		somebody has waited for one.
 *
 * The server's own way to show locks copies all of them while it holds every partition of the lock
 * table.  Here locks are counted where they are: process by process, one partition at a time, which
 * is let go after some hundred locks.  A lock that moves meanwhile may be missed or counted twice;
 * the locks of one process in one partition are seen as they were at one moment.
 *
 * Nothing is allocated under a lock: there is room for all that a slice may find before it begins.
 */
#include "postgres.h"

#include "access/twophase.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

#include "collect/collectors.h"
#include "collect/departed.h"
#include "collect/descriptor.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/compat_sessions.h"
#include "store/frame.h"

/* A partition is let go after so many locks, at the next process. */
#define SLICE_LOCKS 512

/*
 * Kinds that a slice may meet for the first time: one for each lock, but for the last process,
 * which has all its locks in its own database or in none.
 */
#define SLICE_KINDS (SLICE_LOCKS + 2 * LOCK_TYPES * MAX_LOCKMODES)
#define LOCK_TYPES 12

enum
{
	LOCK_GRANTED,
	LOCK_WAITING,
	LOCK_FASTPATH,
	LOCK_LONGEST_WAIT_MS,
	LOCK_NMETRICS
};

/* By LockTagType and LOCKMODE, as pg_locks has them. */
static const char *const locktype_words[] = {
    "relation",      "extend",           "frozenid",  "page",   "tuple",
    "transactionid", "virtualxid",       "spectoken", "object", "userlock",
    "advisory",      "applytransaction", NULL,
};
static const char *const mode_words[] = {
    "none",
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
    NULL,
};

static const Label labels[] = {
    LABEL_OF_DATABASE(
        "Database of what is locked; for transactions that of the process; 0 for shared objects"),
    LABEL_OF_WORDS("locktype", locktype_words, "Kind of what is locked, as in pg_locks"),
    LABEL_OF_WORDS("mode", mode_words, "Mode of the lock, as in pg_locks"),
};

static const Metric metrics[] = {
    [LOCK_GRANTED] = GAUGE(1, "granted", "", ROLLUP_MAX, "Locks held"),
    [LOCK_WAITING] = GAUGE(2, "waiting", "", ROLLUP_MAX, "Locks that processes wait for"),
    [LOCK_FASTPATH] =
        GAUGE(3, "fastpath", "", ROLLUP_MAX, "Those held that did not need the lock table"),
    [LOCK_LONGEST_WAIT_MS] =
        LONGEST_MS(4, "longest_wait_ms", "How long the first of those waiting has waited"),
};

typedef struct LockCount
{
	Oid datid;
	int16 locktype;
	int16 mode; /* NoLock: a free place */
	int32 granted;
	int32 waiting;
	int32 fastpath;
	int64 longest_wait_us;
} LockCount;

/* A hash table with open addressing; `capacity` is a power of two. */
typedef struct LockCounts
{
	LockCount *places;
	uint32 capacity;
	uint32 used;
	TimestampTz now;
} LockCounts;

static Departed departed;

static LockCount *
find_place(const LockCounts *counts, Oid datid, int locktype, int mode)
{
	uint32 place = (datid * 31 + locktype * MAX_LOCKMODES + mode) * 0x9E3779B1u;

	place = (place >> 7) & (counts->capacity - 1);
	for (;;)
	{
		LockCount *count = &counts->places[place];

		if (count->mode == NoLock ||
		    (count->datid == datid && count->locktype == locktype && count->mode == mode))
			return count;
		place = (place + 1) & (counts->capacity - 1);
	}
}

/* Sees to it that all kinds of a slice find a place. */
static void
make_room(LockCounts *counts)
{
	LockCounts old = *counts;

	if (counts->capacity > 2 * (counts->used + SLICE_KINDS))
		return;
	counts->capacity = Max(old.capacity * 2, pg_nextpower2_32(4 * SLICE_KINDS));
	counts->places = palloc0(sizeof(LockCount) * counts->capacity);
	for (uint32 i = 0; i < old.capacity; i++)
	{
		const LockCount *count = &old.places[i];

		if (count->mode != NoLock)
			*find_place(counts, count->datid, count->locktype, count->mode) = *count;
	}
}

static LockCount *
get_count(LockCounts *counts, Oid datid, int locktype, int mode)
{
	LockCount *count = find_place(counts, datid, locktype, mode);

	if (count->mode == NoLock)
	{
		counts->used++;
		count->datid = datid;
		count->locktype = locktype;
		count->mode = mode;
	}
	return count;
}

static Oid
database_of(const LOCKTAG *tag, const PGPROC *proc)
{
	switch ((LockTagType) tag->locktag_type)
	{
		case LOCKTAG_TRANSACTION:
		case LOCKTAG_VIRTUALTRANSACTION:
		case LOCKTAG_SPECULATIVE_TOKEN:
			return proc->databaseId;
		default:
			return tag->locktag_field1;
	}
}

/* Under the lock of the partition. */
static void
count_lock(LockCounts *counts, const PGPROC *proc, const PROCLOCK *lock)
{
	const LOCKTAG *tag = &lock->tag.myLock->tag;
	Oid datid = database_of(tag, proc);

	if (tag->locktag_type >= LOCK_TYPES)
		return;
	for (int mode = 1; mode < MAX_LOCKMODES; mode++)
	{
		if ((lock->holdMask & LOCKBIT_ON(mode)) != 0)
			get_count(counts, datid, tag->locktag_type, mode)->granted++;
	}
	if (proc->waitLock == lock->tag.myLock)
	{
		LockCount *count = get_count(counts, datid, tag->locktag_type, proc->waitLockMode);
		int64 since = (int64) pg_atomic_read_u64((pg_atomic_uint64 *) &proc->waitStart);

		count->waiting++;
		/* The instant is noted a moment after the wait began. */
		if (since != 0)
			count->longest_wait_us = Max(count->longest_wait_us, counts->now - since);
	}
}

static int
count_partition_of(LockCounts *counts, PGPROC *proc, int partition)
{
	PROCLOCK *lock = NULL;
	int seen = 0;

	if (proc == MyProc)
		return 0;
	while ((lock = dbops_compat_next_held(proc, partition, lock)) != NULL)
	{
		count_lock(counts, proc, lock);
		seen++;
	}
	return seen;
}

/* Processes, and behind them what stands for prepared transactions. */
static PGPROC *
get_holder(int number)
{
	int nprocesses = (int) ProcGlobal->allProcCount;

	return number < nprocesses ? &ProcGlobal->allProcs[number] :
	                             &PreparedXactProcs[number - nprocesses];
}

static void
count_partition(LockCounts *counts, int partition)
{
	int nholders = (int) ProcGlobal->allProcCount + max_prepared_xacts;
	int holder = 0;

	while (holder < nholders)
	{
		int seen = 0;

		make_room(counts);
		LWLockAcquire(LockHashPartitionLockByIndex(partition), LW_SHARED);
		while (holder < nholders && seen < SLICE_LOCKS)
			seen += count_partition_of(counts, get_holder(holder++), partition);
		LWLockRelease(LockHashPartitionLockByIndex(partition));
	}
}

/* Weak locks on relations that the process keeps to itself, and its virtual transaction. */
static void
count_fastpath_of(LockCounts *counts, PGPROC *proc)
{
	int nslots = dbops_compat_fastpath_slots();

	make_room(counts);
	LWLockAcquire(&proc->fpInfoLock, LW_SHARED);
	for (int slot = 0; slot < nslots; slot++)
	{
		uint32 modes = dbops_compat_fastpath_modes(proc, slot);

		for (int mode = 1; modes != 0; mode++, modes >>= 1)
		{
			if ((modes & 1) == 0)
				continue;
			get_count(counts, proc->databaseId, LOCKTAG_RELATION, mode)->granted++;
			get_count(counts, proc->databaseId, LOCKTAG_RELATION, mode)->fastpath++;
		}
	}
	if (proc->fpVXIDLock)
	{
		get_count(counts, proc->databaseId, LOCKTAG_VIRTUALTRANSACTION, ExclusiveLock)->granted++;
		get_count(counts, proc->databaseId, LOCKTAG_VIRTUALTRANSACTION, ExclusiveLock)->fastpath++;
	}
	LWLockRelease(&proc->fpInfoLock);
}

static void
add_count(Frame *frame, const LockCount *count)
{
	const EntityKey key = {{count->datid, count->locktype, count->mode}};
	int64 *values = dbops_frame_add(frame, &key, NULL);

	values[LOCK_GRANTED] = count->granted;
	values[LOCK_WAITING] = count->waiting;
	values[LOCK_FASTPATH] = count->fastpath;
	values[LOCK_LONGEST_WAIT_MS] = count->longest_wait_us;
}

static void
end_count(int64 *values)
{
	memset(values, 0, sizeof(int64) * LOCK_NMETRICS);
}

static void
read_locks(Frame *frame)
{
	LockCounts counts = {.now = dbops_clock_now()};

	for (int i = 0; i < (int) ProcGlobal->allProcCount; i++)
	{
		PGPROC *proc = &ProcGlobal->allProcs[i];

		if (proc->pid != 0 && proc != MyProc)
			count_fastpath_of(&counts, proc);
	}
	for (int partition = 0; partition < NUM_LOCK_PARTITIONS; partition++)
		count_partition(&counts, partition);
	for (uint32 i = 0; i < counts.capacity; i++)
	{
		if (counts.places[i].mode != NoLock)
			add_count(frame, &counts.places[i]);
	}
	dbops_departed_add(&departed, frame, end_count);
}

const Family dbops_family_lock = {
    .id = 14,
    .name = "lock",
    .help = "Heavyweight locks, held and waited for, by what is locked and mode",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .refresh_hourly = true,
    .read = read_locks,
};
