/*
 * collect/subscription.c
 *		The family "subscription": what this server receives by logical replication.
 *
 * A row for each subscription of the shared catalog, of all databases, whether or not a worker
 * runs; workers' progress comes from their shared states, errors and conflicts from the shared
 * statistics.  How a subscription connects is never read, as that may hold a password.  Inside a
 * transaction.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_subscription.h"
#include "storage/lwlock.h"
#include "utils/rel.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat_replication.h"
#include "core/shared_catalog.h"
#include "store/frame.h"

enum
{
	SUBSCRIPTION_ENABLED,
	SUBSCRIPTION_PID,
	SUBSCRIPTION_SYNC_WORKERS,
	SUBSCRIPTION_PARALLEL_WORKERS,
	SUBSCRIPTION_LAUNCHED_AT,
	SUBSCRIPTION_RECEIVED_LSN,
	SUBSCRIPTION_LATEST_END_LSN,
	SUBSCRIPTION_LATEST_END_TIME,
	SUBSCRIPTION_LAST_MSG_SEND_TIME,
	SUBSCRIPTION_LAST_MSG_RECEIPT_TIME,
	SUBSCRIPTION_LAST_MSG_AGE_MS,
	SUBSCRIPTION_APPLY_ERROR_COUNT,
	SUBSCRIPTION_SYNC_ERROR_COUNT,
	SUBSCRIPTION_CONFLICTS,
	SUBSCRIPTION_STATS_RESET = SUBSCRIPTION_CONFLICTS + COMPAT_SUBSCRIPTION_CONFLICTS,
	SUBSCRIPTION_NMETRICS
};

enum
{
	LABEL_SUBID,
	LABEL_NAME,
	LABEL_DATID,
};

static const Label labels[] = {
    [LABEL_SUBID] = LABEL("subid", LABEL_OID, NAMES_NONE, "OID of the subscription"),
    [LABEL_NAME] = LABEL("subname", LABEL_TEXT, NAMES_NONE, "Name of the subscription"),
    [LABEL_DATID] = LABEL_OF_DATABASE("OID of its database"),
};

static const Metric metrics[] = {
    [SUBSCRIPTION_ENABLED] = FLAG(1, "enabled", "1 if it is to receive, else 0"),
    [SUBSCRIPTION_PID] = GAUGE(2, "pid", "", ROLLUP_LAST, "Process that applies, if any"),
    [SUBSCRIPTION_SYNC_WORKERS] =
        GAUGE(3, "sync_workers", "", ROLLUP_MAX, "Workers that copy tables or sequences"),
    [SUBSCRIPTION_PARALLEL_WORKERS] =
        GAUGE(4, "parallel_workers", "", ROLLUP_MAX, "Workers that help to apply"),
    [SUBSCRIPTION_LAUNCHED_AT] =
        INSTANT(5, "launched_at", "When the process that applies was started"),
    [SUBSCRIPTION_RECEIVED_LSN] = GAUGE(6, "received_lsn", "bytes", ROLLUP_LAST,
                                        "WAL position of the publisher received, as a number"),
    [SUBSCRIPTION_LATEST_END_LSN] =
        GAUGE(7, "latest_end_lsn", "bytes", ROLLUP_LAST,
              "Position last reported back to the publisher, as a number"),
    [SUBSCRIPTION_LATEST_END_TIME] = SIGN_OF_LIFE(8, "latest_end_time", "When that was"),
    [SUBSCRIPTION_LAST_MSG_SEND_TIME] =
        SIGN_OF_LIFE(9, "last_msg_send_time", "When the last message was sent, by its clock"),
    [SUBSCRIPTION_LAST_MSG_RECEIPT_TIME] =
        SIGN_OF_LIFE(10, "last_msg_receipt_time", "When the last message came"),
    [SUBSCRIPTION_LAST_MSG_AGE_MS] = AGE_MS(11, "last_msg_age_ms", "Time since the last message"),
    [SUBSCRIPTION_APPLY_ERROR_COUNT] = COUNT(12, "apply_error_count", "Errors while applying"),
    [SUBSCRIPTION_SYNC_ERROR_COUNT] =
        COUNT(13, "sync_error_count", "Errors while copying tables or sequences"),
    [SUBSCRIPTION_CONFLICTS + 0] =
        COUNT(14, "confl_insert_exists", "Inserts of a key that exists (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 1] = COUNT(15, "confl_update_origin_differs",
                                         "Updates of a row that somebody else changed (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 2] =
        COUNT(16, "confl_update_exists", "Updates to a key that exists (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 3] =
        COUNT(17, "confl_update_missing", "Updates of a row that is not there (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 4] = COUNT(18, "confl_delete_origin_differs",
                                         "Deletes of a row that somebody else changed (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 5] =
        COUNT(19, "confl_delete_missing", "Deletes of a row that is not there (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 6] =
        COUNT(20, "confl_multiple_unique_conflicts", "Rows with several keys that exist (from 18)"),
    [SUBSCRIPTION_CONFLICTS + 7] =
        COUNT(21, "confl_update_deleted", "Updates of a row that was deleted here (from 19)"),
    [SUBSCRIPTION_STATS_RESET] = INSTANT(22, "stats_reset", "Last reset of its statistics"),
};

/* Of a subscription that nothing went wrong with. */
static const PgStat_StatSubEntry no_stats;

static void
fill_progress(int64 *values, const LogicalRepWorker *worker)
{
	values[SUBSCRIPTION_PID] = worker->proc->pid;
	values[SUBSCRIPTION_LAUNCHED_AT] = worker->launch_time;
	values[SUBSCRIPTION_RECEIVED_LSN] = dbops_wal_position_value(worker->last_lsn);
	values[SUBSCRIPTION_LATEST_END_LSN] = dbops_wal_position_value(worker->reply_lsn);
	if (worker->reply_time != 0)
		values[SUBSCRIPTION_LATEST_END_TIME] = worker->reply_time;
	if (worker->last_send_time != 0)
		values[SUBSCRIPTION_LAST_MSG_SEND_TIME] = worker->last_send_time;
	if (worker->last_recv_time == 0)
		return;
	values[SUBSCRIPTION_LAST_MSG_RECEIPT_TIME] = worker->last_recv_time;
	values[SUBSCRIPTION_LAST_MSG_AGE_MS] = Max(0, dbops_clock_now() - worker->last_recv_time);
}

static void
fill_workers(int64 *values, Oid subid)
{
	ListCell *cell;

	values[SUBSCRIPTION_SYNC_WORKERS] = 0;
	values[SUBSCRIPTION_PARALLEL_WORKERS] = 0;
	LWLockAcquire(LogicalRepWorkerLock, LW_SHARED);
	foreach (cell, dbops_compat_logical_workers(subid))
	{
		const LogicalRepWorker *worker = lfirst(cell);

		if (dbops_compat_is_sync(worker))
			values[SUBSCRIPTION_SYNC_WORKERS]++;
		else if (dbops_compat_is_parallel_apply(worker))
			values[SUBSCRIPTION_PARALLEL_WORKERS]++;
		else
			fill_progress(values, worker);
	}
	LWLockRelease(LogicalRepWorkerLock);
}

static void
fill_errors(int64 *values, Oid subid)
{
	const PgStat_StatSubEntry *stats = pgstat_fetch_stat_subscription(subid);
	const CompatSubscription counts = dbops_compat_subscription(stats ? stats : &no_stats);

	values[SUBSCRIPTION_APPLY_ERROR_COUNT] = counts.apply_errors;
	values[SUBSCRIPTION_SYNC_ERROR_COUNT] = counts.sync_errors;
	for (int i = 0; i < COMPAT_SUBSCRIPTION_CONFLICTS; i++)
		values[SUBSCRIPTION_CONFLICTS + i] = counts.conflicts[i];
	if (stats != NULL && stats->stat_reset_timestamp != 0)
		values[SUBSCRIPTION_STATS_RESET] = stats->stat_reset_timestamp;
}

/* A scan of the heap, for a worker without a database has neither index nor syscache. */
static void
read_subscriptions(Frame *frame)
{
	Relation relation = dbops_shared_catalog_open(SubscriptionRelationId, "pg_subscription");
	TableScanDesc scan = table_beginscan_catalog(relation, 0, NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_subscription form = (Form_pg_subscription) GETSTRUCT(tuple);
		const EntityKey key = {.num = {[LABEL_SUBID] = form->oid, [LABEL_DATID] = form->subdbid}};
		int64 *values = dbops_frame_add(frame, &key, NameStr(form->subname));

		values[SUBSCRIPTION_ENABLED] = form->subenabled;
		fill_workers(values, form->oid);
		fill_errors(values, form->oid);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
}

const Family dbops_family_subscription = {
    .id = 21,
    .name = "subscription",
    .help = "Subscriptions of all databases: workers, progress, errors and conflicts",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .rates = true,
    .read = read_subscriptions,
};
