/*
 * core/compat_statistics.h
 *		The differences between PostgreSQL 15 and 19 in cumulative statistics.
 *
 * A part of core/compat.h in a file of its own, as only their collectors need it.
 */
#pragma once

#include "pgstat.h"
#include "utils/pgstat_internal.h"

/* 18 widened the object part of the statistics key, from an Oid to 64 bits. */
static inline uint64
dbops_compat_stat_objid(const PgStat_HashKey *key)
{
#if PG_VERSION_NUM >= 180000
	return key->objid;
#else
	return key->objoid;
#endif
}

/*
 * Where a value lies in a statistics entry, or -1 where the version lacks it.  16 gave many fields
 * new names, which stand on the left; 18 added times and parallel workers.
 */
#define DBOPS_TABLE_STAT(field) ((int) offsetof(PgStat_StatTabEntry, field))
#define DBOPS_DATABASE_STAT(field) ((int) offsetof(PgStat_StatDBEntry, field))

#if PG_VERSION_NUM >= 160000
#define DBOPS_TABLE_LASTSCAN DBOPS_TABLE_STAT(lastscan)
#define DBOPS_TABLE_NEWPAGE_UPDATED DBOPS_TABLE_STAT(tuples_newpage_updated)
#define DBOPS_TABLE_LIVE_TUPLES DBOPS_TABLE_STAT(live_tuples)
#define DBOPS_TABLE_DEAD_TUPLES DBOPS_TABLE_STAT(dead_tuples)
#define DBOPS_TABLE_MOD_SINCE_ANALYZE DBOPS_TABLE_STAT(mod_since_analyze)
#define DBOPS_TABLE_INS_SINCE_VACUUM DBOPS_TABLE_STAT(ins_since_vacuum)
#define DBOPS_TABLE_LAST_VACUUM DBOPS_TABLE_STAT(last_vacuum_time)
#define DBOPS_TABLE_LAST_AUTOVACUUM DBOPS_TABLE_STAT(last_autovacuum_time)
#define DBOPS_TABLE_LAST_ANALYZE DBOPS_TABLE_STAT(last_analyze_time)
#define DBOPS_TABLE_LAST_AUTOANALYZE DBOPS_TABLE_STAT(last_autoanalyze_time)
#define DBOPS_TABLE_AUTOVACUUM_COUNT DBOPS_TABLE_STAT(autovacuum_count)
#define DBOPS_TABLE_AUTOANALYZE_COUNT DBOPS_TABLE_STAT(autoanalyze_count)
#define DBOPS_DATABASE_CONFLICT_LOGICALSLOT DBOPS_DATABASE_STAT(conflict_logicalslot)
#define DBOPS_DATABASE_FIELD(field) DBOPS_DATABASE_STAT(field)
#define DBOPS_FUNCTION_FIELD(field) field
#define DBOPS_DATABASE_BLK_READ_TIME DBOPS_DATABASE_STAT(blk_read_time)
#define DBOPS_DATABASE_BLK_WRITE_TIME DBOPS_DATABASE_STAT(blk_write_time)
#define DBOPS_DATABASE_SESSION_TIME DBOPS_DATABASE_STAT(session_time)
#define DBOPS_DATABASE_ACTIVE_TIME DBOPS_DATABASE_STAT(active_time)
#define DBOPS_DATABASE_IDLE_IN_TRANSACTION_TIME DBOPS_DATABASE_STAT(idle_in_transaction_time)
#else
#define DBOPS_TABLE_LASTSCAN (-1)
#define DBOPS_TABLE_NEWPAGE_UPDATED (-1)
#define DBOPS_TABLE_LIVE_TUPLES DBOPS_TABLE_STAT(n_live_tuples)
#define DBOPS_TABLE_DEAD_TUPLES DBOPS_TABLE_STAT(n_dead_tuples)
#define DBOPS_TABLE_MOD_SINCE_ANALYZE DBOPS_TABLE_STAT(changes_since_analyze)
#define DBOPS_TABLE_INS_SINCE_VACUUM DBOPS_TABLE_STAT(inserts_since_vacuum)
#define DBOPS_TABLE_LAST_VACUUM DBOPS_TABLE_STAT(vacuum_timestamp)
#define DBOPS_TABLE_LAST_AUTOVACUUM DBOPS_TABLE_STAT(autovac_vacuum_timestamp)
#define DBOPS_TABLE_LAST_ANALYZE DBOPS_TABLE_STAT(analyze_timestamp)
#define DBOPS_TABLE_LAST_AUTOANALYZE DBOPS_TABLE_STAT(autovac_analyze_timestamp)
#define DBOPS_TABLE_AUTOVACUUM_COUNT DBOPS_TABLE_STAT(autovac_vacuum_count)
#define DBOPS_TABLE_AUTOANALYZE_COUNT DBOPS_TABLE_STAT(autovac_analyze_count)
#define DBOPS_DATABASE_CONFLICT_LOGICALSLOT (-1)
#define DBOPS_DATABASE_FIELD(field) DBOPS_DATABASE_STAT(n_##field)
#define DBOPS_FUNCTION_FIELD(field) f_##field
#define DBOPS_DATABASE_BLK_READ_TIME DBOPS_DATABASE_STAT(n_block_read_time)
#define DBOPS_DATABASE_BLK_WRITE_TIME DBOPS_DATABASE_STAT(n_block_write_time)
#define DBOPS_DATABASE_SESSION_TIME DBOPS_DATABASE_STAT(total_session_time)
#define DBOPS_DATABASE_ACTIVE_TIME DBOPS_DATABASE_STAT(total_active_time)
#define DBOPS_DATABASE_IDLE_IN_TRANSACTION_TIME DBOPS_DATABASE_STAT(total_idle_in_xact_time)
#endif

#if PG_VERSION_NUM >= 180000
#define DBOPS_TABLE_VACUUM_TIME DBOPS_TABLE_STAT(total_vacuum_time)
#define DBOPS_TABLE_AUTOVACUUM_TIME DBOPS_TABLE_STAT(total_autovacuum_time)
#define DBOPS_TABLE_ANALYZE_TIME DBOPS_TABLE_STAT(total_analyze_time)
#define DBOPS_TABLE_AUTOANALYZE_TIME DBOPS_TABLE_STAT(total_autoanalyze_time)
#define DBOPS_DATABASE_WORKERS_TO_LAUNCH DBOPS_DATABASE_STAT(parallel_workers_to_launch)
#define DBOPS_DATABASE_WORKERS_LAUNCHED DBOPS_DATABASE_STAT(parallel_workers_launched)
#else
#define DBOPS_TABLE_VACUUM_TIME (-1)
#define DBOPS_TABLE_AUTOVACUUM_TIME (-1)
#define DBOPS_TABLE_ANALYZE_TIME (-1)
#define DBOPS_TABLE_AUTOANALYZE_TIME (-1)
#define DBOPS_DATABASE_WORKERS_TO_LAUNCH (-1)
#define DBOPS_DATABASE_WORKERS_LAUNCHED (-1)
#endif

/*
 * Checkpoints as every version can tell them.  17 counts restartpoints apart and left what backends
 * write to pg_stat_io; 18 tells how many were really performed.  PG_INT64_MIN is unknown.
 */
typedef struct CompatCheckpoints
{
	int64 timed;
	int64 requested;
	int64 performed;
	int64 restartpoints_timed;
	int64 restartpoints_requested;
	int64 restartpoints_performed;
	int64 write_ms;
	int64 sync_ms;
	int64 buffers_written;
	int64 slru_written;
	int64 buffers_backend;
	int64 buffers_backend_fsync;
} CompatCheckpoints;

static inline CompatCheckpoints
dbops_compat_checkpoints(void)
{
	const PgStat_CheckpointerStats *stats = pgstat_fetch_stat_checkpointer();

#if PG_VERSION_NUM >= 170000
	return (CompatCheckpoints)
	{
		.timed = stats->num_timed, .requested = stats->num_requested,
		.restartpoints_timed = stats->restartpoints_timed,
		.restartpoints_requested = stats->restartpoints_requested,
		.restartpoints_performed = stats->restartpoints_performed, .write_ms = stats->write_time,
		.sync_ms = stats->sync_time, .buffers_written = stats->buffers_written,
		.buffers_backend = PG_INT64_MIN, .buffers_backend_fsync = PG_INT64_MIN,
#if PG_VERSION_NUM >= 180000
		.performed = stats->num_performed, .slru_written = stats->slru_written,
#else
		.performed = PG_INT64_MIN, .slru_written = PG_INT64_MIN,
#endif
	};
#else
	return (CompatCheckpoints){
	    .timed = stats->timed_checkpoints,
	    .requested = stats->requested_checkpoints,
	    .performed = PG_INT64_MIN,
	    .restartpoints_timed = PG_INT64_MIN,
	    .restartpoints_requested = PG_INT64_MIN,
	    .restartpoints_performed = PG_INT64_MIN,
	    .write_ms = stats->checkpoint_write_time,
	    .sync_ms = stats->checkpoint_sync_time,
	    .buffers_written = stats->buf_written_checkpoints,
	    .slru_written = PG_INT64_MIN,
	    .buffers_backend = stats->buf_written_backend,
	    .buffers_backend_fsync = stats->buf_fsync_backend,
	};
#endif
}

/* WAL as every version can tell it; 18 moved writes and syncs to the statistics of I/O. */
typedef struct CompatWal
{
	int64 records;
	int64 full_page_images;
	int64 bytes;
	int64 buffers_full;
	int64 writes;
	int64 syncs;
	int64 write_us;
	int64 sync_us;
} CompatWal;

static inline CompatWal
dbops_compat_wal(void)
{
	const PgStat_WalStats *stats = pgstat_fetch_stat_wal();
	CompatWal wal = {0};

#if PG_VERSION_NUM >= 180000
	const PgStat_IO *io = pgstat_fetch_stat_io();

	wal.records = stats->wal_counters.wal_records;
	wal.full_page_images = stats->wal_counters.wal_fpi;
	wal.bytes = (int64) stats->wal_counters.wal_bytes;
	wal.buffers_full = stats->wal_counters.wal_buffers_full;
	for (int type = 0; type < BACKEND_NUM_TYPES; type++)
	{
		for (int context = 0; context < IOCONTEXT_NUM_TYPES; context++)
		{
			wal.writes += io->stats[type].counts[IOOBJECT_WAL][context][IOOP_WRITE];
			wal.syncs += io->stats[type].counts[IOOBJECT_WAL][context][IOOP_FSYNC];
			wal.write_us += io->stats[type].times[IOOBJECT_WAL][context][IOOP_WRITE];
			wal.sync_us += io->stats[type].times[IOOBJECT_WAL][context][IOOP_FSYNC];
		}
	}
#else
	wal.records = stats->wal_records;
	wal.full_page_images = stats->wal_fpi;
	wal.bytes = (int64) stats->wal_bytes;
	wal.buffers_full = stats->wal_buffers_full;
	wal.writes = stats->wal_write;
	wal.syncs = stats->wal_sync;
	wal.write_us = stats->wal_write_time;
	wal.sync_us = stats->wal_sync_time;
#endif
	return wal;
}
