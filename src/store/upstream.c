/*
 * store/upstream.c
 *		What a standby knows of the server it receives from; see upstream.h.
 *
 * One process writes, the sampler; readers look at a counter before and after, which is odd while
 * it does, and try again if it moved.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "replication/walreceiver.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#include "core/clock.h"
#include "core/compat_replication.h"
#include "store/upstream.h"

/* No message is under way for longer: the connection would not live. */
#define LONGEST_WAY_US (30 * USECS_PER_SEC)

/* After half of its timeout a receiver asks for an answer, which has this long to come. */
#define ANSWER_MS 5000

/* Pauses between messages are remembered for one to two of these; fewer say nothing. */
#define PAUSES_FOR_US (5 * USECS_PER_MINUTE)
#define PAUSES_LEAST 5

/* A little less than the sampler's pause, so that none is left out. */
#define REPORT_EVERY_US (900 * INT64CONST(1000))

/* The pauses of one period. */
typedef struct Pauses
{
	int count;
	int64 longest_us;
} Pauses;

typedef struct Upstream
{
	pg_atomic_uint64 changes; /* odd while the message changes */
	UpstreamMessage heard;    /* the last that the sampler saw */
	bool knows_clock;
	int64 ahead_us;          /* the sender's clock, of ours */
	Pauses pauses[2];        /* of this period and of the one before */
	int64 period_began_us;   /* by the monotonic clock */
	XLogRecPtr reported_lsn; /* replayed when last asked to tell */
	int64 reported_us;       /* and when that was, by the monotonic clock */
} Upstream;

static Upstream *shared = NULL;

Size
dbops_upstream_shmem_size(void)
{
	return MAXALIGN(sizeof(Upstream));
}

void
dbops_upstream_shmem_init(void)
{
	bool found;

	shared = ShmemInitStruct("dbops upstream", dbops_upstream_shmem_size(), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	pg_atomic_init_u64(&shared->changes, 0);
}

/* The sampler changes it once a second, and is at once done. */
static UpstreamMessage
noted_message(void)
{
	UpstreamMessage heard = {0};
	uint64 before;
	uint64 after;

	if (shared == NULL)
		return heard;
	do
	{
		CHECK_FOR_INTERRUPTS();
		before = pg_atomic_read_u64(&shared->changes);
		pg_read_barrier();
		heard = shared->heard;
		pg_read_barrier();
		after = pg_atomic_read_u64(&shared->changes);
	} while (before % 2 != 0 || before != after);
	return heard;
}

/* A receiver that starts sets the times to that moment, all to the same. */
static bool
has_come(const UpstreamMessage *message)
{
	return message->received_at != 0 && message->sent_at != message->received_at;
}

UpstreamMessage
dbops_upstream_message(void)
{
	UpstreamMessage noted = noted_message();
	UpstreamMessage message;
	bool ready;

	SpinLockAcquire(&WalRcv->mutex);
	ready = WalRcv->walRcvState == WALRCV_STREAMING && WalRcv->ready_to_display;
	message = (UpstreamMessage){.pid = WalRcv->pid,
	                            .end = WalRcv->latestWalEnd,
	                            .end_at = WalRcv->latestWalEndTime,
	                            .sent_at = WalRcv->lastMsgSendTime,
	                            .received_at = WalRcv->lastMsgReceiptTime,
	                            .timeline = WalRcv->receivedTLI};
	SpinLockRelease(&WalRcv->mutex);
	if (!has_come(&message))
	{
		noted.pid = message.pid;
		noted.connected = false;
		return noted;
	}
	if (message.end == noted.end)
		message.end_at = noted.end_at;
	message.connected = ready;
	return message;
}

int64
dbops_upstream_longest_pause_us(void)
{
	if (wal_receiver_timeout == 0)
		return PG_INT64_MAX;
	return (wal_receiver_timeout / 2 + ANSWER_MS) * INT64CONST(1000);
}

int64
dbops_upstream_usual_pause_us(void)
{
	const Pauses *pauses = shared == NULL ? NULL : shared->pauses;

	if (pauses == NULL || pauses[0].count + pauses[1].count < PAUSES_LEAST)
		return -1;
	return Max(pauses[0].longest_us, pauses[1].longest_us);
}

bool
dbops_upstream_is_alive(const UpstreamMessage *message, TimestampTz now)
{
	return message->connected && now - message->received_at <= dbops_upstream_longest_pause_us();
}

int64
dbops_upstream_ahead_us(void)
{
	return shared == NULL ? 0 : shared->ahead_us;
}

/*
 * Learns by how much the sender's clock is ahead: no message arrives before it was sent, so the
 * largest difference comes nearest.  Returns by how much that clock was set back.
 */
static int64
compare_clocks(const UpstreamMessage *message)
{
	int64 ahead_us = message->sent_at - message->received_at;
	int64 set_back_us = 0;

	if (shared->knows_clock && ahead_us < shared->ahead_us - LONGEST_WAY_US)
		set_back_us = shared->ahead_us - ahead_us;
	if (!shared->knows_clock || set_back_us > 0 || ahead_us > shared->ahead_us)
		shared->ahead_us = ahead_us;
	shared->knows_clock = true;
	return set_back_us;
}

/* The pause before a message, if it came over the same connection as the one before. */
static void
note_pause(const UpstreamMessage *message)
{
	const UpstreamMessage *heard = &shared->heard;
	Pauses *pauses = &shared->pauses[0];
	int64 now_us = dbops_clock_monotonic_us();
	int64 pause_us = message->received_at - heard->received_at;

	if (now_us - shared->period_began_us >= PAUSES_FOR_US)
	{
		shared->pauses[1] = *pauses;
		*pauses = (Pauses){0};
		shared->period_began_us = now_us;
	}
	if (heard->connected && message->pid == heard->pid && pause_us > 0)
	{
		pauses->count++;
		pauses->longest_us = Max(pauses->longest_us, pause_us);
	}
}

int64
dbops_upstream_note(const UpstreamMessage *message)
{
	int64 set_back_us = 0;

	if (message->connected)
	{
		set_back_us = compare_clocks(message);
		note_pause(message);
	}
	pg_atomic_fetch_add_u64(&shared->changes, 1);
	shared->heard = *message;
	pg_atomic_fetch_add_u64(&shared->changes, 1);
	return set_back_us;
}

void
dbops_upstream_report_replay(void)
{
	int64 now_us = dbops_clock_monotonic_us();
	XLogRecPtr replayed;

	if (shared == NULL || !RecoveryInProgress() || wal_receiver_status_interval <= 0 ||
	    now_us - shared->reported_us < REPORT_EVERY_US)
		return;
	replayed = GetXLogReplayRecPtr(NULL);
	if (replayed == shared->reported_lsn && replayed >= GetWalRcvFlushRecPtr(NULL, NULL))
		return;
	shared->reported_lsn = replayed;
	shared->reported_us = now_us;
	if (dbops_upstream_message().connected)
		dbops_compat_report_replay();
}
