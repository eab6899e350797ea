/*
 * collect/server.c
 *		The family "server": what there is once per server.
 *
 * Sessions against the limits, workers in use, ages of transactions and who holds the oldest,
 * checkpoints, WAL, archiver.  Nothing here needs a database or SQL.  Limits are gauges too, so
 * that the history knows what they were.
 */
#include "postgres.h"

#include "access/multixact.h"
#include "access/transam.h"
#include "access/twophase.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "miscadmin.h"
#include "postmaster/autovacuum.h"
#include "postmaster/bgworker.h"
#include "postmaster/postmaster.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/xmin.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/compat_activity.h"
#include "core/compat_statistics.h"
#include "store/frame.h"

enum
{
	SERVER_CONNECTIONS,
	SERVER_CONNECTION_LIMIT,
	SERVER_ACTIVE,
	SERVER_IDLE,
	SERVER_IDLE_IN_TRANSACTION,
	SERVER_IDLE_ABORTED,
	SERVER_FASTPATH,
	SERVER_STATE_UNKNOWN,
	SERVER_LOCK_WAITERS,
	SERVER_WORKERS,
	SERVER_WORKER_LIMIT,
	SERVER_PARALLEL_WORKERS,
	SERVER_PARALLEL_WORKER_LIMIT,
	SERVER_LOGICAL_WORKERS,
	SERVER_OTHER_WORKERS,
	SERVER_AUTOVACUUM_WORKERS,
	SERVER_AUTOVACUUM_WORKER_LIMIT,
	SERVER_WALSENDERS,
	SERVER_WALSENDER_LIMIT,
	SERVER_PREPARED_TRANSACTIONS,
	SERVER_PREPARED_TRANSACTION_LIMIT,
	SERVER_UPTIME_SECONDS,
	SERVER_IN_RECOVERY,
	SERVER_OLDEST_TRANSACTION_MS,
	SERVER_OLDEST_STATEMENT_MS,
	SERVER_OLDEST_IDLE_IN_TRANSACTION_MS,
	SERVER_NEXT_XID,
	SERVER_XID_AGE,
	SERVER_MXID_AGE,
	SERVER_XMIN_AGE,
	SERVER_XMIN_HOLDER_KIND,
	SERVER_XMIN_HOLDER_PID,
	SERVER_XMIN_HOLDER_DATID,
	SERVER_CHECKPOINTS_TIMED,
	SERVER_CHECKPOINTS_REQUESTED,
	SERVER_CHECKPOINTS_PERFORMED,
	SERVER_RESTARTPOINTS_TIMED,
	SERVER_RESTARTPOINTS_REQUESTED,
	SERVER_RESTARTPOINTS_PERFORMED,
	SERVER_CHECKPOINT_WRITE_MS,
	SERVER_CHECKPOINT_SYNC_MS,
	SERVER_CHECKPOINT_BUFFERS,
	SERVER_CHECKPOINT_SLRU_BUFFERS,
	SERVER_BACKEND_BUFFERS,
	SERVER_BACKEND_FSYNCS,
	SERVER_BGWRITER_BUFFERS,
	SERVER_BGWRITER_STOPS,
	SERVER_BUFFERS_ALLOCATED,
	SERVER_WAL_LSN,
	SERVER_WAL_RECORDS,
	SERVER_WAL_FULL_PAGE_IMAGES,
	SERVER_WAL_BYTES,
	SERVER_WAL_BUFFERS_FULL,
	SERVER_WAL_WRITES,
	SERVER_WAL_SYNCS,
	SERVER_WAL_WRITE_MS,
	SERVER_WAL_SYNC_MS,
	SERVER_ARCHIVED,
	SERVER_ARCHIVE_FAILURES,
	SERVER_LAST_ARCHIVED_AT,
	SERVER_LAST_ARCHIVE_FAILURE_AT,
	SERVER_STARTED_AT,
	SERVER_SYNC_REQUIRED,
	SERVER_SYNC_CANDIDATES,
	SERVER_NMETRICS
};

static const Metric metrics[] = {
    [SERVER_CONNECTIONS] = GAUGE(1, "connections", "", ROLLUP_MAX, "Client connections"),
    [SERVER_CONNECTION_LIMIT] = GAUGE(2, "connection_limit", "", ROLLUP_LAST,
                                      "Connections open to all: max_connections less the reserved"),
    [SERVER_ACTIVE] = GAUGE(3, "active", "", ROLLUP_MAX, "Client connections that run a statement"),
    [SERVER_IDLE] =
        GAUGE(4, "idle", "", ROLLUP_MAX, "Client connections that wait for the next transaction"),
    [SERVER_IDLE_IN_TRANSACTION] = GAUGE(5, "idle_in_transaction", "", ROLLUP_MAX,
                                         "Client connections idle inside a transaction"),
    [SERVER_IDLE_ABORTED] = GAUGE(6, "idle_in_transaction_aborted", "", ROLLUP_MAX,
                                  "The same, after an error in the transaction"),
    [SERVER_FASTPATH] =
        GAUGE(7, "fastpath", "", ROLLUP_MAX, "Client connections in a fast-path function call"),
    [SERVER_STATE_UNKNOWN] = GAUGE(8, "state_unknown", "", ROLLUP_MAX,
                                   "Client connections starting, or with track_activities off"),
    [SERVER_LOCK_WAITERS] =
        GAUGE(9, "lock_waiters", "", ROLLUP_MAX, "Processes waiting for a heavyweight lock"),
    [SERVER_WORKERS] = GAUGE(10, "workers", "", ROLLUP_MAX, "Background workers of all kinds"),
    [SERVER_WORKER_LIMIT] = GAUGE(11, "worker_limit", "", ROLLUP_LAST, "max_worker_processes"),
    [SERVER_PARALLEL_WORKERS] =
        GAUGE(12, "parallel_workers", "", ROLLUP_MAX, "Workers of parallel queries"),
    [SERVER_PARALLEL_WORKER_LIMIT] =
        GAUGE(13, "parallel_worker_limit", "", ROLLUP_LAST, "max_parallel_workers"),
    [SERVER_LOGICAL_WORKERS] = GAUGE(14, "logical_workers", "", ROLLUP_MAX,
                                     "Workers of logical replication, with its launcher"),
    [SERVER_OTHER_WORKERS] =
        GAUGE(15, "other_workers", "", ROLLUP_MAX, "Background workers of extensions"),
    [SERVER_AUTOVACUUM_WORKERS] =
        GAUGE(16, "autovacuum_workers", "", ROLLUP_MAX, "Autovacuum workers"),
    [SERVER_AUTOVACUUM_WORKER_LIMIT] =
        GAUGE(17, "autovacuum_worker_limit", "", ROLLUP_LAST, "autovacuum_max_workers"),
    [SERVER_WALSENDERS] = GAUGE(18, "walsenders", "", ROLLUP_MAX, "WAL senders"),
    [SERVER_WALSENDER_LIMIT] = GAUGE(19, "walsender_limit", "", ROLLUP_LAST, "max_wal_senders"),
    [SERVER_PREPARED_TRANSACTIONS] =
        GAUGE(20, "prepared_transactions", "", ROLLUP_MAX, "Transactions prepared and not ended"),
    [SERVER_PREPARED_TRANSACTION_LIMIT] =
        GAUGE(21, "prepared_transaction_limit", "", ROLLUP_LAST, "max_prepared_transactions"),
    [SERVER_UPTIME_SECONDS] =
        GAUGE(22, "uptime_seconds", "seconds", ROLLUP_LAST, "Time since the postmaster started"),
    [SERVER_IN_RECOVERY] = FLAG(23, "in_recovery", "1 while it recovers or is a standby, else 0"),
    [SERVER_OLDEST_TRANSACTION_MS] =
        LONGEST_MS(24, "oldest_transaction_ms", "Age of the oldest open transaction of a session"),
    [SERVER_OLDEST_STATEMENT_MS] =
        LONGEST_MS(25, "oldest_statement_ms", "Age of the oldest running statement of a session"),
    [SERVER_OLDEST_IDLE_IN_TRANSACTION_MS] = LONGEST_MS(
        26, "oldest_idle_in_transaction_ms", "Longest time a session idles in a transaction"),
    [SERVER_NEXT_XID] =
        GAUGE(27, "next_xid", "", ROLLUP_LAST, "Next transaction id, with its epoch"),
    [SERVER_XID_AGE] = GAUGE(28, "xid_age", "", ROLLUP_MAX,
                             "Transactions since the oldest XID not frozen anywhere"),
    [SERVER_MXID_AGE] =
        GAUGE(29, "mxid_age", "", ROLLUP_MAX, "Multixacts since the oldest one anywhere"),
    [SERVER_XMIN_AGE] = GAUGE(30, "oldest_xmin_age", "", ROLLUP_MAX,
                              "Transactions since the oldest one somebody still needs"),
    [SERVER_XMIN_HOLDER_KIND] = WORD(31, "oldest_xmin_kind", dbops_xmin_kinds, "Who needs it"),
    [SERVER_XMIN_HOLDER_PID] =
        GAUGE(32, "oldest_xmin_pid", "", ROLLUP_LAST, "Process that needs it, if any"),
    [SERVER_XMIN_HOLDER_DATID] =
        GAUGE(33, "oldest_xmin_datid", "", ROLLUP_LAST, "OID of its database, if any"),
    [SERVER_CHECKPOINTS_TIMED] =
        COUNT(34, "checkpoints_timed", "Checkpoints because of checkpoint_timeout"),
    [SERVER_CHECKPOINTS_REQUESTED] =
        COUNT(35, "checkpoints_requested", "Checkpoints because of WAL volume or by command"),
    [SERVER_CHECKPOINTS_PERFORMED] =
        COUNT(36, "checkpoints_performed", "Checkpoints not skipped as idle (from 18)"),
    [SERVER_RESTARTPOINTS_TIMED] =
        COUNT(37, "restartpoints_timed", "Restartpoints because of checkpoint_timeout (from 17)"),
    [SERVER_RESTARTPOINTS_REQUESTED] =
        COUNT(38, "restartpoints_requested", "Restartpoints requested (from 17)"),
    [SERVER_RESTARTPOINTS_PERFORMED] =
        COUNT(39, "restartpoints_performed", "Restartpoints performed (from 17)"),
    [SERVER_CHECKPOINT_WRITE_MS] =
        COUNT_MS(40, "checkpoint_write_ms", 0, "Time checkpoints wrote files"),
    [SERVER_CHECKPOINT_SYNC_MS] =
        COUNT_MS(41, "checkpoint_sync_ms", 0, "Time checkpoints synced files"),
    [SERVER_CHECKPOINT_BUFFERS] = COUNT(42, "checkpoint_buffers", "Buffers written by checkpoints"),
    [SERVER_CHECKPOINT_SLRU_BUFFERS] =
        COUNT(43, "checkpoint_slru_buffers", "SLRU buffers written by checkpoints (from 18)"),
    [SERVER_BACKEND_BUFFERS] = COUNT(
        44, "backend_buffers", "Buffers that others than checkpointer and background writer wrote"),
    [SERVER_BACKEND_FSYNCS] =
        COUNT(45, "backend_fsyncs", "Syncs that others than the checkpointer did themselves"),
    [SERVER_BGWRITER_BUFFERS] =
        COUNT(46, "bgwriter_buffers", "Buffers written by the background writer"),
    [SERVER_BGWRITER_STOPS] =
        COUNT(47, "bgwriter_stops", "Times the background writer hit bgwriter_lru_maxpages"),
    [SERVER_BUFFERS_ALLOCATED] = COUNT(48, "buffers_allocated", "Buffers allocated"),
    [SERVER_WAL_LSN] = GAUGE(49, "wal_lsn", "bytes", ROLLUP_LAST,
                             "WAL position flushed, or replayed on a standby, as a number"),
    [SERVER_WAL_RECORDS] = COUNT(50, "wal_records", "WAL records written"),
    [SERVER_WAL_FULL_PAGE_IMAGES] = COUNT(51, "wal_fpi", "Full page images in WAL"),
    [SERVER_WAL_BYTES] = COUNT_BYTES(52, "wal_bytes", "WAL generated"),
    [SERVER_WAL_BUFFERS_FULL] =
        COUNT(53, "wal_buffers_full", "Times WAL was written because its buffers were full"),
    [SERVER_WAL_WRITES] = COUNT(54, "wal_writes", "Writes of WAL buffers to disk"),
    [SERVER_WAL_SYNCS] = COUNT(55, "wal_syncs", "Syncs of WAL files"),
    [SERVER_WAL_WRITE_MS] =
        COUNT_MS(56, "wal_write_ms", 0.001, "Time writing WAL, with track_wal_io_timing"),
    [SERVER_WAL_SYNC_MS] =
        COUNT_MS(57, "wal_sync_ms", 0.001, "Time syncing WAL, with track_wal_io_timing"),
    [SERVER_ARCHIVED] = COUNT(58, "wal_archived", "WAL files archived"),
    [SERVER_ARCHIVE_FAILURES] = COUNT(59, "wal_archive_failures", "Failed attempts to archive"),
    [SERVER_LAST_ARCHIVED_AT] = INSTANT(60, "last_archived_at", "Last WAL file archived"),
    [SERVER_LAST_ARCHIVE_FAILURE_AT] =
        INSTANT(61, "last_archive_failure_at", "Last failed attempt to archive"),
    [SERVER_STARTED_AT] = INSTANT(62, "started_at", "When the postmaster started"),
    [SERVER_SYNC_REQUIRED] =
        GAUGE(63, "sync_required", "", ROLLUP_MAX,
              "Standbys that commits wait for by synchronous_standby_names; 0: for none"),
    [SERVER_SYNC_CANDIDATES] = GAUGE(64, "sync_candidates", "", ROLLUP_MIN,
                                     "Connected standbys that may be those, as many as count"),
};

static const Derived derived[] = {
    RATIO("connections_percent", 100, "connections", "connection_limit", "percent",
          "Client connections as share of the limit"),
    RATIO("workers_percent", 100, "workers", "worker_limit", "percent",
          "Background workers as share of the limit"),
    {"checkpoints_requested_percent",
     DERIVED_RATIO,
     100,
     {"checkpoints_requested"},
     {"checkpoints_timed", "checkpoints_requested"},
     "percent",
     "Share of checkpoints that did not wait for checkpoint_timeout"},
};

/* What the state of a client connection counts as; anything else is unknown. */
static const int state_metrics[] = {
    [STATE_IDLE] = SERVER_IDLE,
    [STATE_RUNNING] = SERVER_ACTIVE,
    [STATE_IDLEINTRANSACTION] = SERVER_IDLE_IN_TRANSACTION,
    [STATE_FASTPATH] = SERVER_FASTPATH,
    [STATE_IDLEINTRANSACTION_ABORTED] = SERVER_IDLE_ABORTED,
};

static void
count_client(int64 *values, BackendState state)
{
	int metric = state < lengthof(state_metrics) ? state_metrics[state] : 0;

	values[SERVER_CONNECTIONS]++;
	/* States the table leaves out have 0 there, the metric of all connections. */
	values[metric == SERVER_CONNECTIONS ? SERVER_STATE_UNKNOWN : metric]++;
}

static void
count_worker(int64 *values, int pid)
{
	const char *type = GetBackgroundWorkerTypeByPid(pid);

	values[SERVER_WORKERS]++;
	if (type != NULL && strcmp(type, "parallel worker") == 0)
		values[SERVER_PARALLEL_WORKERS]++;
	else if (type != NULL &&
	         strncmp(type, "logical replication", strlen("logical replication")) == 0)
		values[SERVER_LOGICAL_WORKERS]++;
	else
		values[SERVER_OTHER_WORKERS]++;
}

static void
count_process(int64 *values, const PgBackendStatus *status)
{
	switch (status->st_backendType)
	{
		case B_BACKEND:
			count_client(values, status->st_state);
			break;
		case B_BG_WORKER:
			count_worker(values, status->st_procpid);
			break;
		case B_AUTOVAC_WORKER:
			values[SERVER_AUTOVACUUM_WORKERS]++;
			break;
		case B_WAL_SENDER:
			values[SERVER_WALSENDERS]++;
			break;
		default:
			break;
	}
}

/* Keeps the longest time since `since`; an instant of 0 is none. */
static void
keep_oldest(int64 *value, TimestampTz now, TimestampTz since)
{
	if (since != 0)
		*value = Max(*value, now - since);
}

static void
note_ages(int64 *values, const PgBackendStatus *status, TimestampTz now)
{
	bool idle = status->st_state == STATE_IDLEINTRANSACTION ||
	            status->st_state == STATE_IDLEINTRANSACTION_ABORTED;

	if (status->st_backendType != B_BACKEND || status->st_procpid == MyProcPid)
		return;
	keep_oldest(&values[SERVER_OLDEST_TRANSACTION_MS], now, status->st_xact_start_timestamp);
	if (status->st_state == STATE_RUNNING || status->st_state == STATE_FASTPATH)
		keep_oldest(&values[SERVER_OLDEST_STATEMENT_MS], now, status->st_activity_start_timestamp);
	if (idle)
		keep_oldest(&values[SERVER_OLDEST_IDLE_IN_TRANSACTION_MS], now,
		            status->st_state_start_timestamp);
}

static void
read_processes(int64 *values)
{
	static const int counted[] = {
	    SERVER_CONNECTIONS,
	    SERVER_ACTIVE,
	    SERVER_IDLE,
	    SERVER_IDLE_IN_TRANSACTION,
	    SERVER_IDLE_ABORTED,
	    SERVER_FASTPATH,
	    SERVER_STATE_UNKNOWN,
	    SERVER_LOCK_WAITERS,
	    SERVER_WORKERS,
	    SERVER_PARALLEL_WORKERS,
	    SERVER_LOGICAL_WORKERS,
	    SERVER_OTHER_WORKERS,
	    SERVER_AUTOVACUUM_WORKERS,
	    SERVER_WALSENDERS,
	    SERVER_OLDEST_TRANSACTION_MS,
	    SERVER_OLDEST_STATEMENT_MS,
	    SERVER_OLDEST_IDLE_IN_TRANSACTION_MS,
	};
	int nbackends = pgstat_fetch_stat_numbackends();
	TimestampTz now = dbops_clock_now();

	for (int i = 0; i < lengthof(counted); i++)
		values[counted[i]] = 0;
	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local == NULL)
			continue;
		count_process(values, &local->backendStatus);
		note_ages(values, &local->backendStatus, now);
	}
	/* Read without a lock: one word per process that its owner writes. */
	for (int i = 0; i < (int) ProcGlobal->allProcCount; i++)
	{
		const PGPROC *proc = &ProcGlobal->allProcs[i];

		if (proc->pid != 0 && (proc->wait_event_info & 0xFF000000) == PG_WAIT_LOCK)
			values[SERVER_LOCK_WAITERS]++;
	}
}

static void
read_limits(int64 *values)
{
	values[SERVER_CONNECTION_LIMIT] = MaxConnections - dbops_compat_reserved_connections();
	values[SERVER_WORKER_LIMIT] = max_worker_processes;
	values[SERVER_PARALLEL_WORKER_LIMIT] = max_parallel_workers;
	values[SERVER_AUTOVACUUM_WORKER_LIMIT] = autovacuum_max_workers;
	values[SERVER_WALSENDER_LIMIT] = max_wal_senders;
	values[SERVER_PREPARED_TRANSACTION_LIMIT] = max_prepared_xacts;
}

static void
read_transactions(int64 *values)
{
	int count;
	const XminHolder *holders = dbops_xmin_read(&count);
	FullTransactionId next = ReadNextFullTransactionId();
	MultiXactId oldest_mxid;
	MultiXactId next_mxid;

	ReadMultiXactIdRange(&oldest_mxid, &next_mxid);
	values[SERVER_NEXT_XID] = (int64) U64FromFullTransactionId(next);
	values[SERVER_XID_AGE] = (int32) (XidFromFullTransactionId(next) - dbops_compat_oldest_xid());
	values[SERVER_MXID_AGE] = (int32) (next_mxid - oldest_mxid);

	values[SERVER_PREPARED_TRANSACTIONS] = 0;
	for (int i = 0; i < count; i++)
		values[SERVER_PREPARED_TRANSACTIONS] += holders[i].kind == XMIN_PREPARED;
	values[SERVER_XMIN_AGE] = count > 0 ? holders[0].age : 0;
	values[SERVER_XMIN_HOLDER_KIND] = count > 0 ? holders[0].kind : XMIN_NONE;
	values[SERVER_XMIN_HOLDER_PID] = count > 0 ? holders[0].pid : 0;
	values[SERVER_XMIN_HOLDER_DATID] = count > 0 ? holders[0].datid : 0;
}

/*
 * What pg_stat_bgwriter told until 16, from the statistics of I/O: blocks of relations that were
 * written or added, and files synced, by processes whose work that is not.
 */
static void
count_backend_writes(int64 *values)
{
	int64 bytes = 0;
	int64 fsyncs = 0;
	int position = 0;
	CompatIo io;

	while (dbops_compat_next_io(&position, &io))
	{
		if (strcmp(io.object, "relation") != 0 || strcmp(io.backend_type, "checkpointer") == 0 ||
		    strcmp(io.backend_type, "background writer") == 0)
			continue;
		bytes += io.tracked[COMPAT_IO_WRITE] ? io.bytes[COMPAT_IO_WRITE] : 0;
		bytes += io.tracked[COMPAT_IO_EXTEND] ? io.bytes[COMPAT_IO_EXTEND] : 0;
		fsyncs += io.tracked[COMPAT_IO_FSYNC] ? io.counts[COMPAT_IO_FSYNC] : 0;
	}
	values[SERVER_BACKEND_BUFFERS] = bytes / BLCKSZ;
	values[SERVER_BACKEND_FSYNCS] = fsyncs;
}

static void
read_writes(int64 *values)
{
	const PgStat_BgWriterStats *bgwriter = pgstat_fetch_stat_bgwriter();
	const CompatCheckpoints checkpoints = dbops_compat_checkpoints();

	values[SERVER_CHECKPOINTS_TIMED] = checkpoints.timed;
	values[SERVER_CHECKPOINTS_REQUESTED] = checkpoints.requested;
	values[SERVER_CHECKPOINTS_PERFORMED] = checkpoints.performed;
	values[SERVER_RESTARTPOINTS_TIMED] = checkpoints.restartpoints_timed;
	values[SERVER_RESTARTPOINTS_REQUESTED] = checkpoints.restartpoints_requested;
	values[SERVER_RESTARTPOINTS_PERFORMED] = checkpoints.restartpoints_performed;
	values[SERVER_CHECKPOINT_WRITE_MS] = checkpoints.write_ms;
	values[SERVER_CHECKPOINT_SYNC_MS] = checkpoints.sync_ms;
	values[SERVER_CHECKPOINT_BUFFERS] = checkpoints.buffers_written;
	values[SERVER_CHECKPOINT_SLRU_BUFFERS] = checkpoints.slru_written;
	values[SERVER_BACKEND_BUFFERS] = checkpoints.buffers_backend;
	values[SERVER_BACKEND_FSYNCS] = checkpoints.buffers_backend_fsync;
	if (checkpoints.buffers_backend == FAMILY_NULL)
		count_backend_writes(values);
	values[SERVER_BGWRITER_BUFFERS] = bgwriter->buf_written_clean;
	values[SERVER_BGWRITER_STOPS] = bgwriter->maxwritten_clean;
	values[SERVER_BUFFERS_ALLOCATED] = bgwriter->buf_alloc;
}

static void
read_wal(int64 *values)
{
	const CompatWal wal = dbops_compat_wal();
	const PgStat_ArchiverStats *archiver = pgstat_fetch_stat_archiver();
	bool in_recovery = RecoveryInProgress();

	values[SERVER_IN_RECOVERY] = in_recovery;
	values[SERVER_WAL_LSN] =
	    (int64) (in_recovery ? GetXLogReplayRecPtr(NULL) : GetFlushRecPtr(NULL));
	values[SERVER_WAL_RECORDS] = wal.records;
	values[SERVER_WAL_FULL_PAGE_IMAGES] = wal.full_page_images;
	values[SERVER_WAL_BYTES] = wal.bytes;
	values[SERVER_WAL_BUFFERS_FULL] = wal.buffers_full;
	values[SERVER_WAL_WRITES] = wal.writes;
	values[SERVER_WAL_SYNCS] = wal.syncs;
	values[SERVER_WAL_WRITE_MS] = wal.write_us;
	values[SERVER_WAL_SYNC_MS] = wal.sync_us;
	values[SERVER_ARCHIVED] = archiver->archived_count;
	values[SERVER_ARCHIVE_FAILURES] = archiver->failed_count;
	if (archiver->last_archived_timestamp != 0)
		values[SERVER_LAST_ARCHIVED_AT] = archiver->last_archived_timestamp;
	if (archiver->last_failed_timestamp != 0)
		values[SERVER_LAST_ARCHIVE_FAILURE_AT] = archiver->last_failed_timestamp;
}

static void
read_sync(int64 *values)
{
	SyncRepStandbyData *candidates;

	if (RecoveryInProgress())
		return;
	values[SERVER_SYNC_REQUIRED] = SyncRepConfig == NULL ? 0 : SyncRepConfig->num_sync;
	values[SERVER_SYNC_CANDIDATES] = SyncRepGetCandidateStandbys(&candidates);
}

static void
read_server(Frame *frame)
{
	const EntityKey key = {{0}};
	int64 *values = dbops_frame_add(frame, &key, NULL);

	values[SERVER_STARTED_AT] = PgStartTime;
	values[SERVER_UPTIME_SECONDS] = (dbops_clock_now() - PgStartTime) / USECS_PER_SEC;
	read_processes(values);
	read_limits(values);
	read_transactions(values);
	read_writes(values);
	read_wal(values);
	read_sync(values);
}

const Family dbops_family_server = {
    .id = 5,
    .name = "server",
    .help = "The server as a whole: sessions, workers, transactions, checkpoints, WAL, archiver",
    .cadence = CADENCE_NARROW,
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_server,
};
