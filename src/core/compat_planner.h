/*
 * core/compat_planner.h
 *		What differs in the planner's interfaces between PostgreSQL 15 and 19; see compat.h.
 */
#pragma once

#include "access/amapi.h"
#include "access/stratnum.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/params.h"
#include "nodes/pathnodes.h"
#include "optimizer/pathnode.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* standard_planner(): 19 tells it of EXPLAIN. */
static inline PlannedStmt *
dbops_compat_standard_planner(Query *query, const char *string, int options, ParamListInfo params)
{
#if PG_VERSION_NUM >= 190000
	return standard_planner(query, string, options, params, NULL);
#else
	return standard_planner(query, string, options, params);
#endif
}

/* Throws if the current user, or the owner of a view, may not do what is planned: 16 tells it apart
 * from the range table. */
static inline void
dbops_compat_check_permissions(const PlannedStmt *plan)
{
#if PG_VERSION_NUM >= 160000
	(void) ExecCheckPermissions(plan->rtable, plan->permInfos, true);
#else
	(void) ExecCheckRTPerms(plan->rtable, true);
#endif
}

/* Whether the planned relation stands in a query: it is no partition or child that a table was
 * expanded to.  Only of those that do rights are asked, which 16 keeps apart. */
static inline bool
dbops_compat_is_named(const RangeTblEntry *rte)
{
#if PG_VERSION_NUM >= 160000
	return rte->rtekind == RTE_RELATION && rte->perminfoindex != 0;
#else
	return rte->rtekind == RTE_RELATION && rte->requiredPerms != 0;
#endif
}

/* The cost estimator of an access method as IndexOptInfo has it: 16 gave it a full prototype. */
#if PG_VERSION_NUM >= 160000
static inline amcostestimate_function
#else
typedef void (*CompatCostEstimate)();

static inline CompatCostEstimate
#endif
dbops_compat_amcostestimate(const IndexAmRoutine *routine)
{
#if PG_VERSION_NUM >= 160000
	return routine->amcostestimate;
#else
	return (CompatCostEstimate) routine->amcostestimate;
#endif
}

/*
 * The hook on a base relation that is being planned, when its indexes are listed: 19 has one for
 * every entry of the range table in place of that for relations.
 */
#if PG_VERSION_NUM >= 190000
#define DBOPS_INDEX_LIST_PARAMS PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte
#define DBOPS_INDEX_LIST_ARGS root, rel, rte
#define DBOPS_INDEX_LIST_RELID (rte->rtekind == RTE_RELATION && !rte->inh ? rte->relid : InvalidOid)
typedef build_simple_rel_hook_type CompatIndexListHook;

static inline CompatIndexListHook *
dbops_compat_index_list_hook(void)
{
	return &build_simple_rel_hook;
}
#else
#define DBOPS_INDEX_LIST_PARAMS PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel
#define DBOPS_INDEX_LIST_ARGS root, relid, inhparent, rel
#define DBOPS_INDEX_LIST_RELID (inhparent ? InvalidOid : relid)
typedef get_relation_info_hook_type CompatIndexListHook;

static inline CompatIndexListHook *
dbops_compat_index_list_hook(void)
{
	return &get_relation_info_hook;
}
#endif

/* EXPLAIN of a plan that is not run: 17 added memory. */
static inline void
dbops_compat_explain_plan(PlannedStmt *plan, struct ExplainState *es, const char *string,
                          ParamListInfo params)
{
#if PG_VERSION_NUM >= 170000
	ExplainOnePlan(plan, NULL, es, string, params, NULL, NULL, NULL, NULL);
#else
	ExplainOnePlan(plan, NULL, es, string, params, NULL, NULL, NULL);
#endif
}

/* Whether a sort key descends; 18 tells it by the comparison, not by the B-tree's strategy. */
static inline bool
dbops_compat_pathkey_descends(const PathKey *pathkey)
{
#if PG_VERSION_NUM >= 180000
	return pathkey->pk_cmptype == COMPARE_GT;
#else
	return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/* Takes from a Var that it may be NULL because of an outer join, which 16 notes in it. */
static inline void
dbops_compat_clear_nulling(Var *var)
{
#if PG_VERSION_NUM >= 160000
	var->varnullingrels = NULL;
#endif
}
