/*
 * collect/blockers.c
 *		Who keeps a process from getting the lock it waits for; see blockers.h.
 *
 * The pointer to the lock waited for is set and cleared under the lock's partition only.  Read
 * without it, the lock's tag tells which partition that would be, even if it has become another
 * lock's meanwhile; under the partition both are read again, and if they still agree, everything
 * hanging on that lock stands still.  The memory of the lock table is never given back.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

#include "collect/blockers.h"
#include "collect/session.h"
#include "core/compat.h"
#include "core/compat_sessions.h"

const char *const dbops_blockers_lock_words[] = {
    [LOCKTAG_RELATION] = "relation",
    [LOCKTAG_RELATION_EXTEND] = "extend",
    [LOCKTAG_DATABASE_FROZEN_IDS] = "frozenid",
    [LOCKTAG_PAGE] = "page",
    [LOCKTAG_TUPLE] = "tuple",
    [LOCKTAG_TRANSACTION] = "transactionid",
    [LOCKTAG_VIRTUALTRANSACTION] = "virtualxid",
    [LOCKTAG_SPECULATIVE_TOKEN] = "spectoken",
    [LOCKTAG_OBJECT] = "object",
    [LOCKTAG_USERLOCK] = "userlock",
    [LOCKTAG_ADVISORY] = "advisory",
    "applytransaction",
    NULL,
};

const char *const dbops_blockers_mode_words[] = {
    [NoLock] = "none",
    [AccessShareLock] = "AccessShareLock",
    [RowShareLock] = "RowShareLock",
    [RowExclusiveLock] = "RowExclusiveLock",
    [ShareUpdateExclusiveLock] = "ShareUpdateExclusiveLock",
    [ShareLock] = "ShareLock",
    [ShareRowExclusiveLock] = "ShareRowExclusiveLock",
    [ExclusiveLock] = "ExclusiveLock",
    [AccessExclusiveLock] = "AccessExclusiveLock",
    [AccessExclusiveLock + 1] = NULL,
};

/* The last one is a kind of lock that 16 brought. */
StaticAssertDecl(lengthof(dbops_blockers_lock_words) > LOCKTAG_LAST_TYPE + 1,
                 "each kind of lock has its word");

static bool
enter(LWLock *partition, BlockersPatience patience)
{
	if (patience == BLOCKERS_TRY)
		return LWLockConditionalAcquire(partition, LW_SHARED);
	LWLockAcquire(partition, LW_SHARED);
	return true;
}

static bool
is_same_lock(const LOCKTAG *a, const LOCKTAG *b)
{
	return memcmp(a, b, sizeof(LOCKTAG)) == 0;
}

/* Adds the leader of a process that stands in the way, once. */
static void
add_blocker(Blocked *blocked, PGPROC *proc, bool holds)
{
	PGPROC *leader = dbops_session_leader(proc);

	if (leader == blocked->proc)
		return;
	for (int i = 0; i < blocked->nblockers; i++)
	{
		if (blocked->blockers[i].proc == leader)
			return;
	}
	blocked->blockers[blocked->nblockers++] =
	    (Blocker){.proc = leader, .pid = leader->pid, .xid = leader->xid, .holds = holds};
}

/*
 * Under the lock's partition, and so not for long: once there is no room for more, of a lock that
 * hundreds hold or wait for, the rest is not looked at.
 */
static void
list_blockers(LOCK *lock, PGPROC *waiter, Blocked *blocked)
{
	LOCKMASK conflicts = GetLocksMethodTable(lock)->conflictTab[blocked->mode];
	PROCLOCK *holder = NULL;
	PGPROC *ahead = NULL;

	while (blocked->nblockers < BLOCKERS_MAX &&
	       (holder = dbops_compat_next_holder(lock, holder)) != NULL)
	{
		if ((holder->holdMask & conflicts) != 0)
			add_blocker(blocked, holder->tag.myProc, true);
	}
	while (blocked->nblockers < BLOCKERS_MAX &&
	       (ahead = dbops_compat_next_waiter(lock, ahead)) != NULL && ahead != waiter)
	{
		if ((LOCKBIT_ON(ahead->waitLockMode) & conflicts) != 0)
			add_blocker(blocked, ahead, false);
	}
}

bool
dbops_blockers_find(PGPROC *waiter, BlockersPatience patience, Blocked *blocked)
{
	LOCK *lock = ((volatile PGPROC *) waiter)->waitLock;
	LWLock *partition;
	bool found;

	if (lock == NULL)
		return false;
	blocked->tag = lock->tag;
	partition = LockHashPartitionLock(LockTagHashCode(&blocked->tag));
	if (!enter(partition, patience))
		return false;
	found =
	    ((volatile PGPROC *) waiter)->waitLock == lock && is_same_lock(&lock->tag, &blocked->tag);
	if (found)
	{
		blocked->proc = dbops_session_leader(waiter);
		blocked->pid = blocked->proc->pid;
		blocked->mode = waiter->waitLockMode;
		blocked->since = (TimestampTz) pg_atomic_read_u64(&waiter->waitStart);
		blocked->nblockers = 0;
		list_blockers(lock, waiter, blocked);
	}
	LWLockRelease(partition);
	return found;
}

/* The table of a row that the process has locked, looking in one partition. */
static Oid
find_tuple_table(PGPROC *proc, int number, BlockersPatience patience)
{
	LWLock *partition = LockHashPartitionLockByIndex(number);
	PROCLOCK *held = NULL;
	Oid relid = InvalidOid;

	/* Read without a lock: a process has locks in few partitions. */
	if (dbops_compat_next_held(proc, number, NULL) == NULL || !enter(partition, patience))
		return InvalidOid;
	while (!OidIsValid(relid) && (held = dbops_compat_next_held(proc, number, held)) != NULL)
	{
		if (LOCK_LOCKTAG(*held->tag.myLock) == LOCKTAG_TUPLE)
			relid = held->tag.myLock->tag.locktag_field2;
	}
	LWLockRelease(partition);
	return relid;
}

Oid
dbops_blockers_relation(const Blocked *blocked, BlockersPatience patience)
{
	Oid relid = InvalidOid;

	switch (blocked->tag.locktag_type)
	{
		case LOCKTAG_RELATION:
		case LOCKTAG_RELATION_EXTEND:
		case LOCKTAG_PAGE:
		case LOCKTAG_TUPLE:
			return blocked->tag.locktag_field2;
		case LOCKTAG_TRANSACTION:
			for (int i = 0; i < NUM_LOCK_PARTITIONS && !OidIsValid(relid); i++)
				relid = find_tuple_table(blocked->proc, i, patience);
			return relid;
		default:
			return InvalidOid;
	}
}
