/*
 * core/compat_replication.h
 *		The differences between PostgreSQL 15 and 19 in replication: slots, receivers, subscriptions.
 *
 * A part of core/compat.h in a file of its own, as only the families of replication need what it
 * includes.
 */
#pragma once

#include "pgstat.h"
#include "replication/slot.h"
#include "replication/walreceiver.h"
#include "replication/worker_internal.h"
#include "storage/proc.h"

/* Who streams from a slot, or 0; 19 keeps its process number.  ReplicationSlotControlLock held. */
static inline int
dbops_compat_slot_pid(const ReplicationSlot *slot)
{
#if PG_VERSION_NUM >= 190000
	return slot->active_proc == INVALID_PROC_NUMBER ? 0 : GetPGProcByNumber(slot->active_proc)->pid;
#else
	return slot->active_pid;
#endif
}

/* Why a slot can be used no more.  The numbers are stored in the history. */
typedef enum CompatInvalidation
{
	COMPAT_SLOT_VALID,
	COMPAT_SLOT_WAL_REMOVED,
	COMPAT_SLOT_ROWS_REMOVED,
	COMPAT_SLOT_WAL_LEVEL,
	COMPAT_SLOT_IDLE_TIMEOUT,
} CompatInvalidation;

/* What 16, 17 and 18 added to slots.  PG_INT64_MIN is unknown. */
typedef struct CompatSlot
{
	int pid;
	CompatInvalidation invalidation;
	int64 conflicting;
	int64 failover;
	int64 synced;
	TimestampTz inactive_since; /* 0: unknown */
} CompatSlot;

/* All but the pid; the slot's spinlock held. */
static inline void
dbops_compat_slot(const ReplicationSlot *slot, CompatSlot *more)
{
	*more =
	    (CompatSlot){.conflicting = PG_INT64_MIN, .failover = PG_INT64_MIN, .synced = PG_INT64_MIN};
#if PG_VERSION_NUM >= 160000
	switch (slot->data.invalidated)
	{
		case RS_INVAL_NONE:
			break;
		case RS_INVAL_WAL_REMOVED:
			more->invalidation = COMPAT_SLOT_WAL_REMOVED;
			break;
		case RS_INVAL_HORIZON:
			more->invalidation = COMPAT_SLOT_ROWS_REMOVED;
			break;
		case RS_INVAL_WAL_LEVEL:
			more->invalidation = COMPAT_SLOT_WAL_LEVEL;
			break;
#if PG_VERSION_NUM >= 180000
		case RS_INVAL_IDLE_TIMEOUT:
			more->invalidation = COMPAT_SLOT_IDLE_TIMEOUT;
			break;
#endif
	}
	more->conflicting = more->invalidation == COMPAT_SLOT_ROWS_REMOVED ||
	                    more->invalidation == COMPAT_SLOT_WAL_LEVEL;
#else
	if (slot->data.invalidated_at != InvalidXLogRecPtr &&
	    slot->data.restart_lsn == InvalidXLogRecPtr)
		more->invalidation = COMPAT_SLOT_WAL_REMOVED;
#endif
#if PG_VERSION_NUM >= 170000
	more->failover = slot->data.failover;
	more->synced = slot->data.synced != 0;
	more->inactive_since = slot->inactive_since;
#endif
}

/* 19 counts how often decoding needed more memory than it may take. */
static inline int64
dbops_compat_slot_mem_exceeded(const PgStat_StatReplSlotEntry *stats)
{
#if PG_VERSION_NUM >= 190000
	return stats->mem_exceeded_count;
#else
	return PG_INT64_MIN;
#endif
}

/* State of the WAL receiver as a number that is the same in all versions; 19 added connecting. */
static inline int
dbops_compat_receiver_state(WalRcvState state)
{
	switch (state)
	{
		case WALRCV_STOPPED:
			return 0;
		case WALRCV_STARTING:
			return 1;
		case WALRCV_STREAMING:
			return 2;
		case WALRCV_WAITING:
			return 3;
		case WALRCV_RESTARTING:
			return 4;
		case WALRCV_STOPPING:
			return 5;
#if PG_VERSION_NUM >= 190000
		case WALRCV_CONNECTING:
			return 6;
#endif
	}
	return 0;
}

/* Has the WAL receiver tell its sender how far replay is; 19 renamed it, and asks for no more. */
static inline void
dbops_compat_report_replay(void)
{
#if PG_VERSION_NUM >= 190000
	WalRcvRequestApplyReply();
#else
	WalRcvForceReply();
#endif
}

/* A List of LogicalRepWorker, those running for a subscription; LogicalRepWorkerLock held. */
static inline List *
dbops_compat_logical_workers(Oid subid)
{
#if PG_VERSION_NUM >= 180000
	return logicalrep_workers_find(subid, true, false);
#else
	return logicalrep_workers_find(subid, true);
#endif
}

/* 16 added workers that help the one that applies, 19 one for sequences. */
static inline bool
dbops_compat_is_parallel_apply(const LogicalRepWorker *worker)
{
#if PG_VERSION_NUM >= 160000
	return worker->leader_pid != InvalidPid;
#else
	return false;
#endif
}

static inline bool
dbops_compat_is_sync(const LogicalRepWorker *worker)
{
#if PG_VERSION_NUM >= 190000
	if (worker->type == WORKERTYPE_SEQUENCESYNC)
		return true;
#endif
	return OidIsValid(worker->relid);
}

#define COMPAT_SUBSCRIPTION_CONFLICTS 8

/* Statistics of a subscription: 18 counts conflicts, 19 one kind more and sequences apart. */
typedef struct CompatSubscription
{
	int64 apply_errors;
	int64 sync_errors;
	/* insert_exists, update_origin_differs, update_exists, update_missing, delete_origin_differs,
	 * delete_missing, multiple_unique_conflicts, update_deleted */
	int64 conflicts[COMPAT_SUBSCRIPTION_CONFLICTS];
} CompatSubscription;

static inline CompatSubscription
dbops_compat_subscription(const PgStat_StatSubEntry *stats)
{
	CompatSubscription result = {.apply_errors = stats->apply_error_count};

	for (int i = 0; i < COMPAT_SUBSCRIPTION_CONFLICTS; i++)
		result.conflicts[i] = PG_INT64_MIN;
#if PG_VERSION_NUM >= 190000
	result.sync_errors = stats->sync_table_error_count + stats->sync_seq_error_count;
	result.conflicts[7] = stats->conflict_count[CT_UPDATE_DELETED];
#else
	result.sync_errors = stats->sync_error_count;
#endif
#if PG_VERSION_NUM >= 180000
	result.conflicts[0] = stats->conflict_count[CT_INSERT_EXISTS];
	result.conflicts[1] = stats->conflict_count[CT_UPDATE_ORIGIN_DIFFERS];
	result.conflicts[2] = stats->conflict_count[CT_UPDATE_EXISTS];
	result.conflicts[3] = stats->conflict_count[CT_UPDATE_MISSING];
	result.conflicts[4] = stats->conflict_count[CT_DELETE_ORIGIN_DIFFERS];
	result.conflicts[5] = stats->conflict_count[CT_DELETE_MISSING];
	result.conflicts[6] = stats->conflict_count[CT_MULTIPLE_UNIQUE_CONFLICTS];
#endif
	return result;
}
