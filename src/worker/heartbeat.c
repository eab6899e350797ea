/*
 * worker/heartbeat.c
 *		A sign of life for standbys; see heartbeat.h.
 */
#include "postgres.h"

#include "access/rmgr.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_control.h"
#include "replication/slot.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/spin.h"

#include "core/clock.h"
#include "core/compat_replication.h"
#include "core/guc.h"
#include "worker/heartbeat.h"

/* A little less than the sampler's pause, so that none is left out. */
#define BEAT_EVERY_US (900 * INT64CONST(1000))

/* Logical replication has signs of life of its own. */
static bool
decodes(int pid)
{
	bool found = false;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots && !found; i++)
	{
		const ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];

		found =
		    slot->in_use && OidIsValid(slot->data.database) && dbops_compat_slot_pid(slot) == pid;
	}
	LWLockRelease(ReplicationSlotControlLock);
	return found;
}

/* A base backup or a standby that catches up gets WAL enough. */
static bool
has_listener(void)
{
	for (int i = 0; i < max_wal_senders; i++)
	{
		WalSnd *walsnd = &WalSndCtl->walsnds[i];
		int pid;

		SpinLockAcquire(&walsnd->mutex);
		pid = walsnd->state == WALSNDSTATE_STREAMING ? walsnd->pid : 0;
		SpinLockRelease(&walsnd->mutex);
		if (pid != 0 && !decodes(pid))
			return true;
	}
	return false;
}

static XLogRecPtr
write_nothing(void)
{
	TimestampTz now = dbops_clock_now();
	XLogRecPtr end;

	XLogBeginInsert();
	XLogRegisterData((char *) &now, sizeof(now));
	XLogSetRecordFlags(XLOG_MARK_UNIMPORTANT);
	end = XLogInsert(RM_XLOG_ID, XLOG_NOOP);
	/* The WAL writer flushes it. */
	XLogSetAsyncXactLSN(end);
	return end;
}

void
dbops_heartbeat_beat(void)
{
	static int64 beat_us = 0;
	static XLogRecPtr seen_lsn = InvalidXLogRecPtr;
	int64 now_us = dbops_clock_monotonic_us();
	XLogRecPtr written;

	if (!dbops_guc_heartbeat || RecoveryInProgress() || now_us - beat_us < BEAT_EVERY_US)
		return;
	beat_us = now_us;
	written = GetXLogInsertRecPtr();
	if (written == seen_lsn && has_listener())
		written = write_nothing();
	seen_lsn = written;
}
