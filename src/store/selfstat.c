/*
 * store/selfstat.c
 *		What the workers of dbops cost; see selfstat.h.
 *
 * A file of its own, and in this layer, because workers write it and a collector reads it.  Each
 * slot has a spinlock, held for a copy.
 */
#include "postgres.h"

#include <sys/resource.h>

#include "access/xact.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#include "core/clock.h"
#include "store/selfstat.h"

typedef struct SelfSlot
{
	slock_t mutex;
	SelfStat stat;
} SelfSlot;

static const char *const kind_names[SELF_KINDS] = {"sampler", "keeper", "inspector",
                                                   "backup reader", "gateway"};

static SelfSlot *slots = NULL;

/* Of this process: its totals when it last published, its transactions, its cycle's start. */
static SelfStat published;
static int64 transactions;
static bool writes; /* its transaction has an id, and is about to be committed */
static int64 cycle_began_us;
static bool joined;
static SelfKind joined_kind;

Size
dbops_selfstat_shmem_size(void)
{
	return MAXALIGN(sizeof(SelfSlot) * SELF_KINDS);
}

void
dbops_selfstat_shmem_init(void)
{
	bool found;

	slots = ShmemInitStruct("dbops selfstat", dbops_selfstat_shmem_size(), &found);
	if (found)
		return;
	memset(slots, 0, sizeof(SelfSlot) * SELF_KINDS);
	for (int i = 0; i < SELF_KINDS; i++)
	{
		SpinLockInit(&slots[i].mutex);
		slots[i].stat.history_bytes = PG_INT64_MIN;
	}
}

const char *
dbops_selfstat_name(SelfKind kind)
{
	return kind_names[kind];
}

static void
count_writing(int begun, int ended)
{
	SpinLockAcquire(&slots[joined_kind].mutex);
	slots[joined_kind].stat.writing_begun += begun;
	slots[joined_kind].stat.writing += ended;
	SpinLockRelease(&slots[joined_kind].mutex);
}

/* Those that write are published on both sides of the moment when the server counts them. */
static void
count_transaction(XactEvent event, void *arg)
{
	bool has_id = TransactionIdIsValid(GetTopTransactionIdIfAny());

	if (event == XACT_EVENT_PRE_COMMIT && has_id)
	{
		count_writing(1, 0);
		writes = true;
	}
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	transactions++;
	if (has_id)
		count_writing(writes ? 0 : 1, 1);
	else if (writes)
		count_writing(-1, 0);
	writes = false;
}

/* The server counts subtransactions that are rolled back, too. */
static void
count_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && TransactionIdIsValid(GetCurrentTransactionIdIfAny()))
		count_writing(1, 1);
}

static int64
timeval_us(struct timeval time)
{
	return (int64) time.tv_sec * 1000000 + time.tv_usec;
}

/* Totals of this process since it began. */
static SelfStat
measure_process(void)
{
	SelfStat now = {0};
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
	{
		now.cpu_user_us = timeval_us(usage.ru_utime);
		now.cpu_system_us = timeval_us(usage.ru_stime);
	}
	now.wal_records = pgWalUsage.wal_records;
	now.wal_bytes = (int64) pgWalUsage.wal_bytes;
	now.transactions = transactions;
	return now;
}

/* Adds what this process has used since the last time. */
static void
add_usage(SelfKind kind)
{
	volatile SelfSlot *slot = &slots[kind];
	SelfStat now = measure_process();

	SpinLockAcquire(&slot->mutex);
	slot->stat.cpu_user_us += now.cpu_user_us - published.cpu_user_us;
	slot->stat.cpu_system_us += now.cpu_system_us - published.cpu_system_us;
	slot->stat.wal_records += now.wal_records - published.wal_records;
	slot->stat.wal_bytes += now.wal_bytes - published.wal_bytes;
	slot->stat.transactions += now.transactions - published.transactions;
	SpinLockRelease(&slot->mutex);
	published = now;
}

/* Publishes the last of the process, and forgets its pid, which another may get. */
static void
leave_kind(int code, Datum kind)
{
	volatile SelfSlot *slot = &slots[DatumGetInt32(kind)];

	add_usage(DatumGetInt32(kind));
	SpinLockAcquire(&slot->mutex);
	if (slot->stat.pid == MyProcPid)
		slot->stat.pid = 0;
	SpinLockRelease(&slot->mutex);
}

/* Makes this process one of the kind, on its first call. */
static void
join_kind(SelfKind kind)
{
	volatile SelfSlot *slot = &slots[kind];

	if (joined)
		return;
	joined = true;
	joined_kind = kind;
	RegisterXactCallback(count_transaction, NULL);
	RegisterSubXactCallback(count_subtransaction, NULL);
	before_shmem_exit(leave_kind, Int32GetDatum(kind));
	SpinLockAcquire(&slot->mutex);
	slot->stat.pid = MyProcPid;
	slot->stat.starts++;
	SpinLockRelease(&slot->mutex);
}

void
dbops_selfstat_begin(SelfKind kind)
{
	if (slots == NULL)
		return;
	join_kind(kind);
	cycle_began_us = dbops_clock_monotonic_us();
}

void
dbops_selfstat_publish(SelfKind kind)
{
	volatile SelfSlot *slot;
	int64 cycle_us;

	if (slots == NULL)
		return;
	join_kind(kind);
	slot = &slots[kind];
	cycle_us = cycle_began_us == 0 ? 0 : dbops_clock_monotonic_us() - cycle_began_us;
	cycle_began_us = 0;

	SpinLockAcquire(&slot->mutex);
	slot->stat.cycles++;
	slot->stat.cycle_us += cycle_us;
	slot->stat.last_cycle_us = cycle_us;
	SpinLockRelease(&slot->mutex);
	add_usage(kind);
}

void
dbops_selfstat_set_history(int64 bytes)
{
	volatile SelfSlot *slot;

	if (slots == NULL)
		return;
	slot = &slots[SELF_KEEPER];
	SpinLockAcquire(&slot->mutex);
	slot->stat.history_bytes = bytes;
	SpinLockRelease(&slot->mutex);
}

void
dbops_selfstat_set_cut(TimestampTz at)
{
	volatile SelfSlot *slot;

	if (slots == NULL)
		return;
	slot = &slots[SELF_KEEPER];
	SpinLockAcquire(&slot->mutex);
	slot->stat.cut_at = at;
	SpinLockRelease(&slot->mutex);
}

void
dbops_selfstat_add_skipped(SelfKind kind)
{
	volatile SelfSlot *slot;

	if (slots == NULL)
		return;
	slot = &slots[kind];
	SpinLockAcquire(&slot->mutex);
	slot->stat.skipped++;
	SpinLockRelease(&slot->mutex);
}

bool
dbops_selfstat_writing(int64 *count)
{
	int64 begun = 0;
	SelfStat stat;

	*count = 0;
	for (int i = 0; i < SELF_KINDS; i++)
	{
		if (!dbops_selfstat_read(i, &stat))
			continue;
		begun += stat.writing_begun;
		*count += stat.writing;
	}
	return begun == *count;
}

bool
dbops_selfstat_read(SelfKind kind, SelfStat *out)
{
	SelfSlot *slot;

	if (slots == NULL)
		return false;
	slot = &slots[kind];
	SpinLockAcquire(&slot->mutex);
	*out = slot->stat;
	SpinLockRelease(&slot->mutex);
	return out->starts > 0;
}
