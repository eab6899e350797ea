/*
 * collect/standbys.c
 *		Who receives WAL from this server, or did; see standbys.h.
 *
 * One process writes, the sampler; readers look at a counter before and after, which is odd while
 * it does, and try again if it moved.  Names are those of the family replication, asked for only
 * when a WAL sender is there that has none yet.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/backend_status.h"

#include "collect/collectors.h"
#include "collect/standbys.h"
#include "core/clock.h"
#include "store/frame.h"
#include "store/registry.h"
#include "store/texts.h"

/* Whoever was connected last longest ago makes room. */
#define STANDBYS_MAX 64

/* A little less than the sampler's pause, so that none is left out. */
#define NOTE_EVERY_US (900 * INT64CONST(1000))

/* While one catches up its answers are looked at so often. */
#define MEASURE_EVERY_US (50 * INT64CONST(1000))

/* What is known of a clock comes from one to two of these. */
#define CLOCK_PERIOD_US (5 * USECS_PER_MINUTE)

typedef struct Standbys
{
	pg_atomic_uint64 changes; /* odd while the rest changes */
	int64 noted_us;
	int64 measured_us;
	bool behind; /* one of them has plenty to replay */
	int count;
	KnownStandby items[STANDBYS_MAX];
} Standbys;

/* Programs that come once and are not missed when they are gone. */
static const char *const passers_by[] = {"pg_basebackup", "pg_rewind"};

static Standbys *shared = NULL;

Size
dbops_standbys_shmem_size(void)
{
	return MAXALIGN(sizeof(Standbys));
}

void
dbops_standbys_shmem_init(void)
{
	bool found;

	shared = ShmemInitStruct("dbops standbys", dbops_standbys_shmem_size(), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	pg_atomic_init_u64(&shared->changes, 0);
}

/* ---- positions ---- */

static KnownStandby *
find_by_pid(int pid)
{
	for (int i = 0; i < shared->count; i++)
	{
		if (shared->items[i].pid == pid)
			return &shared->items[i];
	}
	return NULL;
}

static void
note_answer(KnownStandby *standby, TimestampTz reply_time, TimestampTz now)
{
	if (reply_time == 0 || reply_time == standby->reply_time)
		return;
	if (standby->period_began == 0 || now - standby->period_began >= CLOCK_PERIOD_US)
	{
		standby->ahead_us[1] = standby->period_began == 0 ? reply_time - now : standby->ahead_us[0];
		standby->ahead_us[0] = reply_time - now;
		standby->period_began = now;
	}
	standby->ahead_us[0] = Max(standby->ahead_us[0], reply_time - now);
	standby->reply_time = reply_time;
	standby->heard_at = now;
}

/* Copies what a WAL sender knows; whether there is one that sends what is written. */
static bool
copy_sender(WalSnd *walsnd, WalSnd *copy)
{
	SpinLockAcquire(&walsnd->mutex);
	copy->pid = walsnd->pid;
	copy->state = walsnd->state;
	copy->sentPtr = walsnd->sentPtr;
	copy->write = walsnd->write;
	copy->flush = walsnd->flush;
	copy->apply = walsnd->apply;
	copy->replyTime = walsnd->replyTime;
	SpinLockRelease(&walsnd->mutex);
	return copy->pid != 0 && copy->state >= WALSNDSTATE_CATCHUP;
}

static void
note_sender(KnownStandby *standby, const WalSnd *sender, TimestampTz now)
{
	/* A sender that has just begun knows nothing yet; what was known stays. */
	standby->sent_lsn = Max(standby->sent_lsn, sender->sentPtr);
	standby->seen_at = now;
	if (sender->flush == InvalidXLogRecPtr && sender->write == InvalidXLogRecPtr)
		return;
	standby->sent_lsn = sender->sentPtr;
	standby->write_lsn = sender->write;
	standby->flush_lsn = sender->flush;
	standby->replay_lsn = sender->apply;
	if (dbops_replay_meter_note(&standby->meter, sender->flush, sender->apply, sender->replyTime))
		standby->measured_at = now;
	note_answer(standby, sender->replyTime, now);
}

/* Whether all have their names. */
static bool
note_senders(TimestampTz now)
{
	bool all_named = true;

	pg_atomic_fetch_add_u64(&shared->changes, 1);
	shared->behind = false;
	for (int i = 0; i < max_wal_senders; i++)
	{
		WalSnd sender;
		KnownStandby *standby;

		if (!copy_sender(&WalSndCtl->walsnds[i], &sender))
			continue;
		standby = find_by_pid(sender.pid);
		if (standby == NULL)
			all_named = false;
		else
			note_sender(standby, &sender, now);
	}
	for (int i = 0; i < shared->count; i++)
	{
		if (shared->items[i].seen_at != now)
			shared->items[i].pid = 0;
		else if (dbops_replay_meter_is_behind(&shared->items[i].meter))
			shared->behind = true;
	}
	pg_atomic_fetch_add_u64(&shared->changes, 1);
	return all_named;
}

bool
dbops_standbys_note(void)
{
	int64 now_us = dbops_clock_monotonic_us();

	if (shared == NULL || (shared->noted_us != 0 && now_us - shared->noted_us < NOTE_EVERY_US))
		return false;
	shared->noted_us = now_us;
	return !note_senders(dbops_clock_now());
}

bool
dbops_standbys_measure(void)
{
	int64 now_us;

	if (shared == NULL || !shared->behind)
		return false;
	now_us = dbops_clock_monotonic_us();
	if (now_us - shared->measured_us >= MEASURE_EVERY_US)
	{
		shared->measured_us = now_us;
		(void) note_senders(dbops_clock_now());
	}
	return shared->behind;
}

/* ---- names ---- */

static bool
has_name(const KnownStandby *standby, const KnownStandby *name)
{
	return standby->instance == name->instance &&
	       strcmp(standby->application_name, name->application_name) == 0 &&
	       strcmp(standby->client_addr, name->client_addr) == 0 &&
	       strcmp(standby->slot_name, name->slot_name) == 0;
}

/* The place of that name; a new one if it has none, NULL when all are connected. */
static KnownStandby *
find_place(const KnownStandby *name)
{
	KnownStandby *oldest = NULL;

	for (int i = 0; i < shared->count; i++)
	{
		KnownStandby *standby = &shared->items[i];

		if (has_name(standby, name))
			return standby;
		if (standby->pid == 0 && (oldest == NULL || standby->seen_at < oldest->seen_at))
			oldest = standby;
	}
	if (shared->count < STANDBYS_MAX)
		return &shared->items[shared->count++];
	return oldest;
}

/* A name that has a place keeps what is known of its clock. */
static void
take_place(const KnownStandby *named)
{
	KnownStandby *standby;

	pg_atomic_fetch_add_u64(&shared->changes, 1);
	standby = find_place(named);
	if (standby != NULL && !has_name(standby, named))
		*standby = *named;
	else if (standby != NULL)
	{
		standby->pid = named->pid;
		standby->seen_at = named->seen_at;
		dbops_replay_meter_interrupt(&standby->meter);
	}
	pg_atomic_fetch_add_u64(&shared->changes, 1);
}

void
dbops_standbys_name(void)
{
	const Family *family = &dbops_family_replication;
	int pid = dbops_family_metric(family, "pid");
	int state = dbops_family_metric(family, "state");
	Frame *frame = dbops_frame_create(family);

	pgstat_clear_backend_activity_snapshot();
	family->read(frame);
	for (int i = 0; i < frame->nrows; i++)
	{
		const int64 *values = dbops_frame_row(frame, i);
		const char *texts = frame->texts[i];
		KnownStandby name = {.pid = (int) values[pid],
		                     .instance = (int) frame->keys[i].num[family->nlabels - 1],
		                     .seen_at = dbops_clock_now()};

		strlcpy(name.application_name, texts, sizeof(name.application_name));
		strlcpy(name.client_addr, dbops_texts_at(texts, 1), sizeof(name.client_addr));
		strlcpy(name.slot_name, dbops_texts_at(texts, 2), sizeof(name.slot_name));
		if (values[state] >= WALSNDSTATE_CATCHUP)
			take_place(&name);
	}
	dbops_frame_free(frame);
	note_senders(dbops_clock_now());
}

/* ---- reading ---- */

static bool
is_missed(const KnownStandby *standby)
{
	for (int i = 0; i < lengthof(passers_by); i++)
	{
		if (strcmp(standby->application_name, passers_by[i]) == 0)
			return false;
	}
	return true;
}

KnownStandby *
dbops_standbys_read(int *count)
{
	KnownStandby *standbys = palloc(sizeof(KnownStandby) * STANDBYS_MAX);
	uint64 before;
	uint64 after;
	int all;

	*count = 0;
	if (shared == NULL)
		return standbys;
	do
	{
		CHECK_FOR_INTERRUPTS();
		before = pg_atomic_read_u64(&shared->changes);
		pg_read_barrier();
		*count = Max(0, Min(shared->count, STANDBYS_MAX));
		memcpy(standbys, shared->items, sizeof(KnownStandby) * *count);
		pg_read_barrier();
		after = pg_atomic_read_u64(&shared->changes);
	} while (before % 2 != 0 || before != after);
	all = *count;
	*count = 0;
	for (int i = 0; i < all; i++)
	{
		if (standbys[i].pid != 0 || is_missed(&standbys[i]))
			standbys[(*count)++] = standbys[i];
	}
	return standbys;
}

bool
dbops_standbys_clock_ahead(const KnownStandby *standby, int64 *ahead_us)
{
	*ahead_us = Max(standby->ahead_us[0], standby->ahead_us[1]);
	return standby->period_began != 0;
}
