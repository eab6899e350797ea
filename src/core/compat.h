/*
 * core/compat.h
 *		The differences between PostgreSQL 15 and 19, in one place.
 *
 * Each shim is an inline function with the newest signature, or a macro where a hook's signature
 * differs.  PG_VERSION_NUM stands here and in the parts of this file called compat_*.h, and nowhere
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

/* The arguments that SIGNAL_ARGS declares, to pass them on: 19 tells who sent the signal. */
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

/* Transactions with an id that have ended since the start; 17 renamed the shared variable. */
static inline uint64
dbops_compat_ended_transactions(void)
{
#if PG_VERSION_NUM >= 170000
	return *(volatile uint64 *) &TransamVariables->xactCompletionCount;
#else
	return *(volatile uint64 *) &ShmemVariableCache->xactCompletionCount;
#endif
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
