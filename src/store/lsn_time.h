/*
 * store/lsn_time.h
 *		The time of an LSN: when WAL reached it, and for how long it has not been the latest.
 *
 * The one primitive under lag, slot retention and what a disaster would lose.  The sampler notes
 * every second how far WAL is in a curve in shared memory (store/lsn_curve.h).  What is older, or
 * from before a start, comes from the history: server_history.wal_lsn of whichever node was the
 * primary then.
 *
 * On a standby the curve is that of the server it receives from, told by that server's clock: each
 * message carries its end of WAL and its time.  "Now" is put into that clock by the message that
 * travelled fastest, so that a difference of clocks does not count, only the way of that message.
 * Behind another standby, the primary's replicated history corrects what the one between delays, as
 * far as it reaches; there the difference of those two clocks remains.
 *
 * A clock set back moves all points with it, so that ages stay right and the order is kept.  Set
 * forward, it cannot be told from a machine that was asleep: the time counts as passed.
 */
#pragma once

#include "store/lsn_curve.h"

extern Size dbops_lsn_time_shmem_size(void);
extern void dbops_lsn_time_shmem_init(void);

/* Notes how far WAL is, if the last time was a second ago; for the sampler. */
extern void dbops_lsn_time_note(void);

/*
 * When the primary's WAL reached the LSN, between two samples in proportion to the bytes.  False if
 * it is older than all that is known, or ahead of the present.  Under the active snapshot.
 */
extern bool dbops_lsn_time_reached(XLogRecPtr lsn, TimestampTz *at);

/*
 * For how long something newer than the LSN has existed; 0 while nothing does.  On a primary only
 * what matters counts, not what the server writes for its standbys alone.  On a standby
 * without a living connection that cannot be known: then it is the time since it last was.  False
 * if the LSN is older than all that is known.
 */
extern bool dbops_lsn_time_age(XLogRecPtr lsn, int64 *age_us);

/*
 * The same by the points in shared memory alone: for the sampler, which sees no tables.  False also
 * for what is from before the start.
 */
extern bool dbops_lsn_time_recent_age(XLogRecPtr lsn, int64 *age_us);

/*
 * How many transaction ids were given out since WAL reached the LSN, by the points in shared
 * memory: those that wrote, whether or not they committed.  False on a standby, and for what is
 * from before the start.
 */
extern bool dbops_lsn_time_transactions_since(XLogRecPtr lsn, int64 *transactions);

/* WAL written a second over the last minutes; false while that is not known. */
extern bool dbops_lsn_time_rate(double *bytes_per_second);

/* The points in shared memory, oldest first, in the current context.  Never NULL. */
extern LsnPoint *dbops_lsn_time_points(int *count);
