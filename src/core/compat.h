/*
 * core/compat.h
 *		The differences between PostgreSQL 15 and 19, in one place.
 *
 * Each shim is an inline function with the newest signature, or a macro where a hook's signature
 * differs.  PG_VERSION_NUM stands here and, for catalog queries, in core/query_text.c: nowhere
 * else.  Dropping a version deletes lines here.
 */
#pragma once

#include "access/transam.h"
#include "executor/execdesc.h"
#include "executor/instrument.h"
#include "pgstat.h"
#include "postmaster/postmaster.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "tcop/utility.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/pgstat_internal.h"

#if PG_VERSION_NUM < 150000
#error dbops needs PostgreSQL 15 or newer
#endif

/* 17 replaced backend ids, counted from one, by process numbers, counted from zero. */
#if PG_VERSION_NUM >= 170000
#include "storage/procnumber.h"
#define DBOPS_MY_PROC_NUMBER MyProcNumber
#else
#include "storage/backendid.h"
#define DBOPS_MY_PROC_NUMBER (MyBackendId - 1)
#endif

/* 16 moved EnableQueryId() and its like to nodes/. */
#if PG_VERSION_NUM >= 160000
#include "nodes/queryjumble.h"
#else
#include "utils/queryjumble.h"
#endif

/* 16 took the macros of varlena out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 19 moved the look-up of databases by name and OID. */
#if PG_VERSION_NUM >= 190000
#include "catalog/pg_database.h"
#include "utils/lsyscache.h"
#else
#include "commands/dbcommands.h"
#endif

/* A kind of lock with a name for pg_stat_activity: 19 takes it with the id. */
static inline int
dbops_compat_new_tranche(const char *name)
{
#if PG_VERSION_NUM >= 190000
	return LWLockNewTrancheId(name);
#else
	int id = LWLockNewTrancheId();

	LWLockRegisterTranche(id, name);
	return id;
#endif
}

/* The arguments that SIGNAL_ARGS declares, to pass them on: 19 tells handlers who sent the signal. */
#if PG_VERSION_NUM >= 190000
#define COMPAT_SIGNAL_VALUES postgres_signal_arg, pg_siginfo
#else
#define COMPAT_SIGNAL_VALUES postgres_signal_arg
#endif

/* 16 renamed the accessor that takes an index into the local status snapshot. */
static inline LocalPgBackendStatus *
dbops_compat_local_beentry(int index)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(index);
#else
	return pgstat_fetch_stat_local_beentry(index);
#endif
}

/* 18 moved the writing of EXPLAIN properties. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

#include "optimizer/pathnode.h"

/* A path that scans a foreign table: 17 added clauses of foreign joins, 18 disabled nodes. */
static inline ForeignPath *
dbops_compat_foreignscan_path(PlannerInfo *root, RelOptInfo *rel, double rows, Cost cost,
                              Relids outer)
{
#if PG_VERSION_NUM >= 180000
	return create_foreignscan_path(root, rel, NULL, rows, 0, 0, cost, NIL, outer, NULL, NIL, NIL);
#elif PG_VERSION_NUM >= 170000
	return create_foreignscan_path(root, rel, NULL, rows, 0, cost, NIL, outer, NULL, NIL, NIL);
#else
	return create_foreignscan_path(root, rel, NULL, rows, 0, cost, NIL, outer, NULL, NIL);
#endif
}
/* Hooks whose parameters differ: planner (19), ExecutorRun (18).  ProcessUtility for symmetry. */
#if PG_VERSION_NUM >= 190000
#define DBOPS_PLANNER_PARAMS                                                          \
	Query *parse, const char *query_string, int cursor_options, ParamListInfo params, \
	    struct ExplainState *es
#define DBOPS_PLANNER_ARGS parse, query_string, cursor_options, params, es
#else
#define DBOPS_PLANNER_PARAMS \
	Query *parse, const char *query_string, int cursor_options, ParamListInfo params
#define DBOPS_PLANNER_ARGS parse, query_string, cursor_options, params
#endif

#if PG_VERSION_NUM >= 180000
#define DBOPS_EXECUTOR_RUN_PARAMS QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define DBOPS_EXECUTOR_RUN_ARGS queryDesc, direction, count
#else
#define DBOPS_EXECUTOR_RUN_PARAMS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count, bool execute_once
#define DBOPS_EXECUTOR_RUN_ARGS queryDesc, direction, count, execute_once
#endif

#define DBOPS_PROCESS_UTILITY_PARAMS                                                      \
	PlannedStmt *pstmt, const char *query_string, bool read_only_tree,                    \
	    ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *query_env, \
	    DestReceiver *dest, QueryCompletion *qc
#define DBOPS_PROCESS_UTILITY_ARGS \
	pstmt, query_string, read_only_tree, context, params, query_env, dest, qc

/* 16 keeps instr_time in nanoseconds or ticks, 15 in a struct timespec. */
static inline int64
dbops_compat_elapsed_ns(instr_time end, instr_time start)
{
#if PG_VERSION_NUM >= 160000
	INSTR_TIME_SUBTRACT(end, start);
	return INSTR_TIME_GET_NANOSEC(end);
#else
	return ((int64) (end.tv_sec - start.tv_sec) * INT64CONST(1000000000) +
	        (end.tv_nsec - start.tv_nsec));
#endif
}

/*
 * Timing of a whole query.  Up to 18 whoever comes first allocates it after ExecutorStart, and if
 * it does not count everything, whoever comes later misses something; from 19 on each asks before.
 */
static inline void
dbops_compat_instrument_before_start(QueryDesc *desc)
{
#if PG_VERSION_NUM >= 190000
	desc->query_instr_options |= INSTRUMENT_TIMER;
#endif
}

static inline void
dbops_compat_instrument_after_start(QueryDesc *desc)
{
#if PG_VERSION_NUM < 190000
	if (desc->totaltime != NULL)
		return;
	desc->totaltime = (Instrumentation *) MemoryContextAllocExtended(
	    desc->estate->es_query_cxt, sizeof(Instrumentation), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
	if (desc->totaltime != NULL)
		InstrInit(desc->totaltime, INSTRUMENT_ALL);
#endif
}

/* Time the query took so far; false if it was not measured. */
static inline bool
dbops_compat_execution_ns(QueryDesc *desc, int64 *ns)
{
#if PG_VERSION_NUM >= 190000
	if (desc->query_instr == NULL)
		return false;
	*ns = INSTR_TIME_GET_NANOSEC(desc->query_instr->total);
#else
	if (desc->totaltime == NULL)
		return false;
	/* Any level of hooks may do this; the first ends the loop, the others find it ended. */
	InstrEndLoop(desc->totaltime);
	*ns = (int64) (desc->totaltime->total * 1e9);
#endif
	return true;
}

/*
 * The shape of a plan (track/plan_shape.h), carried by the plan itself; 0: not set.  From 18 on a
 * plan has a place for it, and if another extension was first, its number serves as well.  Before,
 * jitFlags has 27 bits that nobody looks at: it is copied with the plan, and only ever tested for
 * single flags, of which there are five.
 */
#if PG_VERSION_NUM >= 180000
#define DBOPS_PLAN_SHAPE_CARRIED (~UINT64CONST(0))
#else
#include "jit/jit.h"
#define DBOPS_PLAN_SHAPE_SHIFT 37
#define DBOPS_PLAN_SHAPE_CARRIED (~UINT64CONST(0) << DBOPS_PLAN_SHAPE_SHIFT)
#define DBOPS_JIT_BITS 5
StaticAssertDecl(PGJIT_DEFORM == 1 << (DBOPS_JIT_BITS - 1), "jitFlags has more flags than known");
#endif

static inline uint64
dbops_compat_plan_shape(const PlannedStmt *stmt)
{
#if PG_VERSION_NUM >= 180000
	return (uint64) stmt->planId;
#else
	return ((uint64) ((uint32) stmt->jitFlags >> DBOPS_JIT_BITS)) << DBOPS_PLAN_SHAPE_SHIFT;
#endif
}

/* The same if all of it is carried, else 0. */
static inline uint64
dbops_compat_plan_shape_whole(const PlannedStmt *stmt)
{
#if PG_VERSION_NUM >= 180000
	return (uint64) stmt->planId;
#else
	return 0;
#endif
}

static inline void
dbops_compat_set_plan_shape(PlannedStmt *stmt, uint64 shape)
{
#if PG_VERSION_NUM >= 180000
	stmt->planId = (int64) shape;
#else
	stmt->jitFlags = (int) (((uint32) (shape >> DBOPS_PLAN_SHAPE_SHIFT) << DBOPS_JIT_BITS) |
	                        ((uint32) stmt->jitFlags & ((1 << DBOPS_JIT_BITS) - 1)));
#endif
}

/* The kind of an outer join or its like, as EXPLAIN names it: 16 and 18 added one each. */
static inline const char *
dbops_compat_join_name(JoinType type)
{
	switch (type)
	{
		case JOIN_LEFT:
			return "Left";
		case JOIN_FULL:
			return "Full";
		case JOIN_RIGHT:
			return "Right";
		case JOIN_SEMI:
			return "Semi";
		case JOIN_ANTI:
			return "Anti";
#if PG_VERSION_NUM >= 160000
		case JOIN_RIGHT_ANTI:
			return "Right Anti";
#endif
#if PG_VERSION_NUM >= 180000
		case JOIN_RIGHT_SEMI:
			return "Right Semi";
#endif
		default:
			return "other";
	}
}

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

/* 16 renamed the superusers' reserve and added one for pg_use_reserved_connections. */
static inline int
dbops_compat_reserved_connections(void)
{
#if PG_VERSION_NUM >= 160000
	return SuperuserReservedConnections + ReservedConnections;
#else
	return ReservedBackends;
#endif
}

/* Cluster-wide minimum of datfrozenxid; 17 renamed the shared variable. */
static inline TransactionId
dbops_compat_oldest_xid(void)
{
	TransactionId oldest;

	LWLockAcquire(XidGenLock, LW_SHARED);
#if PG_VERSION_NUM >= 170000
	oldest = TransamVariables->oldestXid;
#else
	oldest = ShmemVariableCache->oldestXid;
#endif
	LWLockRelease(XidGenLock);
	return oldest;
}

/*
 * Fast-path locks: each slot of a process has a bit for each of the modes 1 to 3.  18 made their
 * number depend on max_locks_per_transaction, in groups of 16.
 */
#define DBOPS_FASTPATH_GROUP 16
#define DBOPS_FASTPATH_BITS 3

static inline int
dbops_compat_fastpath_slots(void)
{
#if PG_VERSION_NUM >= 180000
	return FastPathLockSlotsPerBackend();
#else
	return FP_LOCK_SLOTS_PER_BACKEND;
#endif
}

/* The modes held by way of a slot: bit 0 is mode 1.  Under the process' fpInfoLock. */
static inline uint32
dbops_compat_fastpath_modes(const PGPROC *proc, int slot)
{
#if PG_VERSION_NUM >= 180000
	uint64 bits = proc->fpLockBits[slot / DBOPS_FASTPATH_GROUP];
#else
	uint64 bits = proc->fpLockBits;
#endif

	return (uint32) (bits >> (slot % DBOPS_FASTPATH_GROUP * DBOPS_FASTPATH_BITS)) & 7;
}

/* The first or last leaf of a B-tree, locked for reading; 17 dropped the snapshot. */
#include "access/nbtree.h"

static inline Buffer
dbops_compat_btree_endpoint(Relation index, bool rightmost)
{
#if PG_VERSION_NUM >= 170000
	return _bt_get_endpoint(index, 0, rightmost);
#else
	return _bt_get_endpoint(index, 0, rightmost, NULL);
#endif
}

/* All settings of this process; 16 made them a hash table. */
#include "utils/guc.h"
#include "utils/guc_tables.h"

static inline struct config_generic **
dbops_compat_settings(int *count)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(count);
#else
	*count = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

/* The part of a setting that is of its type; 19 made it a union. */
#if PG_VERSION_NUM >= 190000
#define DBOPS_SETTING(record, type) (&(record)->_##type)
#else
#define DBOPS_SETTING(record, type) ((const struct config_##type *) (record))
#endif

/* Whether the value is the one PostgreSQL or the extension was built with. */
static inline bool
dbops_compat_setting_is_default(const struct config_generic *record)
{
	const char *value;
	const char *built_in;

	switch (record->vartype)
	{
		case PGC_BOOL:
			return *DBOPS_SETTING(record, bool)->variable == DBOPS_SETTING(record, bool)->boot_val;
		case PGC_INT:
			return *DBOPS_SETTING(record, int)->variable == DBOPS_SETTING(record, int)->boot_val;
		case PGC_REAL:
			return *DBOPS_SETTING(record, real)->variable == DBOPS_SETTING(record, real)->boot_val;
		case PGC_ENUM:
			return *DBOPS_SETTING(record, enum)->variable == DBOPS_SETTING(record, enum)->boot_val;
		case PGC_STRING:
			value = *DBOPS_SETTING(record, string)->variable;
			built_in = DBOPS_SETTING(record, string)->boot_val;
			return strcmp(value == NULL ? "" : value, built_in == NULL ? "" : built_in) == 0;
	}
	return false;
}

/* Pages of a shared catalog without its relation cache entry; 16 and 17 renamed names of files. */
#include "catalog/pg_tablespace_d.h"
#include "storage/bufmgr.h"
#include "storage/smgr.h"
#include "utils/relmapper.h"

#if PG_VERSION_NUM >= 160000
typedef RelFileLocator CompatFile;
#else
typedef RelFileNode CompatFile;
#endif

static inline CompatFile
dbops_compat_shared_file(Oid relid)
{
#if PG_VERSION_NUM >= 160000
	return (CompatFile){GLOBALTABLESPACE_OID, InvalidOid, RelationMapOidToFilenumber(relid, true)};
#else
	return (CompatFile){GLOBALTABLESPACE_OID, InvalidOid, RelationMapOidToFilenode(relid, true)};
#endif
}

static inline BlockNumber
dbops_compat_shared_blocks(Oid relid)
{
#if PG_VERSION_NUM >= 170000
	return smgrnblocks(smgropen(dbops_compat_shared_file(relid), INVALID_PROC_NUMBER),
	                   MAIN_FORKNUM);
#else
	return smgrnblocks(smgropen(dbops_compat_shared_file(relid), InvalidBackendId), MAIN_FORKNUM);
#endif
}

static inline Buffer
dbops_compat_read_shared_block(Oid relid, BlockNumber block)
{
	return ReadBufferWithoutRelcache(dbops_compat_shared_file(relid), MAIN_FORKNUM, block,
	                                 RBM_NORMAL, NULL, true);
}

#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/wait_event.h"

/*
 * The shared array of session states.  Up to 16 backends have their place by backend id and
 * auxiliary processes theirs by type, behind; from 17 on both go by process number.
 */
static inline PgBackendStatus *
dbops_compat_status_array(void)
{
	return MyBEEntry - DBOPS_MY_PROC_NUMBER;
}

static inline int
dbops_compat_status_slots(void)
{
#if PG_VERSION_NUM >= 170000
	return MaxBackends + NUM_AUXILIARY_PROCS;
#else
	return MaxBackends + NUM_AUXPROCTYPES;
#endif
}

/* The process in a place of that array; NULL where its pid alone tells. */
static inline PGPROC *
dbops_compat_proc_of_status(int slot)
{
#if PG_VERSION_NUM >= 170000
	return GetPGProcByNumber(slot);
#else
	return NULL;
#endif
}

/* The place of a process in that array; -1 where its pid alone tells. */
static inline int
dbops_compat_status_of_proc(const PGPROC *proc)
{
#if PG_VERSION_NUM >= 170000
	return GetNumberFromPGProc(proc);
#else
	return proc->backendId == InvalidBackendId ? -1 : proc->backendId - 1;
#endif
}

/* What a WAL sender waits for when it has nothing to send; 17 renamed it. */
#if PG_VERSION_NUM >= 170000
#define DBOPS_WAIT_SENDER_IDLE WAIT_EVENT_WAL_SENDER_WAIT_FOR_WAL
#else
#define DBOPS_WAIT_SENDER_IDLE WAIT_EVENT_WAL_SENDER_WAIT_WAL
#endif

/*
 * The holders of a lock and who waits for it, one after the other: NULL begins, and is the end.
 * 16 made the lists doubly linked ones, 19 gave the queue a link of its own.
 */
static inline PROCLOCK *
dbops_compat_next_holder(LOCK *lock, PROCLOCK *after)
{
#if PG_VERSION_NUM >= 160000
	dlist_node *node = after ? after->lockLink.next : lock->procLocks.head.next;

	if (node == NULL || node == &lock->procLocks.head)
		return NULL;
	return dlist_container(PROCLOCK, lockLink, node);
#else
	return (PROCLOCK *) SHMQueueNext(&lock->procLocks, after ? &after->lockLink : &lock->procLocks,
	                                 offsetof(PROCLOCK, lockLink));
#endif
}

static inline PGPROC *
dbops_compat_next_waiter(LOCK *lock, PGPROC *after)
{
#if PG_VERSION_NUM >= 190000
#define DBOPS_WAIT_LINK waitLink
#else
#define DBOPS_WAIT_LINK links
#endif
#if PG_VERSION_NUM >= 160000
	dlist_node *head = &lock->waitProcs.dlist.head;
	dlist_node *node = after ? after->DBOPS_WAIT_LINK.next : head->next;

	if (node == NULL || node == head)
		return NULL;
	return dlist_container(PGPROC, DBOPS_WAIT_LINK, node);
#else
	SHM_QUEUE *head = &lock->waitProcs.links;

	return (PGPROC *) SHMQueueNext(head, after ? &after->DBOPS_WAIT_LINK : head,
	                               offsetof(PGPROC, DBOPS_WAIT_LINK));
#endif
}

/* The locks a process has in one partition, likewise. */
static inline PROCLOCK *
dbops_compat_next_held(PGPROC *proc, int partition, PROCLOCK *after)
{
#if PG_VERSION_NUM >= 160000
	dlist_node *head = &proc->myProcLocks[partition].head;
	dlist_node *node = after ? after->procLink.next : head->next;

	if (node == NULL || node == head)
		return NULL;
	return dlist_container(PROCLOCK, procLink, node);
#else
	SHM_QUEUE *head = &proc->myProcLocks[partition];

	return (PROCLOCK *) SHMQueueNext(head, after ? &after->procLink : head,
	                                 offsetof(PROCLOCK, procLink));
#endif
}

/* Input and output as pg_stat_io has it, from 16 on; 18 counts bytes instead of blocks. */
typedef enum CompatIoOperation
{
	COMPAT_IO_READ,
	COMPAT_IO_WRITE,
	COMPAT_IO_WRITEBACK,
	COMPAT_IO_EXTEND,
	COMPAT_IO_HIT,
	COMPAT_IO_EVICT,
	COMPAT_IO_REUSE,
	COMPAT_IO_FSYNC,
	COMPAT_IO_OPERATIONS
} CompatIoOperation;

typedef struct CompatIo
{
	const char *backend_type;
	const char *object;
	const char *context;
	TimestampTz reset_at;
	bool tracked[COMPAT_IO_OPERATIONS]; /* whether such a process ever does that */
	int64 counts[COMPAT_IO_OPERATIONS];
	int64 bytes[COMPAT_IO_OPERATIONS];
	int64 us[COMPAT_IO_OPERATIONS];
} CompatIo;

#if PG_VERSION_NUM >= 160000
static inline void
dbops_compat_fill_io(CompatIo *io, BackendType type, IOObject object, IOContext context)
{
	static const IOOp operations[COMPAT_IO_OPERATIONS] = {
	    IOOP_READ, IOOP_WRITE, IOOP_WRITEBACK, IOOP_EXTEND,
	    IOOP_HIT,  IOOP_EVICT, IOOP_REUSE,     IOOP_FSYNC,
	};
	const PgStat_IO *all = pgstat_fetch_stat_io();
	const PgStat_BktypeIO *stats = &all->stats[type];

	io->backend_type = GetBackendTypeDesc(type);
	io->object = pgstat_get_io_object_name(object);
	io->context = pgstat_get_io_context_name(context);
	io->reset_at = all->stat_reset_timestamp;
	for (int i = 0; i < COMPAT_IO_OPERATIONS; i++)
	{
		IOOp operation = operations[i];

		io->tracked[i] = pgstat_tracks_io_op(type, object, context, operation);
		io->counts[i] = stats->counts[object][context][operation];
#if PG_VERSION_NUM >= 180000
		io->bytes[i] = (int64) stats->bytes[object][context][operation];
#else
		io->bytes[i] = io->counts[i] * BLCKSZ;
#endif
		io->us[i] = stats->times[object][context][operation];
	}
}
#endif

/* The next of all that are tracked; *position begins as 0.  False at the end. */
static inline bool
dbops_compat_next_io(int *position, CompatIo *io)
{
#if PG_VERSION_NUM >= 160000
	const int nper_type = IOOBJECT_NUM_TYPES * IOCONTEXT_NUM_TYPES;

	while (*position < BACKEND_NUM_TYPES * nper_type)
	{
		int at = (*position)++;
		BackendType type = (BackendType) (at / nper_type);
		IOObject object = (IOObject) (at % nper_type / IOCONTEXT_NUM_TYPES);
		IOContext context = (IOContext) (at % IOCONTEXT_NUM_TYPES);

		if (!pgstat_tracks_io_bktype(type) || !pgstat_tracks_io_object(type, object, context))
			continue;
		dbops_compat_fill_io(io, type, object, context);
		return true;
	}
#endif
	return false;
}
