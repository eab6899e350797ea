/*
 * collect/database.c
 *		The family "database": statistics, connections, ages and size of every database.
 *
 * A row for each database of the shared catalog and one with datid 0 for the shared catalogs
 * themselves.  Statistics are read straight from the shared hash, so templates and databases that
 * nobody may connect to are there too; their size is unknown, since the inspector does not visit
 * them.  Inside a transaction.
 */
#include "postgres.h"

#include "access/multixact.h"
#include "access/transam.h"
#include "miscadmin.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/dictionary.h"
#include "collect/pgstat_scan.h"
#include "core/compat.h"
#include "core/compat_statistics.h"
#include "core/databases.h"
#include "store/frame.h"

enum
{
	DATABASE_CONNECTIONS,
	DATABASE_CONNECTION_LIMIT,
	DATABASE_COMMITS,
	DATABASE_ROLLBACKS,
	DATABASE_BLOCKS_READ,
	DATABASE_BLOCKS_HIT,
	DATABASE_TUPLES_RETURNED,
	DATABASE_TUPLES_FETCHED,
	DATABASE_TUPLES_INSERTED,
	DATABASE_TUPLES_UPDATED,
	DATABASE_TUPLES_DELETED,
	DATABASE_CONFLICTS_TABLESPACE,
	DATABASE_CONFLICTS_LOCK,
	DATABASE_CONFLICTS_SNAPSHOT,
	DATABASE_CONFLICTS_BUFFERPIN,
	DATABASE_CONFLICTS_DEADLOCK,
	DATABASE_CONFLICTS_LOGICAL_SLOT,
	DATABASE_TEMP_FILES,
	DATABASE_TEMP_BYTES,
	DATABASE_DEADLOCKS,
	DATABASE_CHECKSUM_FAILURES,
	DATABASE_LAST_CHECKSUM_FAILURE_AT,
	DATABASE_BLOCK_READ_MS,
	DATABASE_BLOCK_WRITE_MS,
	DATABASE_SESSIONS,
	DATABASE_SESSION_MS,
	DATABASE_ACTIVE_MS,
	DATABASE_IDLE_IN_TRANSACTION_MS,
	DATABASE_SESSIONS_ABANDONED,
	DATABASE_SESSIONS_FATAL,
	DATABASE_SESSIONS_KILLED,
	DATABASE_WORKERS_TO_LAUNCH,
	DATABASE_WORKERS_LAUNCHED,
	DATABASE_LAST_AUTOVACUUM_AT,
	DATABASE_STATS_RESET_AT,
	DATABASE_XID_AGE,
	DATABASE_MXID_AGE,
	DATABASE_BYTES,
	DATABASE_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("OID of the database; 0 for shared catalogs"),
};

static const Metric metrics[] = {
    [DATABASE_CONNECTIONS] = GAUGE(1, "connections", "", ROLLUP_MAX, "Client connections"),
    [DATABASE_CONNECTION_LIMIT] =
        GAUGE(2, "connection_limit", "", ROLLUP_LAST, "CONNECTION LIMIT of the database, if any"),
    [DATABASE_COMMITS] = COUNT(3, "xact_commit", "Transactions committed"),
    [DATABASE_ROLLBACKS] = COUNT(4, "xact_rollback", "Transactions rolled back"),
    [DATABASE_BLOCKS_READ] = COUNT(5, "blks_read", "Blocks not found in the buffers"),
    [DATABASE_BLOCKS_HIT] = COUNT(6, "blks_hit", "Blocks found in the buffers"),
    [DATABASE_TUPLES_RETURNED] =
        COUNT(7, "tup_returned", "Live rows read by sequential scans, index entries by others"),
    [DATABASE_TUPLES_FETCHED] = COUNT(8, "tup_fetched", "Live rows fetched by index scans"),
    [DATABASE_TUPLES_INSERTED] = COUNT(9, "tup_inserted", "Rows inserted"),
    [DATABASE_TUPLES_UPDATED] = COUNT(10, "tup_updated", "Rows updated"),
    [DATABASE_TUPLES_DELETED] = COUNT(11, "tup_deleted", "Rows deleted"),
    [DATABASE_CONFLICTS_TABLESPACE] =
        COUNT(12, "confl_tablespace", "Queries cancelled in recovery by a dropped tablespace"),
    [DATABASE_CONFLICTS_LOCK] =
        COUNT(13, "confl_lock", "Queries cancelled in recovery by lock timeouts"),
    [DATABASE_CONFLICTS_SNAPSHOT] =
        COUNT(14, "confl_snapshot", "Queries cancelled in recovery by old snapshots"),
    [DATABASE_CONFLICTS_BUFFERPIN] =
        COUNT(15, "confl_bufferpin", "Queries cancelled in recovery by pinned buffers"),
    [DATABASE_CONFLICTS_DEADLOCK] =
        COUNT(16, "confl_deadlock", "Queries cancelled in recovery by deadlocks"),
    [DATABASE_CONFLICTS_LOGICAL_SLOT] = COUNT(
        17, "confl_active_logicalslot", "Uses of logical slots cancelled in recovery (from 16)"),
    [DATABASE_TEMP_FILES] = COUNT(18, "temp_files", "Temporary files made by queries"),
    [DATABASE_TEMP_BYTES] = COUNT_BYTES(19, "temp_bytes", "Bytes written to temporary files"),
    [DATABASE_DEADLOCKS] = COUNT(20, "deadlocks", "Deadlocks"),
    [DATABASE_CHECKSUM_FAILURES] = COUNT(21, "checksum_failures", "Pages with a wrong checksum"),
    [DATABASE_LAST_CHECKSUM_FAILURE_AT] =
        INSTANT(22, "last_checksum_failure_at", "Last page with a wrong checksum"),
    [DATABASE_BLOCK_READ_MS] =
        COUNT_MS(23, "blk_read_ms", 0.001, "Time reading blocks, with track_io_timing"),
    [DATABASE_BLOCK_WRITE_MS] =
        COUNT_MS(24, "blk_write_ms", 0.001, "Time writing blocks, with track_io_timing"),
    [DATABASE_SESSIONS] = COUNT(25, "sessions", "Sessions established"),
    [DATABASE_SESSION_MS] =
        COUNT_MS(26, "session_ms", 0.001, "Time of sessions, as of their last change"),
    [DATABASE_ACTIVE_MS] = COUNT_MS(27, "active_ms", 0.001, "Time sessions ran statements"),
    [DATABASE_IDLE_IN_TRANSACTION_MS] =
        COUNT_MS(28, "idle_in_transaction_ms", 0.001, "Time sessions idled in a transaction"),
    [DATABASE_SESSIONS_ABANDONED] =
        COUNT(29, "sessions_abandoned", "Sessions ended because the client was lost"),
    [DATABASE_SESSIONS_FATAL] = COUNT(30, "sessions_fatal", "Sessions ended by fatal errors"),
    [DATABASE_SESSIONS_KILLED] = COUNT(31, "sessions_killed", "Sessions ended by an operator"),
    [DATABASE_WORKERS_TO_LAUNCH] =
        COUNT(32, "parallel_workers_planned", "Parallel workers that plans asked for (from 18)"),
    [DATABASE_WORKERS_LAUNCHED] =
        COUNT(33, "parallel_workers_launched", "Parallel workers that were started (from 18)"),
    [DATABASE_LAST_AUTOVACUUM_AT] =
        INSTANT(34, "last_autovacuum_at", "Last start of an autovacuum worker here"),
    [DATABASE_STATS_RESET_AT] = INSTANT(35, "stats_reset_at", "Last reset of the statistics"),
    [DATABASE_XID_AGE] = AGE(36, "xid_age", "Transactions since the oldest XID that is not frozen"),
    [DATABASE_MXID_AGE] = AGE(37, "mxid_age", "Multixacts since the oldest one in the database"),
    [DATABASE_BYTES] =
        GAUGE_OF_SAMPLER(38, "size_bytes", "bytes", 0, ROLLUP_LAST, "Size of all its files"),
};

static const Derived derived[] = {
    {"hit_percent",
     DERIVED_RATIO,
     100,
     {"blks_hit"},
     {"blks_hit", "blks_read"},
     "percent",
     "Share of blocks found in the buffers"},
    {"rollback_percent",
     DERIVED_RATIO,
     100,
     {"xact_rollback"},
     {"xact_commit", "xact_rollback"},
     "percent",
     "Share of transactions that were rolled back"},
    {"average_active_sessions",
     DERIVED_SHARE,
     0.001,
     {"active_ms"},
     {NULL},
     "",
     "Sessions that ran a statement, on average"},
};

/* From a place in the statistics to a metric.  An instant of 0 means never. */
typedef struct StatField
{
	int metric;
	int offset; /* -1: not in this version */
} StatField;

static const StatField fields[] = {
    {DATABASE_COMMITS, DBOPS_DATABASE_FIELD(xact_commit)},
    {DATABASE_ROLLBACKS, DBOPS_DATABASE_FIELD(xact_rollback)},
    {DATABASE_BLOCKS_HIT, DBOPS_DATABASE_FIELD(blocks_hit)},
    {DATABASE_TUPLES_RETURNED, DBOPS_DATABASE_FIELD(tuples_returned)},
    {DATABASE_TUPLES_FETCHED, DBOPS_DATABASE_FIELD(tuples_fetched)},
    {DATABASE_TUPLES_INSERTED, DBOPS_DATABASE_FIELD(tuples_inserted)},
    {DATABASE_TUPLES_UPDATED, DBOPS_DATABASE_FIELD(tuples_updated)},
    {DATABASE_TUPLES_DELETED, DBOPS_DATABASE_FIELD(tuples_deleted)},
    {DATABASE_CONFLICTS_TABLESPACE, DBOPS_DATABASE_FIELD(conflict_tablespace)},
    {DATABASE_CONFLICTS_LOCK, DBOPS_DATABASE_FIELD(conflict_lock)},
    {DATABASE_CONFLICTS_SNAPSHOT, DBOPS_DATABASE_FIELD(conflict_snapshot)},
    {DATABASE_CONFLICTS_BUFFERPIN, DBOPS_DATABASE_FIELD(conflict_bufferpin)},
    {DATABASE_CONFLICTS_DEADLOCK, DBOPS_DATABASE_FIELD(conflict_startup_deadlock)},
    {DATABASE_CONFLICTS_LOGICAL_SLOT, DBOPS_DATABASE_CONFLICT_LOGICALSLOT},
    {DATABASE_TEMP_FILES, DBOPS_DATABASE_FIELD(temp_files)},
    {DATABASE_TEMP_BYTES, DBOPS_DATABASE_FIELD(temp_bytes)},
    {DATABASE_DEADLOCKS, DBOPS_DATABASE_FIELD(deadlocks)},
    {DATABASE_CHECKSUM_FAILURES, DBOPS_DATABASE_FIELD(checksum_failures)},
    {DATABASE_LAST_CHECKSUM_FAILURE_AT, DBOPS_DATABASE_STAT(last_checksum_failure)},
    {DATABASE_BLOCK_READ_MS, DBOPS_DATABASE_BLK_READ_TIME},
    {DATABASE_BLOCK_WRITE_MS, DBOPS_DATABASE_BLK_WRITE_TIME},
    {DATABASE_SESSIONS, DBOPS_DATABASE_FIELD(sessions)},
    {DATABASE_SESSION_MS, DBOPS_DATABASE_SESSION_TIME},
    {DATABASE_ACTIVE_MS, DBOPS_DATABASE_ACTIVE_TIME},
    {DATABASE_IDLE_IN_TRANSACTION_MS, DBOPS_DATABASE_IDLE_IN_TRANSACTION_TIME},
    {DATABASE_SESSIONS_ABANDONED, DBOPS_DATABASE_FIELD(sessions_abandoned)},
    {DATABASE_SESSIONS_FATAL, DBOPS_DATABASE_FIELD(sessions_fatal)},
    {DATABASE_SESSIONS_KILLED, DBOPS_DATABASE_FIELD(sessions_killed)},
    {DATABASE_WORKERS_TO_LAUNCH, DBOPS_DATABASE_WORKERS_TO_LAUNCH},
    {DATABASE_WORKERS_LAUNCHED, DBOPS_DATABASE_WORKERS_LAUNCHED},
    {DATABASE_LAST_AUTOVACUUM_AT, DBOPS_DATABASE_STAT(last_autovac_time)},
    {DATABASE_STATS_RESET_AT, DBOPS_DATABASE_STAT(stat_reset_timestamp)},
};

static const PgStat_StatDBEntry no_stats;

static const PgStat_StatDBEntry *
find_stats(const DatabaseStats *stats, int nstats, Oid datid)
{
	for (int i = 0; i < nstats; i++)
	{
		if (stats[i].datid == datid)
			return &stats[i].stats;
	}
	return &no_stats;
}

static int64 *
add_database(Frame *frame, Oid datid, const PgStat_StatDBEntry *stats)
{
	const EntityKey key = {{datid}};
	int64 *values = dbops_frame_add(frame, &key, NULL);
	int64 fetched;

	for (int i = 0; i < lengthof(fields); i++)
	{
		int64 value;

		if (fields[i].offset < 0)
			continue;
		memcpy(&value, (const char *) stats + fields[i].offset, sizeof(value));
		if (value != 0 || metrics[fields[i].metric].kind != METRIC_TIMESTAMP)
			values[fields[i].metric] = value;
	}
	memcpy(&fetched, (const char *) stats + DBOPS_DATABASE_FIELD(blocks_fetched), sizeof(fetched));
	values[DATABASE_BLOCKS_READ] = fetched - values[DATABASE_BLOCKS_HIT];
	return values;
}

static int
count_connections(Oid datid)
{
	int nbackends = pgstat_fetch_stat_numbackends();
	int count = 0;

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local != NULL && local->backendStatus.st_backendType == B_BACKEND &&
		    local->backendStatus.st_databaseid == datid)
			count++;
	}
	return count;
}

static void
read_databases(Frame *frame)
{
	TransactionId next_xid = ReadNextTransactionId();
	MultiXactId next_mxid = ReadNextMultiXactId();
	int nstats;
	const DatabaseStats *stats = dbops_pgstat_scan_databases(&nstats);
	ListCell *cell;

	add_database(frame, InvalidOid, find_stats(stats, nstats, InvalidOid));
	foreach (cell, dbops_databases_list())
	{
		const Database *database = lfirst(cell);
		int64 *values =
		    add_database(frame, database->oid, find_stats(stats, nstats, database->oid));

		values[DATABASE_CONNECTIONS] = count_connections(database->oid);
		if (database->connection_limit >= 0)
			values[DATABASE_CONNECTION_LIMIT] = database->connection_limit;
		values[DATABASE_XID_AGE] = (int32) (next_xid - database->frozen_xid);
		values[DATABASE_MXID_AGE] = (int32) (next_mxid - database->min_mxid);
		values[DATABASE_BYTES] = dbops_dictionary_database_bytes(database->oid);
	}
}

const Family dbops_family_database = {
    .id = 6,
    .name = "database",
    .help = "Databases: statistics, connections, conflicts, ages and size",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .refresh_hourly = true,
    .read = read_databases,
};
