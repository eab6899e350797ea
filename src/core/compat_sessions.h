/*
 * core/compat_sessions.h
 *		The differences between PostgreSQL 15 and 19 in sessions and what they lock.
 *
 * A part of core/compat.h in a file of its own, as only who looks at them needs it.
 */
#pragma once

#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/backend_status.h"
#include "utils/wait_event.h"

/*
 * The shared array of session states.  Up to 16 backends have their place by backend id and
 * auxiliary processes theirs by type, behind; from 17 on both go by process number.
 */
static inline PgBackendStatus *
dbops_compat_status_array(void)
{
	return MyBEEntry - DBOPS_MY_PROC_NUMBER;
}

static inline int
dbops_compat_status_slots(void)
{
#if PG_VERSION_NUM >= 170000
	return MaxBackends + NUM_AUXILIARY_PROCS;
#else
	return MaxBackends + NUM_AUXPROCTYPES;
#endif
}

/* The process in a place of that array; NULL where its pid alone tells. */
static inline PGPROC *
dbops_compat_proc_of_status(int slot)
{
#if PG_VERSION_NUM >= 170000
	return GetPGProcByNumber(slot);
#else
	return NULL;
#endif
}

/* The place of a process in that array; -1 where its pid alone tells. */
static inline int
dbops_compat_status_of_proc(const PGPROC *proc)
{
#if PG_VERSION_NUM >= 170000
	return GetNumberFromPGProc(proc);
#else
	return proc->backendId == InvalidBackendId ? -1 : proc->backendId - 1;
#endif
}

/* What a WAL sender waits for when it has nothing to send; 17 renamed it. */
#if PG_VERSION_NUM >= 170000
#define DBOPS_WAIT_SENDER_IDLE WAIT_EVENT_WAL_SENDER_WAIT_FOR_WAL
#else
#define DBOPS_WAIT_SENDER_IDLE WAIT_EVENT_WAL_SENDER_WAIT_WAL
#endif

/*
 * The holders of a lock and who waits for it, one after the other: NULL begins, and is the end.
 * 16 made the lists doubly linked ones, 19 gave the queue a link of its own.
 */
static inline PROCLOCK *
dbops_compat_next_holder(LOCK *lock, PROCLOCK *after)
{
#if PG_VERSION_NUM >= 160000
	dlist_node *node = after ? after->lockLink.next : lock->procLocks.head.next;

	if (node == NULL || node == &lock->procLocks.head)
		return NULL;
	return dlist_container(PROCLOCK, lockLink, node);
#else
	return (PROCLOCK *) SHMQueueNext(&lock->procLocks, after ? &after->lockLink : &lock->procLocks,
	                                 offsetof(PROCLOCK, lockLink));
#endif
}

static inline PGPROC *
dbops_compat_next_waiter(LOCK *lock, PGPROC *after)
{
#if PG_VERSION_NUM >= 190000
#define DBOPS_WAIT_LINK waitLink
#else
#define DBOPS_WAIT_LINK links
#endif
#if PG_VERSION_NUM >= 160000
	dlist_node *head = &lock->waitProcs.dlist.head;
	dlist_node *node = after ? after->DBOPS_WAIT_LINK.next : head->next;

	if (node == NULL || node == head)
		return NULL;
	return dlist_container(PGPROC, DBOPS_WAIT_LINK, node);
#else
	SHM_QUEUE *head = &lock->waitProcs.links;

	return (PGPROC *) SHMQueueNext(head, after ? &after->DBOPS_WAIT_LINK : head,
	                               offsetof(PGPROC, DBOPS_WAIT_LINK));
#endif
}

/* The locks a process has in one partition, likewise. */
static inline PROCLOCK *
dbops_compat_next_held(PGPROC *proc, int partition, PROCLOCK *after)
{
#if PG_VERSION_NUM >= 160000
	dlist_node *head = &proc->myProcLocks[partition].head;
	dlist_node *node = after ? after->procLink.next : head->next;

	if (node == NULL || node == head)
		return NULL;
	return dlist_container(PROCLOCK, procLink, node);
#else
	SHM_QUEUE *head = &proc->myProcLocks[partition];

	return (PROCLOCK *) SHMQueueNext(head, after ? &after->procLink : head,
	                                 offsetof(PROCLOCK, procLink));
#endif
}

/*
 * Fast-path locks: each slot of a process has a bit for each of the modes 1 to 3.  18 made their
 * number depend on max_locks_per_transaction, in groups of 16.
 */
#define DBOPS_FASTPATH_GROUP 16
#define DBOPS_FASTPATH_BITS 3

static inline int
dbops_compat_fastpath_slots(void)
{
#if PG_VERSION_NUM >= 180000
	return FastPathLockSlotsPerBackend();
#else
	return FP_LOCK_SLOTS_PER_BACKEND;
#endif
}

/* The modes held by way of a slot: bit 0 is mode 1.  Under the process' fpInfoLock. */
static inline uint32
dbops_compat_fastpath_modes(const PGPROC *proc, int slot)
{
#if PG_VERSION_NUM >= 180000
	uint64 bits = proc->fpLockBits[slot / DBOPS_FASTPATH_GROUP];
#else
	uint64 bits = proc->fpLockBits;
#endif

	return (uint32) (bits >> (slot % DBOPS_FASTPATH_GROUP * DBOPS_FASTPATH_BITS)) & 7;
}
