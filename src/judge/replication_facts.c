/*
 * judge/replication_facts.c
 *		Gathers what replication_lag.h judges; see replication_facts.h.
 */
#include "postgres.h"

#include "access/timeline.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "replication/syncrep.h"
#include "replication/walreceiver.h"
#include "utils/guc.h"

#include "collect/places.h"
#include "collect/standbys.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "judge/family_rows.h"
#include "judge/replay_conflict.h"
#include "judge/replication_facts.h"
#include "store/lsn_time.h"
#include "store/node.h"
#include "store/upstream.h"

/* Without a slot nothing says that a receiver will come again. */
#define MISSED_FOR_US USECS_PER_DAY

/* What all rows are measured with. */
typedef struct Loading
{
	LagRows *rows;
	bool in_recovery;
	TimestampTz now;
	XLogRecPtr end;
	double wal_rate;
	int64 disk_free_bytes;
	FamilyRows slots;
	KnownStandby *known;
	int nknown;
} Loading;

static LagRow *
add_row(Loading *loading, LagKind kind)
{
	LagRows *rows = loading->rows;
	LagRow *row;

	if (rows->count == rows->capacity)
	{
		rows->capacity *= 2;
		rows->items = repalloc(rows->items, sizeof(LagRow) * rows->capacity);
	}
	row = &rows->items[rows->count++];
	*row = (LagRow){.sync_priority = LAG_UNKNOWN,
	                .wal_kept_bytes = LAG_UNKNOWN,
	                .wal_kept_us = LAG_UNKNOWN,
	                .loss_transactions = LAG_UNKNOWN,
	                .clock_ahead_us = LAG_UNKNOWN};
	row->facts = (LagFacts){.kind = kind,
	                        .silent_us = LAG_UNKNOWN,
	                        .usual_pause_us = -1,
	                        .longest_pause_us = dbops_upstream_longest_pause_us(),
	                        .safe_bytes = LAG_UNKNOWN,
	                        .disk_free_bytes = loading->disk_free_bytes,
	                        .wal_rate = loading->wal_rate};
	for (int stage = 0; stage < LAG_STAGES; stage++)
		row->reported_us[stage] = LAG_UNKNOWN;
	return row;
}

static XLogRecPtr
lsn_of(int64 value)
{
	return value == FAMILY_NULL ? InvalidXLogRecPtr : (XLogRecPtr) value;
}

/* From positions to ages and bytes. */
static void
measure(const Loading *loading, LagRow *row)
{
	LagFacts *facts = &row->facts;

	for (int stage = 0; stage < LAG_STAGES; stage++)
	{
		int64 *age_us = &facts->behind_us[stage];
		XLogRecPtr lsn = row->lsn[stage];

		facts->behind_bytes[stage] = dbops_wal_position_lag(loading->end, lsn);
		if (!dbops_lsn_time_age(lsn, age_us))
			*age_us = LAG_UNKNOWN;
	}
	if (!dbops_lsn_time_transactions_since(row->lsn[LAG_FLUSH], &row->loss_transactions))
		row->loss_transactions = LAG_UNKNOWN;
}

static const KnownStandby *
find_known_by_pid(const Loading *loading, int pid)
{
	for (int i = 0; i < loading->nknown; i++)
	{
		if (loading->known[i].pid == pid)
			return &loading->known[i];
	}
	return NULL;
}

/* What a standby calls itself that was not given a name says nothing of who it is. */
static bool
has_own_name(const char *application)
{
	return strcmp(application, "walreceiver") != 0;
}

static bool
has_row(const Loading *loading, const char *slot_name, const char *application)
{
	const LagRows *rows = loading->rows;

	for (int i = 0; i < rows->count; i++)
	{
		const LagRow *row = &rows->items[i];

		if (slot_name != NULL && row->slot_name != NULL && strcmp(slot_name, row->slot_name) == 0)
			return true;
		if (application != NULL && row->application_name != NULL &&
		    pg_strcasecmp(application, row->application_name) == 0)
			return true;
	}
	return false;
}

/* ---- slots ---- */

static int
find_slot(const Loading *loading, const char *name)
{
	for (int i = 0; i < loading->slots.count; i++)
	{
		if (strcmp(dbops_family_rows_text(&loading->slots, i, 0), name) == 0)
			return i;
	}
	return -1;
}

static bool
is_logical(const Loading *loading, int slot)
{
	return slot >= 0 &&
	       strcmp(dbops_family_rows_word(&loading->slots, slot, "slot_type"), "logical") == 0;
}

static void
fill_slot(const Loading *loading, LagRow *row, int slot)
{
	const FamilyRows *slots = &loading->slots;
	LagFacts *facts = &row->facts;
	XLogRecPtr restart = lsn_of(dbops_family_rows_value(slots, slot, "restart_lsn"));

	facts->has_slot = true;
	facts->copied = dbops_family_rows_value(slots, slot, "synced") == 1;
	row->slot_name = dbops_family_rows_text(slots, slot, 0);
	row->wal_status = dbops_family_rows_word(slots, slot, "wal_status");
	facts->lost = row->wal_status != NULL && strcmp(row->wal_status, "lost") == 0;
	facts->safe_bytes = dbops_family_rows_value(slots, slot, "safe_wal_size");
	row->wal_kept_bytes = dbops_family_rows_value(slots, slot, "restart_lag_bytes");
	if (!dbops_lsn_time_age(restart, &row->wal_kept_us))
		row->wal_kept_us = LAG_UNKNOWN;
	/* What a receiver of WAL has confirmed is where its slot is. */
	if (!is_logical(loading, slot))
		row->lsn[LAG_FLUSH] = Max(row->lsn[LAG_FLUSH], restart);
	else if (!facts->connected)
		row->lsn[LAG_FLUSH] = lsn_of(dbops_family_rows_value(slots, slot, "confirmed_flush_lsn"));
}

/* ---- who receives from this server ---- */

static LagKind
kind_of_receiver(const Loading *loading, const LagRow *row, int slot)
{
	if (is_logical(loading, slot))
		return LAG_CONSUMER;
	return row->lsn[LAG_REPLAY] == InvalidXLogRecPtr && row->lsn[LAG_WRITE] != InvalidXLogRecPtr ?
	           LAG_RECEIVER :
	           LAG_STANDBY;
}

static void
fill_clock(const Loading *loading, LagRow *row, const KnownStandby *known)
{
	if (!dbops_standbys_clock_ahead(known, &row->clock_ahead_us))
		row->clock_ahead_us = LAG_UNKNOWN;
	if (known->heard_at != 0)
		row->facts.silent_us = Max(0, loading->now - known->heard_at);
}

/*
 * The sampler sees an answer up to a second after it came; one it has not seen came just now.  By
 * the other's clock where the sampler does not know him yet.
 */
static void
fill_answer(const Loading *loading, LagRow *row)
{
	const KnownStandby *known = find_known_by_pid(loading, row->pid);

	if (row->reply_time == 0)
		return;
	if (known == NULL)
	{
		row->facts.silent_us = Max(0, loading->now - row->reply_time);
		return;
	}
	fill_clock(loading, row, known);
	if (known->reply_time != row->reply_time)
		row->facts.silent_us = 0;
}

static void
add_sender(Loading *loading, const FamilyRows *senders, int i)
{
	static const char *const lsns[LAG_STAGES] = {"sent_lsn", "write_lsn", "flush_lsn",
	                                             "replay_lsn"};
	static const char *const lags[LAG_STAGES] = {NULL, "write_lag_ms", "flush_lag_ms",
	                                             "replay_lag_ms"};
	const char *state = dbops_family_rows_word(senders, i, "state");
	const char *slot_name = dbops_family_rows_text(senders, i, 2);
	int slot = find_slot(loading, slot_name);
	LagRow *row;

	if (strcmp(state, "backup") == 0)
		return;
	row = add_row(loading, LAG_STANDBY);
	row->facts.connected = true;
	row->facts.catching_up = strcmp(state, "catchup") == 0;
	row->state = state;
	row->application_name = dbops_family_rows_text(senders, i, 0);
	row->client_addr = dbops_family_rows_text(senders, i, 1);
	row->sync_state = dbops_family_rows_word(senders, i, "sync_state");
	row->sync_priority = dbops_family_rows_value(senders, i, "sync_priority");
	row->pid = (int) dbops_family_rows_value(senders, i, "pid");
	row->backend_start = dbops_family_rows_instant(senders, i, "backend_start");
	row->reply_time = dbops_family_rows_instant(senders, i, "reply_time");
	for (int stage = 0; stage < LAG_STAGES; stage++)
	{
		row->lsn[stage] = lsn_of(dbops_family_rows_value(senders, i, lsns[stage]));
		if (lags[stage] != NULL)
			row->reported_us[stage] = dbops_family_rows_value(senders, i, lags[stage]);
	}
	row->facts.kind = kind_of_receiver(loading, row, slot);
	if (slot >= 0)
		fill_slot(loading, row, slot);
	if (loading->in_recovery)
		GetXLogReplayRecPtr(&row->timeline);
	else
		GetFlushRecPtr(&row->timeline);
	fill_answer(loading, row);
}

/*
 * Whether it connected again after the sender last heard of it: then this sender is what is left of
 * a connection that broke, until it notices.
 */
static bool
has_come_again(const Loading *loading, const LagRow *row)
{
	const LagRows *rows = loading->rows;

	if (row->facts.silent_us == LAG_UNKNOWN || !has_own_name(row->application_name))
		return false;
	for (int i = 0; i < rows->count; i++)
	{
		const LagRow *other = &rows->items[i];

		if (other != row && strcmp(other->application_name, row->application_name) == 0 &&
		    other->backend_start > loading->now - row->facts.silent_us)
			return true;
	}
	return false;
}

static void
add_senders(Loading *loading)
{
	FamilyRows senders = dbops_family_rows_read("replication");
	LagRows *rows = loading->rows;

	for (int i = 0; i < senders.count; i++)
		add_sender(loading, &senders, i);
	for (int i = rows->count - 1; i >= 0; i--)
	{
		if (has_come_again(loading, &rows->items[i]))
			rows->items[i] = rows->items[--rows->count];
	}
}

/* Who was connected last comes first. */
static int
compare_known(const void *a, const void *b)
{
	const KnownStandby *x = a;
	const KnownStandby *y = b;

	if (x->seen_at != y->seen_at)
		return x->seen_at > y->seen_at ? -1 : 1;
	return x->replay_lsn > y->replay_lsn ? -1 : x->replay_lsn < y->replay_lsn;
}

/* One that was connected and is not, unless it came again under a name of its own. */
static void
add_gone(Loading *loading, const KnownStandby *known)
{
	bool has_slot = known->slot_name[0] != '\0';
	int slot = find_slot(loading, known->slot_name);
	LagRow *row;

	if (known->pid != 0 || (has_slot && slot < 0) ||
	    (!has_slot && loading->now - known->seen_at > MISSED_FOR_US) ||
	    has_row(loading, has_slot ? known->slot_name : NULL,
	            has_own_name(known->application_name) ? known->application_name : NULL))
		return;
	row = add_row(loading, LAG_STANDBY);
	row->state = "disconnected";
	row->application_name = known->application_name;
	row->client_addr = known->client_addr;
	row->reply_time = known->reply_time;
	row->lsn[LAG_SENT] = known->sent_lsn;
	row->lsn[LAG_WRITE] = known->write_lsn;
	row->lsn[LAG_FLUSH] = known->flush_lsn;
	row->lsn[LAG_REPLAY] = known->replay_lsn;
	row->facts.kind = kind_of_receiver(loading, row, slot);
	if (slot >= 0)
		fill_slot(loading, row, slot);
	fill_clock(loading, row, known);
}

/* A slot nobody is connected to, nor was since the start: the history may know who was before. */
static void
add_slot(Loading *loading, int slot)
{
	const FamilyRows *slots = &loading->slots;
	const char *slot_name = dbops_family_rows_text(slots, slot, 0);
	bool active = dbops_family_rows_value(slots, slot, "active") == 1;
	FamilyRows last;
	LagRow *row;

	if (has_row(loading, slot_name, NULL))
		return;
	row = add_row(loading, is_logical(loading, slot) ? LAG_CONSUMER : LAG_SLOT);
	row->facts.connected = active;
	row->pid = active ? (int) dbops_family_rows_value(slots, slot, "active_pid") : 0;
	fill_slot(loading, row, slot);
	row->state = row->facts.copied ? "copied" : active ? "active" : "inactive";
	last = dbops_family_rows_last("replication", 2, slot_name);
	if (active || row->facts.copied || last.count == 0)
		return;
	row->state = "disconnected";
	row->application_name = dbops_family_rows_text(&last, 0, 0);
	row->client_addr = dbops_family_rows_text(&last, 0, 1);
	row->lsn[LAG_REPLAY] = lsn_of(dbops_family_rows_value(&last, 0, "replay_lsn"));
	row->facts.kind = kind_of_receiver(loading, row, slot);
}

/* ---- synchronous replication ---- */

static LagRow *
find_named(LagRows *rows, const char *application)
{
	for (int i = 0; i < rows->count; i++)
	{
		LagRow *row = &rows->items[i];

		if (row->application_name != NULL && pg_strcasecmp(row->application_name, application) == 0)
			return row;
	}
	return NULL;
}

/* Those that commits are to wait for, the ones that are not there among them. */
static void
load_sync(Loading *loading)
{
	const char *name;

	dbops_sync_rule_load(&loading->rows->sync);
	if (!loading->rows->sync.used)
		return;
	name = SyncRepConfig->member_names;
	for (int i = 0; i < SyncRepConfig->nmembers; i++, name += strlen(name) + 1)
	{
		LagRow *row;

		if (strcmp(name, "*") == 0)
			continue;
		row = find_named(loading->rows, name);
		if (row == NULL)
		{
			row = add_row(loading, LAG_STANDBY);
			row->state = "missing";
			row->application_name = pstrdup(name);
		}
		/* Senders know theirs. */
		if (row->sync_priority == LAG_UNKNOWN)
			row->sync_priority = SyncRepConfig->syncrep_method == SYNC_REP_PRIORITY ? i + 1 : 1;
	}
}

/* ---- this standby ---- */

static bool
has_diverged(TimeLineID timeline, XLogRecPtr replayed)
{
	TimeLineID newest = findNewestTimeLine(timeline);
	List *history;

	if (newest == timeline)
		return false;
	history = readTimeLineHistory(newest);
	return !tliInHistory(timeline, history) || replayed > tliSwitchPoint(timeline, history, NULL);
}

static LagReplay
replay_of(const FamilyRows *recovery)
{
	const char *waits_for = dbops_family_rows_word(recovery, 0, "waits_for");

	if (strcmp(dbops_family_rows_word(recovery, 0, "pause_state"), "not paused") != 0)
		return LAG_REPLAY_PAUSED;
	if (waits_for == NULL)
		return LAG_REPLAY_RUNS;
	if (strcmp(waits_for, "recovery_min_apply_delay") == 0)
		return LAG_REPLAY_DELAYED;
	if (strncmp(waits_for, "conflict: ", strlen("conflict: ")) == 0)
		return LAG_REPLAY_CONFLICT;
	return strcmp(waits_for, "I/O") == 0 ? LAG_REPLAY_IO : LAG_REPLAY_RUNS;
}

static bool
is_set(const char *setting)
{
	return setting != NULL && setting[0] != '\0';
}

static void
add_upstream(Loading *loading)
{
	FamilyRows receiver = dbops_family_rows_read("receiver");
	FamilyRows recovery = dbops_family_rows_read("recovery");
	UpstreamMessage message = dbops_upstream_message();
	LagRow *row;
	LagFacts *facts;
	XLogRecPtr replayed;
	XLogRecPtr received;

	if (receiver.count == 0 || recovery.count == 0)
		return;
	row = add_row(loading, LAG_UPSTREAM);
	facts = &row->facts;
	replayed = lsn_of(dbops_family_rows_value(&recovery, 0, "replay_lsn"));
	received = lsn_of(dbops_family_rows_value(&receiver, 0, "flushed_lsn"));
	row->application_name = pstrdup(dbops_node_name());
	row->client_addr = dbops_family_rows_text(&receiver, 0, 0);
	row->slot_name = dbops_family_rows_text(&receiver, 0, 1);
	row->state = dbops_family_rows_word(&receiver, 0, "status");
	row->pid = message.pid;
	row->backend_start = dbops_family_rows_instant(&receiver, 0, "started_at");
	row->reply_time = message.sent_at;
	row->lsn[LAG_SENT] = message.end;
	row->lsn[LAG_WRITE] =
	    Max(lsn_of(dbops_family_rows_value(&receiver, 0, "written_lsn")), replayed);
	row->lsn[LAG_FLUSH] = Max(received, replayed);
	row->lsn[LAG_REPLAY] = replayed;
	row->timeline = (TimeLineID) dbops_family_rows_value(&recovery, 0, "timeline");
	loading->end = Max(loading->end, message.end);

	facts->connected = message.connected;
	facts->usual_pause_us = dbops_upstream_usual_pause_us();
	facts->caught_up = replayed >= Max(message.end, received);
	facts->has_sender = is_set(PrimaryConnInfo);
	facts->has_archive = is_set(recoveryRestoreCommand);
	facts->diverged = has_diverged(row->timeline, replayed);
	facts->replay = replay_of(&recovery);
	if (facts->replay == LAG_REPLAY_CONFLICT)
		row->conflict_pid =
		    dbops_replay_conflict_pid(dbops_family_rows_word(&recovery, 0, "waits_for"));
	if (message.received_at == 0)
		return;
	facts->silent_us = Max(0, loading->now - message.received_at);
	row->clock_ahead_us = dbops_upstream_ahead_us();
}

/* ---- what it receives by logical replication ---- */

static void
add_subscription(Loading *loading, const FamilyRows *subscriptions, int i)
{
	LagRow *row = add_row(loading, LAG_SUBSCRIPTION);
	LagFacts *facts = &row->facts;
	int64 pid = dbops_family_rows_value(subscriptions, i, "pid");
	TimestampTz heard_at = dbops_family_rows_instant(subscriptions, i, "last_msg_receipt_time");

	facts->enabled = dbops_family_rows_value(subscriptions, i, "enabled") == 1;
	facts->connected = pid != FAMILY_NULL;
	row->name = dbops_family_rows_text(subscriptions, i, 0);
	row->state = facts->connected ? "streaming" : "stopped";
	row->pid = facts->connected ? (int) pid : 0;
	row->backend_start = dbops_family_rows_instant(subscriptions, i, "launched_at");
	row->reply_time = dbops_family_rows_instant(subscriptions, i, "last_msg_send_time");
	if (heard_at == 0)
	{
		FamilyRows last = dbops_family_rows_last("subscription", 1, row->name);

		if (last.count > 0)
			heard_at = dbops_family_rows_instant(&last, 0, "last_msg_receipt_time");
	}
	if (heard_at != 0)
		facts->silent_us = Max(0, loading->now - heard_at);
	/* Positions are those of another server: their age is not known here. */
	for (int stage = 0; stage < LAG_STAGES; stage++)
	{
		facts->behind_us[stage] = LAG_UNKNOWN;
		facts->behind_bytes[stage] = LAG_UNKNOWN;
	}
	row->lsn[LAG_WRITE] = lsn_of(dbops_family_rows_value(subscriptions, i, "received_lsn"));
	row->lsn[LAG_FLUSH] = lsn_of(dbops_family_rows_value(subscriptions, i, "latest_end_lsn"));
}

static void
add_subscriptions(Loading *loading)
{
	FamilyRows subscriptions = dbops_family_rows_read("subscription");

	for (int i = 0; i < subscriptions.count; i++)
		add_subscription(loading, &subscriptions, i);
}

/* ---- all ---- */

static int64
read_disk_free(void)
{
	FamilyRows filesystems = dbops_family_rows_read("filesystem");

	for (int i = 0; i < filesystems.count; i++)
	{
		if ((dbops_family_rows_value(&filesystems, i, "holds") & PLACE_WAL) != 0)
			return dbops_family_rows_value(&filesystems, i, "available_bytes");
	}
	return LAG_UNKNOWN;
}

static const char *
name_of(const LagRow *row)
{
	if (row->name != NULL)
		return row->name;
	if (row->facts.kind == LAG_CONSUMER && is_set(row->slot_name))
		return row->slot_name;
	return is_set(row->application_name) ? row->application_name : row->slot_name;
}

LagRows *
dbops_replication_facts_load(void)
{
	LagRows *rows = palloc0(sizeof(LagRows));
	Loading loading = {.rows = rows, .in_recovery = RecoveryInProgress()};

	rows->in_recovery = loading.in_recovery;
	rows->capacity = 16;
	rows->items = palloc(sizeof(LagRow) * rows->capacity);
	loading.slots = dbops_family_rows_read("slot");
	loading.known = dbops_standbys_read(&loading.nknown);
	loading.disk_free_bytes = read_disk_free();
	if (!dbops_lsn_time_rate(&loading.wal_rate))
		loading.wal_rate = -1;
	loading.now = dbops_clock_now();
	add_senders(&loading);
	/* Asked for last, so that nobody is ahead of it. */
	loading.end = dbops_wal_position_end();
	qsort(loading.known, loading.nknown, sizeof(KnownStandby), compare_known);
	for (int i = 0; i < loading.nknown; i++)
		add_gone(&loading, &loading.known[i]);
	for (int i = 0; i < loading.slots.count; i++)
		add_slot(&loading, i);
	load_sync(&loading);
	if (loading.in_recovery)
		add_upstream(&loading);
	for (int i = 0; i < rows->count; i++)
		measure(&loading, &rows->items[i]);
	if (!loading.in_recovery)
		add_subscriptions(&loading);
	for (int i = 0; i < rows->count; i++)
		rows->items[i].name = name_of(&rows->items[i]);
	return rows;
}
