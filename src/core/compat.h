/*
 * core/compat.h
 *		The differences between PostgreSQL 15 and 19, in one place.
 *
 * Each shim is an inline function with the newest signature, or a macro where a hook's signature
 * differs.  PG_VERSION_NUM stands here and, for catalog queries, in core/query_text.c: nowhere
 * else.  Dropping a version deletes lines here.
 */
#pragma once

#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/backend_status.h"

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
