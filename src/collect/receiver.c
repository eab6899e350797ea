/*
 * collect/receiver.c
 *		The family "receiver": from whom a standby gets its WAL, and whether that still lives.
 *
 * One row while in recovery, also when nothing is received at the moment: then the status says so,
 * where pg_stat_wal_receiver is empty.  Messages are those that really came (store/upstream.h).
 * How the standby connects is never read, as that may hold a password.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "replication/walreceiver.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat_replication.h"
#include "store/frame.h"
#include "store/upstream.h"

enum
{
	RECEIVER_STATUS,
	RECEIVER_PID,
	RECEIVER_STARTED_AT,
	RECEIVER_WRITTEN_LSN,
	RECEIVER_FLUSHED_LSN,
	RECEIVER_RECEIVED_TLI,
	RECEIVER_LATEST_END_LSN,
	RECEIVER_LATEST_END_TIME,
	RECEIVER_LATEST_END_AGE_MS,
	RECEIVER_LAST_MSG_SEND_TIME,
	RECEIVER_LAST_MSG_RECEIPT_TIME,
	RECEIVER_LAST_MSG_AGE_MS,
	RECEIVER_TRANSFER_LATENCY_MS,
	RECEIVER_MISSING_BYTES,
	RECEIVER_USUAL_PAUSE_MS,
	RECEIVER_NMETRICS
};

enum
{
	LABEL_HOST,
	LABEL_PORT,
	LABEL_SLOT,
};

static const Label labels[] = {
    [LABEL_HOST] = LABEL("sender_host", LABEL_TEXT, NAMES_NONE,
                         "Host or socket folder of the server it last received from"),
    [LABEL_PORT] = LABEL("sender_port", LABEL_INT8, NAMES_NONE, "Port of that server"),
    [LABEL_SLOT] = LABEL("slot_name", LABEL_TEXT, NAMES_NONE, "Slot it uses there, if any"),
};

/* In the order of CompatReceiverState. */
static const char *const statuses[] = {"stopped",    "starting", "streaming",  "waiting",
                                       "restarting", "stopping", "connecting", NULL};

#define STATUS_CONNECTING 6

static const Metric metrics[] = {
    [RECEIVER_STATUS] =
        WORD(1, "status", statuses, "What the WAL receiver does; stopped when there is none"),
    [RECEIVER_PID] = GAUGE(2, "pid", "", ROLLUP_LAST, "Its process, if any"),
    [RECEIVER_STARTED_AT] = INSTANT(3, "started_at", "When it was last started"),
    [RECEIVER_WRITTEN_LSN] =
        GAUGE(4, "written_lsn", "bytes", ROLLUP_LAST, "WAL position written here, as a number"),
    [RECEIVER_FLUSHED_LSN] =
        GAUGE(5, "flushed_lsn", "bytes", ROLLUP_LAST, "WAL position flushed here, as a number"),
    [RECEIVER_RECEIVED_TLI] = GAUGE(6, "received_tli", "", ROLLUP_LAST, "Timeline received"),
    [RECEIVER_LATEST_END_LSN] = GAUGE(7, "latest_end_lsn", "bytes", ROLLUP_LAST,
                                      "End of WAL that the sender last told of, as a number"),
    [RECEIVER_LATEST_END_TIME] =
        INSTANT(8, "latest_end_time", "When it first told of that end, by its clock"),
    [RECEIVER_LATEST_END_AGE_MS] =
        AGE_MS(9, "latest_end_age_ms", "Time since then, by the two clocks"),
    [RECEIVER_LAST_MSG_SEND_TIME] =
        SIGN_OF_LIFE(10, "last_msg_send_time", "When its last message was sent, by its clock"),
    [RECEIVER_LAST_MSG_RECEIPT_TIME] =
        SIGN_OF_LIFE(11, "last_msg_receipt_time", "When its last message came"),
    [RECEIVER_LAST_MSG_AGE_MS] = AGE_MS(12, "last_msg_age_ms", "Time since its last message"),
    [RECEIVER_TRANSFER_LATENCY_MS] = LONGEST_MS(
        13, "transfer_latency_ms", "How long the last message was under way, by the two clocks"),
    [RECEIVER_MISSING_BYTES] = GAUGE(14, "missing_bytes", "bytes", ROLLUP_MAX,
                                     "WAL that the sender told of and that is not flushed here"),
    [RECEIVER_USUAL_PAUSE_MS] = LONGEST_MS(
        15, "usual_pause_ms", "Longest time between two messages of the last 5 to 10 minutes"),
};

typedef struct Receiver
{
	int pid;
	WalRcvState state;
	pg_time_t started_at;
	XLogRecPtr written;
	XLogRecPtr flushed;
	TimeLineID timeline;
	bool ready; /* it is connected, where the state says that it streams */
	int port;
	char host[NI_MAXHOST];
	char slot[NAMEDATALEN];
} Receiver;

static void
copy_receiver(Receiver *receiver)
{
	SpinLockAcquire(&WalRcv->mutex);
	receiver->pid = WalRcv->pid;
	receiver->state = WalRcv->walRcvState;
	receiver->started_at = WalRcv->startTime;
	receiver->flushed = WalRcv->flushedUpto;
	receiver->timeline = WalRcv->receivedTLI;
	receiver->ready = WalRcv->ready_to_display;
	receiver->port = WalRcv->sender_port;
	strlcpy(receiver->host, WalRcv->sender_host, sizeof(receiver->host));
	strlcpy(receiver->slot, WalRcv->slotname, sizeof(receiver->slot));
	SpinLockRelease(&WalRcv->mutex);
	receiver->written = GetWalRcvWriteRecPtr();
}

/* Before 19 a receiver that has no connection yet says that it streams. */
static int
judge_status(const Receiver *receiver)
{
	if (receiver->state == WALRCV_STREAMING && !receiver->ready)
		return STATUS_CONNECTING;
	return dbops_compat_receiver_state(receiver->state);
}

static void
fill_messages(int64 *values, const UpstreamMessage *message, XLogRecPtr flushed)
{
	TimestampTz now = dbops_clock_now();
	int64 pause_us = dbops_upstream_usual_pause_us();

	if (pause_us >= 0)
		values[RECEIVER_USUAL_PAUSE_MS] = pause_us;
	if (message->received_at == 0)
		return;
	values[RECEIVER_LAST_MSG_SEND_TIME] = message->sent_at;
	values[RECEIVER_LAST_MSG_RECEIPT_TIME] = message->received_at;
	values[RECEIVER_LAST_MSG_AGE_MS] = Max(0, now - message->received_at);
	values[RECEIVER_TRANSFER_LATENCY_MS] = message->received_at - message->sent_at;
	if (message->end == InvalidXLogRecPtr)
		return;
	values[RECEIVER_LATEST_END_LSN] = dbops_wal_position_value(message->end);
	values[RECEIVER_MISSING_BYTES] = dbops_wal_position_lag(message->end, flushed);
	values[RECEIVER_LATEST_END_TIME] = message->end_at;
	values[RECEIVER_LATEST_END_AGE_MS] = Max(0, now - message->end_at);
}

static void
read_receiver(Frame *frame)
{
	UpstreamMessage message;
	Receiver receiver;
	const char *texts[2] = {receiver.host, receiver.slot};
	EntityKey key = {{0}};
	int64 *values;

	if (!RecoveryInProgress())
		return;
	copy_receiver(&receiver);
	key.num[LABEL_PORT] = receiver.port;
	values = dbops_frame_add_texts(frame, &key, texts);
	values[RECEIVER_STATUS] = judge_status(&receiver);
	if (receiver.pid != 0)
		values[RECEIVER_PID] = receiver.pid;
	if (receiver.started_at != 0)
		values[RECEIVER_STARTED_AT] = time_t_to_timestamptz(receiver.started_at);
	values[RECEIVER_WRITTEN_LSN] = dbops_wal_position_value(receiver.written);
	values[RECEIVER_FLUSHED_LSN] = dbops_wal_position_value(receiver.flushed);
	if (receiver.timeline != 0)
		values[RECEIVER_RECEIVED_TLI] = receiver.timeline;
	message = dbops_upstream_message();
	fill_messages(values, &message, receiver.flushed);
}

const Family dbops_family_receiver = {
    .id = 20,
    .name = "receiver",
    .help = "The standby's WAL receiver: from whom, how far, and the last sign of life",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    .read = read_receiver,
};
