/*
 * collect/wal_position.c
 *		The end of WAL, and how far others are behind it; see wal_position.h.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "access/xlogrecovery.h"
#include "replication/walreceiver.h"

#include "collect/wal_position.h"
#include "store/family.h"

XLogRecPtr
dbops_wal_position_end(void)
{
	XLogRecPtr received;

	if (!RecoveryInProgress())
		return GetFlushRecPtr(NULL);
	received = GetWalRcvFlushRecPtr(NULL, NULL);
	return Max(received, GetXLogReplayRecPtr(NULL));
}

XLogRecPtr
dbops_wal_position_important(void)
{
	XLogRecPtr important = GetLastImportantRecPtr();

	if (important != InvalidXLogRecPtr)
		return important;
	important = GetRedoRecPtr();
	if (XLogSegmentOffset(important, wal_segment_size) == SizeOfXLogLongPHD)
		important -= SizeOfXLogLongPHD;
	return important - 1;
}

int64
dbops_wal_position_lag(XLogRecPtr end, XLogRecPtr position)
{
	if (position == InvalidXLogRecPtr)
		return FAMILY_NULL;
	return position < end ? (int64) (end - position) : 0;
}

int64
dbops_wal_position_value(XLogRecPtr position)
{
	return position == InvalidXLogRecPtr ? FAMILY_NULL : (int64) position;
}

int64
dbops_wal_position_xid_age(TransactionId xid)
{
	return TransactionIdIsNormal(xid) ? (int32) (ReadNextTransactionId() - xid) : FAMILY_NULL;
}
