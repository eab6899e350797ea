/*
 * collect/replication.c
 *		The family "replication": everybody who receives WAL from this server, standbys, logical
 *		subscribers and base backups alike.
 *
 * Read from the WAL senders' own states, each under its spinlock, as pg_stat_replication does; who
 * is at the other end comes from the status of their processes.  A sender is known by what stays
 * when it connects again, not by its process.
 */
#include "postgres.h"

#include "common/ip.h"
#include "miscadmin.h"
#include "replication/slot.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/spin.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/compat_replication.h"
#include "store/frame.h"
#include "store/lsn_time.h"

enum
{
	REPLICATION_PID,
	REPLICATION_BACKEND_START,
	REPLICATION_STATE,
	REPLICATION_SYNC_STATE,
	REPLICATION_SYNC_PRIORITY,
	REPLICATION_SENT_LAG_BYTES,
	REPLICATION_WRITE_LAG_BYTES,
	REPLICATION_FLUSH_LAG_BYTES,
	REPLICATION_REPLAY_LAG_BYTES,
	REPLICATION_WRITE_LAG_MS,
	REPLICATION_FLUSH_LAG_MS,
	REPLICATION_REPLAY_LAG_MS,
	REPLICATION_REPLAY_LSN,
	REPLICATION_REPLY_TIME,
	REPLICATION_REPLY_AGE_MS,
	REPLICATION_XMIN_AGE,
	REPLICATION_BEHIND_MS,
	REPLICATION_SENT_LSN,
	REPLICATION_WRITE_LSN,
	REPLICATION_FLUSH_LSN,
	REPLICATION_NMETRICS
};

enum
{
	LABEL_APPLICATION,
	LABEL_CLIENT,
	LABEL_SLOT,
	LABEL_INSTANCE,
};

static const Label labels[] = {
    [LABEL_APPLICATION] =
        LABEL("application_name", LABEL_TEXT, NAMES_NONE,
              "Name the receiver connects with: that of the standby or subscription"),
    [LABEL_CLIENT] = LABEL("client_addr", LABEL_TEXT, NAMES_NONE,
                           "Address of the receiver; empty for a socket of this machine"),
    [LABEL_SLOT] = LABEL("slot_name", LABEL_TEXT, NAMES_NONE, "Replication slot in use, if any"),
    [LABEL_INSTANCE] = LABEL("instance", LABEL_INT8, NAMES_NONE,
                             "1, or more where several agree in all of the above"),
};

/* In the order of WalSndState, which is that of its numbers in the history. */
static const char *const states[] = {"startup", "backup", "catchup", "streaming", "stopping", NULL};

enum
{
	SYNC_ASYNC,
	SYNC_POTENTIAL,
	SYNC_SYNC,
	SYNC_QUORUM,
};

static const char *const sync_states[] = {[SYNC_ASYNC] = "async",
                                          [SYNC_POTENTIAL] = "potential",
                                          [SYNC_SYNC] = "sync",
                                          [SYNC_QUORUM] = "quorum",
                                          NULL};

static const Metric metrics[] = {
    [REPLICATION_PID] = GAUGE(1, "pid", "", ROLLUP_LAST, "Process of the WAL sender"),
    [REPLICATION_BACKEND_START] = INSTANT(2, "backend_start", "When the receiver connected"),
    [REPLICATION_STATE] =
        WORD(3, "state", states, "What the WAL sender does; backup is a base backup"),
    [REPLICATION_SYNC_STATE] = WORD(4, "sync_state", sync_states, "Whether commits wait for it"),
    [REPLICATION_SYNC_PRIORITY] = GAUGE(5, "sync_priority", "", ROLLUP_LAST,
                                        "Place in synchronous_standby_names; 0 when not there"),
    [REPLICATION_SENT_LAG_BYTES] = GAUGE(6, "sent_lag_bytes", "bytes", ROLLUP_MAX,
                                         "WAL that is flushed here and not sent yet"),
    [REPLICATION_WRITE_LAG_BYTES] =
        GAUGE(7, "write_lag_bytes", "bytes", ROLLUP_MAX, "WAL not written there yet"),
    [REPLICATION_FLUSH_LAG_BYTES] =
        GAUGE(8, "flush_lag_bytes", "bytes", ROLLUP_MAX, "WAL not flushed there yet"),
    [REPLICATION_REPLAY_LAG_BYTES] =
        GAUGE(9, "replay_lag_bytes", "bytes", ROLLUP_MAX, "WAL not replayed there yet"),
    [REPLICATION_WRITE_LAG_MS] =
        LONGEST_MS(10, "write_lag_ms", "Time until recent WAL was known to be written there"),
    [REPLICATION_FLUSH_LAG_MS] =
        LONGEST_MS(11, "flush_lag_ms", "Time until recent WAL was known to be flushed there"),
    [REPLICATION_REPLAY_LAG_MS] =
        LONGEST_MS(12, "replay_lag_ms", "Time until recent WAL was known to be replayed there"),
    [REPLICATION_REPLAY_LSN] =
        GAUGE(13, "replay_lsn", "bytes", ROLLUP_LAST, "WAL position replayed there, as a number"),
    [REPLICATION_REPLY_TIME] =
        SIGN_OF_LIFE(14, "reply_time", "When the receiver sent its last answer, by its clock"),
    [REPLICATION_REPLY_AGE_MS] =
        AGE_MS(15, "reply_age_ms", "Time since that answer, by the two clocks"),
    [REPLICATION_XMIN_AGE] = AGE(
        16, "backend_xmin_age", "Transactions since the oldest one the standby needs, by feedback"),
    [REPLICATION_BEHIND_MS] = AGE_MS(
        17, "behind_ms",
        "For how long there has been WAL that is not replayed there, also when it does not answer; "
        "0 if there is none"),
    [REPLICATION_SENT_LSN] =
        GAUGE(18, "sent_lsn", "bytes", ROLLUP_LAST, "WAL position sent, as a number"),
    [REPLICATION_WRITE_LSN] =
        GAUGE(19, "write_lsn", "bytes", ROLLUP_LAST, "WAL position written there, as a number"),
    [REPLICATION_FLUSH_LSN] =
        GAUGE(20, "flush_lsn", "bytes", ROLLUP_LAST, "WAL position flushed there, as a number"),
};

typedef struct Sender
{
	int pid;
	WalSndState state;
	XLogRecPtr sent;
	XLogRecPtr write;
	XLogRecPtr flush;
	XLogRecPtr replay;
	TimeOffset write_lag;
	TimeOffset flush_lag;
	TimeOffset replay_lag;
	TimestampTz replied_at;
	int priority;
	int sync_state;
	TimestampTz started_at;
	TransactionId xmin;
	char application[NAMEDATALEN];
	char client[NI_MAXHOST];
	NameData slot;
} Sender;

/* Copies a sender's state; false if the place is free. */
static bool
copy_sender(WalSnd *walsnd, Sender *sender)
{
	SpinLockAcquire(&walsnd->mutex);
	sender->pid = walsnd->pid;
	sender->state = walsnd->state;
	sender->sent = walsnd->sentPtr;
	sender->write = walsnd->write;
	sender->flush = walsnd->flush;
	sender->replay = walsnd->apply;
	sender->write_lag = walsnd->writeLag;
	sender->flush_lag = walsnd->flushLag;
	sender->replay_lag = walsnd->applyLag;
	sender->replied_at = walsnd->replyTime;
	sender->priority = walsnd->sync_standby_priority;
	SpinLockRelease(&walsnd->mutex);
	return sender->pid != 0;
}

static bool
is_candidate(const SyncRepStandbyData *standbys, int nstandbys, int index, int pid)
{
	for (int i = 0; i < nstandbys; i++)
	{
		if (standbys[i].walsnd_index == index && standbys[i].pid == pid)
			return true;
	}
	return false;
}

/* As pg_stat_replication has it. */
static void
judge_sync(Sender *sender, bool candidate)
{
	/* Whoever reports no flush position, as a base backup, can be no synchronous standby. */
	if (sender->flush == InvalidXLogRecPtr)
		sender->priority = 0;
	if (sender->priority == 0)
		sender->sync_state = SYNC_ASYNC;
	else if (!candidate || SyncRepConfig == NULL)
		sender->sync_state = SYNC_POTENTIAL;
	else
		sender->sync_state =
		    SyncRepConfig->syncrep_method == SYNC_REP_PRIORITY ? SYNC_SYNC : SYNC_QUORUM;
}

static void
name_client(Sender *sender, const SockAddr *address)
{
	sender->client[0] = '\0';
	if (address->addr.ss_family != AF_INET && address->addr.ss_family != AF_INET6)
		return;
	if (pg_getnameinfo_all(&address->addr, address->salen, sender->client, sizeof(sender->client),
	                       NULL, 0, NI_NUMERICHOST) != 0)
		sender->client[0] = '\0';
	/* The zone of a link-local address says nothing to others. */
	sender->client[strcspn(sender->client, "%")] = '\0';
}

static void
add_status(Sender *sender)
{
	int nbackends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local == NULL || local->backendStatus.st_procpid != sender->pid)
			continue;
		strlcpy(sender->application, local->backendStatus.st_appname, sizeof(sender->application));
		name_client(sender, &local->backendStatus.st_clientaddr);
		sender->started_at = local->backendStatus.st_proc_start_timestamp;
		sender->xmin = local->backend_xmin;
	}
}

static void
add_slots(Sender *senders, int nsenders)
{
	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots; i++)
	{
		const ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];
		int pid = slot->in_use ? dbops_compat_slot_pid(slot) : 0;

		for (int s = 0; s < nsenders && pid != 0; s++)
		{
			if (senders[s].pid == pid)
				senders[s].slot = slot->data.name;
		}
	}
	LWLockRelease(ReplicationSlotControlLock);
}

static bool
is_alike(const Sender *a, const Sender *b)
{
	return strcmp(a->application, b->application) == 0 && strcmp(a->client, b->client) == 0 &&
	       strcmp(NameStr(a->slot), NameStr(b->slot)) == 0;
}

/* Of those that are alike, the one connected longest is the first. */
static int
count_before(const Sender *senders, int nsenders, const Sender *sender)
{
	int before = 0;

	for (int i = 0; i < nsenders; i++)
	{
		const Sender *other = &senders[i];

		if (is_alike(other, sender) &&
		    (other->started_at < sender->started_at ||
		     (other->started_at == sender->started_at && other->pid < sender->pid)))
			before++;
	}
	return before;
}

static int64
lag_value(TimeOffset lag)
{
	return lag < 0 ? FAMILY_NULL : lag;
}

static void
add_row(Frame *frame, const Sender *sender, int instance, XLogRecPtr end)
{
	const char *const texts[] = {sender->application, sender->client, NameStr(sender->slot)};
	const EntityKey key = {.num = {[LABEL_INSTANCE] = instance}};
	int64 *values = dbops_frame_add_texts(frame, &key, texts);
	int64 behind_us;

	values[REPLICATION_PID] = sender->pid;
	if (sender->started_at != 0)
		values[REPLICATION_BACKEND_START] = sender->started_at;
	values[REPLICATION_STATE] = sender->state;
	values[REPLICATION_SYNC_STATE] = sender->sync_state;
	values[REPLICATION_SYNC_PRIORITY] = sender->priority;
	values[REPLICATION_SENT_LAG_BYTES] = dbops_wal_position_lag(end, sender->sent);
	values[REPLICATION_WRITE_LAG_BYTES] = dbops_wal_position_lag(end, sender->write);
	values[REPLICATION_FLUSH_LAG_BYTES] = dbops_wal_position_lag(end, sender->flush);
	values[REPLICATION_REPLAY_LAG_BYTES] = dbops_wal_position_lag(end, sender->replay);
	values[REPLICATION_WRITE_LAG_MS] = lag_value(sender->write_lag);
	values[REPLICATION_FLUSH_LAG_MS] = lag_value(sender->flush_lag);
	values[REPLICATION_REPLAY_LAG_MS] = lag_value(sender->replay_lag);
	values[REPLICATION_SENT_LSN] = dbops_wal_position_value(sender->sent);
	values[REPLICATION_WRITE_LSN] = dbops_wal_position_value(sender->write);
	values[REPLICATION_FLUSH_LSN] = dbops_wal_position_value(sender->flush);
	values[REPLICATION_REPLAY_LSN] = dbops_wal_position_value(sender->replay);
	if (sender->replied_at != 0)
	{
		values[REPLICATION_REPLY_TIME] = sender->replied_at;
		values[REPLICATION_REPLY_AGE_MS] = Max(0, dbops_clock_now() - sender->replied_at);
	}
	values[REPLICATION_XMIN_AGE] = dbops_wal_position_xid_age(sender->xmin);
	if (dbops_lsn_time_recent_age(sender->replay, &behind_us))
		values[REPLICATION_BEHIND_MS] = behind_us;
}

static void
read_replication(Frame *frame)
{
	Sender *senders = palloc0(sizeof(Sender) * Max(max_wal_senders, 1));
	SyncRepStandbyData *standbys;
	int nstandbys = SyncRepGetCandidateStandbys(&standbys);
	int nsenders = 0;
	XLogRecPtr end;

	for (int i = 0; i < max_wal_senders; i++)
	{
		Sender *sender = &senders[nsenders];

		if (!copy_sender(&WalSndCtl->walsnds[i], sender))
			continue;
		judge_sync(sender, is_candidate(standbys, nstandbys, i, sender->pid));
		add_status(sender);
		nsenders++;
	}
	/* Asked for last, so that nobody is ahead of it. */
	end = dbops_wal_position_end();
	add_slots(senders, nsenders);
	for (int i = 0; i < nsenders; i++)
		add_row(frame, &senders[i], 1 + count_before(senders, nsenders, &senders[i]), end);
}

const Family dbops_family_replication = {
    .id = 18,
    .name = "replication",
    .help = "Receivers of WAL, by name, address and slot: state, and how far they are behind",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    .read = read_replication,
};
