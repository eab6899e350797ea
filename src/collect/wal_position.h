/*
 * collect/wal_position.h
 *		The end of WAL, and how far others are behind it.
 *
 * A file of its own because what counts as the end differs between a primary and a standby, and
 * every family of replication measures from it.
 */
#pragma once

#include "access/transam.h"
#include "access/xlogdefs.h"

/* Flushed on a primary; received or replayed, whichever is more, on a standby. */
extern XLogRecPtr dbops_wal_position_end(void);

/*
 * No record that matters begins behind this.  The server forgets with a start what was important
 * before; then it is the end of what that start found, a record of its own that says so left out.
 */
extern XLogRecPtr dbops_wal_position_important(void);

/* Bytes from a position to the end, never negative; FAMILY_NULL for no position. */
extern int64 dbops_wal_position_lag(XLogRecPtr end, XLogRecPtr position);

/* A position as a metric: its number, or FAMILY_NULL. */
extern int64 dbops_wal_position_value(XLogRecPtr position);

/* Transactions since an XID; FAMILY_NULL for none. */
extern int64 dbops_wal_position_xid_age(TransactionId xid);
