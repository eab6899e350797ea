/*
 * store/fdw_scan.h
 *		Running a scan of a foreign table: the executor's half of the foreign-data wrapper.
 *
 * A file of its own because it shares nothing with the planner's half (store/fdw.c) but the plan:
 * fdw_private is a list of three lists of integers, in the order of FdwPlanList; fdw_exprs are the
 * requested values.
 */
#pragma once

#include "nodes/execnodes.h"

struct ExplainState;

typedef enum FdwPlanList
{
	FDW_PLAN_KINDS,  /* RequestKind of each value */
	FDW_PLAN_LABELS, /* label of each value */
	FDW_PLAN_NEEDED, /* attribute numbers that the query uses */
} FdwPlanList;

extern void dbops_fdw_scan_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *dbops_fdw_scan_next(ForeignScanState *node);
extern void dbops_fdw_scan_restart(ForeignScanState *node);
extern void dbops_fdw_scan_end(ForeignScanState *node);
extern void dbops_fdw_scan_explain(ForeignScanState *node, struct ExplainState *es);
