/*
 * collect/slot.c
 *		The family "slot": replication slots, what they hold back, and what decoding spills.
 *
 * Slots are copied under their spinlocks, as pg_replication_slots does; the rules for wal_status
 * and safe_wal_size are that view's.  Statistics of logical slots come from the shared statistics.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "replication/slot.h"
#include "storage/spin.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/wal_position.h"
#include "core/compat_replication.h"
#include "store/frame.h"

enum
{
	SLOT_ACTIVE,
	SLOT_ACTIVE_PID,
	SLOT_TEMPORARY,
	SLOT_RESTART_LSN,
	SLOT_CONFIRMED_FLUSH_LSN,
	SLOT_RESTART_LAG_BYTES,
	SLOT_CONFIRMED_FLUSH_LAG_BYTES,
	SLOT_WAL_STATUS,
	SLOT_SAFE_WAL_SIZE,
	SLOT_XMIN_AGE,
	SLOT_CATALOG_XMIN_AGE,
	SLOT_TWO_PHASE,
	SLOT_FAILOVER,
	SLOT_SYNCED,
	SLOT_CONFLICTING,
	SLOT_INVALIDATION_REASON,
	SLOT_INACTIVE_SINCE,
	SLOT_SPILL_TXNS,
	SLOT_SPILL_COUNT,
	SLOT_SPILL_BYTES,
	SLOT_STREAM_TXNS,
	SLOT_STREAM_COUNT,
	SLOT_STREAM_BYTES,
	SLOT_TOTAL_TXNS,
	SLOT_TOTAL_BYTES,
	SLOT_MEM_EXCEEDED_COUNT,
	SLOT_STATS_RESET,
	SLOT_NMETRICS
};

enum
{
	LABEL_NAME,
	LABEL_KIND,
	LABEL_PLUGIN,
	LABEL_DATID,
};

enum
{
	SLOT_PHYSICAL,
	SLOT_LOGICAL,
};

static const char *const types[] = {[SLOT_PHYSICAL] = "physical", [SLOT_LOGICAL] = "logical", NULL};

static const Label labels[] = {
    [LABEL_NAME] = LABEL("slot_name", LABEL_TEXT, NAMES_NONE, "Name of the slot"),
    [LABEL_KIND] = LABEL_OF_WORDS("slot_type", types, "Kind of the slot"),
    [LABEL_PLUGIN] = LABEL("plugin", LABEL_TEXT, NAMES_NONE,
                           "Output plugin of a logical slot; empty for a physical one"),
    [LABEL_DATID] =
        LABEL_OF_DATABASE("OID of the database of a logical slot; 0 for a physical one"),
};

enum
{
	WAL_RESERVED,
	WAL_EXTENDED,
	WAL_UNRESERVED,
	WAL_LOST,
};

static const char *const wal_statuses[] = {[WAL_RESERVED] = "reserved",
                                           [WAL_EXTENDED] = "extended",
                                           [WAL_UNRESERVED] = "unreserved",
                                           [WAL_LOST] = "lost",
                                           NULL};

/* In the order of CompatInvalidation, whose first is no reason and shown as NULL. */
static const char *const reasons[] = {
    "none", "wal_removed", "rows_removed", "wal_level_insufficient", "idle_timeout", NULL};

static const Metric metrics[] = {
    [SLOT_ACTIVE] = FLAG(1, "active", "1 while somebody streams from it, else 0"),
    [SLOT_ACTIVE_PID] = GAUGE(2, "active_pid", "", ROLLUP_LAST, "Process that does, if any"),
    [SLOT_TEMPORARY] = FLAG(3, "temporary", "1 if it goes with its session, else 0"),
    [SLOT_RESTART_LSN] = GAUGE(4, "restart_lsn", "bytes", ROLLUP_LAST,
                               "Oldest WAL position it may need, as a number"),
    [SLOT_CONFIRMED_FLUSH_LSN] =
        GAUGE(5, "confirmed_flush_lsn", "bytes", ROLLUP_LAST,
              "Position up to which the receiver of a logical slot has everything, as a number"),
    [SLOT_RESTART_LAG_BYTES] =
        GAUGE(6, "restart_lag_bytes", "bytes", ROLLUP_MAX, "WAL kept for it"),
    [SLOT_CONFIRMED_FLUSH_LAG_BYTES] =
        GAUGE(7, "confirmed_flush_lag_bytes", "bytes", ROLLUP_MAX,
              "WAL that the receiver of a logical slot does not have yet"),
    [SLOT_WAL_STATUS] =
        WORD(8, "wal_status", wal_statuses, "Whether the WAL it needs is there and will stay"),
    [SLOT_SAFE_WAL_SIZE] =
        GAUGE(9, "safe_wal_size", "bytes", ROLLUP_MIN,
              "WAL that can be written before it is lost, under max_slot_wal_keep_size"),
    [SLOT_XMIN_AGE] = AGE(10, "xmin_age", "Transactions since the oldest whose rows it needs"),
    [SLOT_CATALOG_XMIN_AGE] =
        AGE(11, "catalog_xmin_age", "Transactions since the oldest whose catalog rows it needs"),
    [SLOT_TWO_PHASE] = FLAG(12, "two_phase", "1 if it decodes prepared transactions, else 0"),
    [SLOT_FAILOVER] = FLAG(13, "failover", "1 if standbys are to have it too (from 17)"),
    [SLOT_SYNCED] = FLAG(14, "synced", "1 if it was copied from the primary (from 17)"),
    [SLOT_CONFLICTING] =
        FLAG(15, "conflicting", "1 if a logical slot was lost to a recovery conflict (from 16)"),
    [SLOT_INVALIDATION_REASON] =
        WORD(16, "invalidation_reason", reasons, "Why it can be used no more; NULL if it can"),
    [SLOT_INACTIVE_SINCE] =
        INSTANT(17, "inactive_since", "When somebody last streamed from it (from 17)"),
    [SLOT_SPILL_TXNS] = COUNT(18, "spill_txns", "Transactions spilled to disk while decoded"),
    [SLOT_SPILL_COUNT] = COUNT(19, "spill_count", "Times transactions were spilled"),
    [SLOT_SPILL_BYTES] = COUNT_BYTES(20, "spill_bytes", "Bytes spilled"),
    [SLOT_STREAM_TXNS] = COUNT(21, "stream_txns", "Transactions streamed before their end"),
    [SLOT_STREAM_COUNT] = COUNT(22, "stream_count", "Times transactions were streamed"),
    [SLOT_STREAM_BYTES] = COUNT_BYTES(23, "stream_bytes", "Bytes streamed before the end"),
    [SLOT_TOTAL_TXNS] = COUNT(24, "total_txns", "Transactions sent"),
    [SLOT_TOTAL_BYTES] = COUNT_BYTES(25, "total_bytes", "Bytes of transactions decoded"),
    [SLOT_MEM_EXCEEDED_COUNT] =
        COUNT(26, "mem_exceeded_count", "Times logical_decoding_work_mem was exceeded (from 19)"),
    [SLOT_STATS_RESET] = INSTANT(27, "stats_reset", "Last reset of its statistics"),
};

/* A slot as it was when looked at. */
typedef struct SlotCopy
{
	ReplicationSlotPersistentData data;
	CompatSlot more;
	TransactionId xmin;
	TransactionId catalog_xmin;
} SlotCopy;

/* Of a slot that nothing was decoded from. */
static const PgStat_StatReplSlotEntry no_stats;

static int
copy_slots(SlotCopy *copies)
{
	int count = 0;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];
		SlotCopy *copy = &copies[count];

		if (!slot->in_use)
			continue;
		SpinLockAcquire(&slot->mutex);
		copy->data = slot->data;
		dbops_compat_slot(slot, &copy->more);
		copy->xmin = slot->data.xmin;
		copy->catalog_xmin = slot->data.catalog_xmin;
		SpinLockRelease(&slot->mutex);
		copy->more.pid = dbops_compat_slot_pid(slot);
		count++;
	}
	LWLockRelease(ReplicationSlotControlLock);
	return count;
}

static bool
is_invalidated(const SlotCopy *slot)
{
	return slot->more.invalidation != COMPAT_SLOT_VALID;
}

/* A number of wal_statuses[], or FAMILY_NULL for a slot that needs no WAL yet. */
static int64
judge_wal(const SlotCopy *slot)
{
	WALAvailability availability =
	    is_invalidated(slot) ? WALAVAIL_REMOVED : GetWALAvailability(slot->data.restart_lsn);

	switch (availability)
	{
		case WALAVAIL_RESERVED:
			return WAL_RESERVED;
		case WALAVAIL_EXTENDED:
			return WAL_EXTENDED;
		case WALAVAIL_UNRESERVED:
			return WAL_UNRESERVED;
		case WALAVAIL_REMOVED:
			/* Who streams may have moved on since the slot was looked at. */
			return slot->more.pid != 0 && slot->data.restart_lsn != InvalidXLogRecPtr ?
			           WAL_UNRESERVED :
			           WAL_LOST;
		case WALAVAIL_INVALID_LSN:
			break;
	}
	return FAMILY_NULL;
}

static int64
safe_wal_size(const SlotCopy *slot)
{
	uint64 keep_mb = Max(max_slot_wal_keep_size_mb, wal_keep_size_mb);
	uint64 keep_segments = keep_mb / (wal_segment_size / (1024 * 1024));
	XLogSegNo segment;
	XLogRecPtr lost_at;

	XLByteToSeg(slot->data.restart_lsn, segment, wal_segment_size);
	XLogSegNoOffsetToRecPtr(segment + keep_segments + 1, 0, wal_segment_size, lost_at);
	return (int64) (lost_at - GetXLogWriteRecPtr());
}

static void
fill_wal(int64 *values, const SlotCopy *slot, XLogRecPtr end)
{
	int64 status = judge_wal(slot);

	values[SLOT_RESTART_LSN] = dbops_wal_position_value(slot->data.restart_lsn);
	values[SLOT_RESTART_LAG_BYTES] = dbops_wal_position_lag(end, slot->data.restart_lsn);
	values[SLOT_CONFIRMED_FLUSH_LSN] = dbops_wal_position_value(slot->data.confirmed_flush);
	values[SLOT_CONFIRMED_FLUSH_LAG_BYTES] =
	    dbops_wal_position_lag(end, slot->data.confirmed_flush);
	values[SLOT_WAL_STATUS] = status;
	if (status != FAMILY_NULL && status != WAL_LOST && max_slot_wal_keep_size_mb >= 0)
		values[SLOT_SAFE_WAL_SIZE] = safe_wal_size(slot);
}

static void
fill_state(int64 *values, const SlotCopy *slot)
{
	const CompatSlot *more = &slot->more;

	values[SLOT_ACTIVE] = more->pid != 0;
	if (more->pid != 0)
		values[SLOT_ACTIVE_PID] = more->pid;
	values[SLOT_TEMPORARY] = slot->data.persistency == RS_TEMPORARY;
	values[SLOT_XMIN_AGE] = dbops_wal_position_xid_age(slot->xmin);
	values[SLOT_CATALOG_XMIN_AGE] = dbops_wal_position_xid_age(slot->catalog_xmin);
	values[SLOT_TWO_PHASE] = slot->data.two_phase;
	values[SLOT_FAILOVER] = more->failover;
	values[SLOT_SYNCED] = more->synced;
	if (OidIsValid(slot->data.database))
		values[SLOT_CONFLICTING] = more->conflicting;
	if (is_invalidated(slot))
		values[SLOT_INVALIDATION_REASON] = more->invalidation;
	if (more->inactive_since != 0)
		values[SLOT_INACTIVE_SINCE] = more->inactive_since;
}

static void
fill_decoding(int64 *values, const SlotCopy *slot)
{
	const PgStat_StatReplSlotEntry *stats = pgstat_fetch_replslot(slot->data.name);

	if (stats == NULL)
		stats = &no_stats;
	values[SLOT_SPILL_TXNS] = stats->spill_txns;
	values[SLOT_SPILL_COUNT] = stats->spill_count;
	values[SLOT_SPILL_BYTES] = stats->spill_bytes;
	values[SLOT_STREAM_TXNS] = stats->stream_txns;
	values[SLOT_STREAM_COUNT] = stats->stream_count;
	values[SLOT_STREAM_BYTES] = stats->stream_bytes;
	values[SLOT_TOTAL_TXNS] = stats->total_txns;
	values[SLOT_TOTAL_BYTES] = stats->total_bytes;
	values[SLOT_MEM_EXCEEDED_COUNT] = dbops_compat_slot_mem_exceeded(stats);
	if (stats->stat_reset_timestamp != 0)
		values[SLOT_STATS_RESET] = stats->stat_reset_timestamp;
}

static void
read_slots(Frame *frame)
{
	SlotCopy *slots = palloc(sizeof(SlotCopy) * Max(max_replication_slots, 1));
	int count = copy_slots(slots);
	XLogRecPtr end = dbops_wal_position_end();

	for (int i = 0; i < count; i++)
	{
		const SlotCopy *slot = &slots[i];
		const char *const texts[] = {NameStr(slot->data.name), NameStr(slot->data.plugin)};
		bool logical = OidIsValid(slot->data.database);
		const EntityKey key = {.num = {[LABEL_KIND] = logical ? SLOT_LOGICAL : SLOT_PHYSICAL,
		                               [LABEL_DATID] = slot->data.database}};
		int64 *values = dbops_frame_add_texts(frame, &key, texts);

		fill_wal(values, slot, end);
		fill_state(values, slot);
		if (logical)
			fill_decoding(values, slot);
	}
}

const Family dbops_family_slot = {
    .id = 19,
    .name = "slot",
    .help = "Replication slots: what they hold back, whether their WAL is safe, decoding",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    .rates = true,
    .read = read_slots,
};
