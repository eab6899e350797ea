/*
 * track/hooks.c
 *		Recording the queries of this session; see hooks.h.
 *
 * Preloaded after pg_stat_statements these hooks are the outermost: they reuse the Instrumentation
 * it allocates, and see the query id of a utility statement before it is set to 0.  If there is
 * none to reuse, ours counts everything, so that whoever looks at it later misses nothing.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/planner.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "core/compat.h"
#include "core/guc.h"
#include "track/backup_ends.h"
#include "track/captures.h"
#include "track/cursors.h"
#include "track/failures.h"
#include "track/hooks.h"
#include "track/logins.h"
#include "track/nesting.h"
#include "track/plans.h"
#include "track/statements.h"
#include "track/utility.h"

static planner_hook_type prev_planner = NULL;
static ExecutorStart_hook_type prev_executor_start = NULL;
static ExecutorRun_hook_type prev_executor_run = NULL;
static ExecutorFinish_hook_type prev_executor_finish = NULL;
static ExecutorEnd_hook_type prev_executor_end = NULL;
static emit_log_hook_type prev_emit_log = NULL;

/* The statement that a query belongs to; queryid 0 if it is not to be recorded. */
static pg_noinline StatementKey
find_query_key(const QueryDesc *desc, Oid userid)
{
	const StatementKey *cursor = dbops_cursors_find(desc);

	return cursor != NULL ?
	           *cursor :
	           dbops_statements_key(desc->plannedstmt->queryId, userid, dbops_nesting.depth == 0);
}

/* The query id that what is planned at this level is accounted to. */
static inline uint64
account_queryid(uint64 queryid)
{
	return dbops_nesting_is_declaring() ? dbops_nesting.carrier.declaring_queryid : queryid;
}

static PlannedStmt *
call_planner(DBOPS_PLANNER_PARAMS)
{
	return prev_planner ? prev_planner(DBOPS_PLANNER_ARGS) : standard_planner(DBOPS_PLANNER_ARGS);
}

/* Planning that takes none of the short cuts. */
static pg_noinline PlannedStmt *
plan_otherwise(DBOPS_PLANNER_PARAMS)
{
	PlannedStmt *result;
	uint64 queryid = parse->queryId;
	int location = parse->stmt_location;
	int length = parse->stmt_len;
	Oid userid = GetUserId();
	instr_time start;
	instr_time end;
	int level;

	if (!dbops_nesting.recording)
		return call_planner(DBOPS_PLANNER_ARGS);

	dbops_nesting_correct_depth();
	dbops_failures.passing.sqlerrcode = 0;
	level = dbops_nesting.depth;
	dbops_nesting.depth = level + 1;
	INSTR_TIME_SET_CURRENT(start);
	PG_TRY();
	{
		result = call_planner(DBOPS_PLANNER_ARGS);
	}
	PG_CATCH();
	{
		StatementKey key;

		CaptureSource source = {query_string, location, length, params, false};

		dbops_nesting.depth = level;
		key = dbops_statements_key(account_queryid(queryid), userid, level == 0);
		dbops_failures_note(&key, &source);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dbops_nesting.depth = level;
	if (dbops_guc_track_planning && account_queryid(queryid) != 0)
	{
		INSTR_TIME_SET_CURRENT(end);
		dbops_statements_add_plan(account_queryid(queryid), userid, level == 0,
		                          dbops_compat_elapsed_ns(end, start));
	}
	return result;
}

static PlannedStmt *
plan_statement(DBOPS_PLANNER_PARAMS)
{
	/* One at a time is planned here, and static they spare the stack its guard. */
	static instr_time start;
	static instr_time end;
	PlannedStmt *result;

	if (unlikely(!dbops_nesting_decide_recording() || !dbops_nesting_is_top(parse->queryId) ||
	             !dbops_guc_track_planning))
		return plan_otherwise(DBOPS_PLANNER_ARGS);

	dbops_failures.passing.sqlerrcode = 0;
	dbops_failures_enter_top(parse->queryId, GetUserId());
	dbops_failures_locate_top(parse->stmt_location, parse->stmt_len);
	dbops_failures.top.text = query_string;
	dbops_failures.top.running = NULL;
	dbops_nesting.depth = 1;
	INSTR_TIME_SET_CURRENT(start);
	result = call_planner(DBOPS_PLANNER_ARGS);
	INSTR_TIME_SET_CURRENT(end);
	dbops_nesting.depth = 0;
	dbops_statements_add_plan(dbops_failures.top.queryid, dbops_failures.top.userid, true,
	                          dbops_compat_elapsed_ns(end, start));
	dbops_failures_leave_top();
	return result;
}

static void
call_executor_start(QueryDesc *desc, int eflags)
{
	if (prev_executor_start)
		prev_executor_start(desc, eflags);
	else
		standard_ExecutorStart(desc, eflags);
}

/*
 * Start of a nested statement.  Its error may be caught before any other hook of ours sees it; that
 * of a top-level statement always comes by the log hook, which saves the common case a PG_TRY.
 */
static pg_noinline void
start_nested(QueryDesc *desc, int eflags, uint64 queryid)
{
	Oid userid = GetUserId();
	int level = dbops_nesting.depth;

	PG_TRY();
	{
		call_executor_start(desc, eflags);
	}
	PG_CATCH();
	{
		StatementKey key = dbops_statements_key(queryid, userid, false);
		CaptureSource source = dbops_captures_source(desc);

		dbops_nesting.depth = level;
		dbops_failures_note(&key, &source);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * Start of a query that is recorded only as that of a DECLARE CURSOR: it has no query id, or from
 * 18 on one that pg_stat_statements knows no text of, unless it tracks nested statements too.
 */
static pg_noinline void
start_unidentified(QueryDesc *desc, int eflags)
{
	uint64 queryid = dbops_nesting_is_declaring() ? dbops_nesting.carrier.declaring_queryid : 0;
	StatementKey key = dbops_statements_key(queryid, GetUserId(), dbops_nesting.depth == 0);

	/* A descriptor at the address of a cursor that was never ended is another query. */
	dbops_cursors_forget(desc);
	if (queryid != 0)
		dbops_compat_instrument_before_start(desc);
	call_executor_start(desc, eflags);
	if (queryid == 0)
		return;
	dbops_compat_instrument_after_start(desc);
	dbops_cursors_remember(desc, &key);
}

static void
start_execution(QueryDesc *desc, int eflags)
{
	uint64 queryid = desc->plannedstmt->queryId;

	if (!dbops_nesting_decide_recording())
	{
		call_executor_start(desc, eflags);
		return;
	}

	dbops_nesting_correct_depth();
	dbops_failures.passing.sqlerrcode = 0;
	if (unlikely(queryid == 0) || dbops_nesting_is_declaring())
	{
		start_unidentified(desc, eflags);
		return;
	}
	dbops_compat_instrument_before_start(desc);
	if (dbops_nesting.depth == 0)
	{
		dbops_nesting.started = desc;
		dbops_failures.top.queryid = queryid;
		dbops_failures.top.userid = GetUserId();
		dbops_failures_locate_top(desc->plannedstmt->stmt_location, desc->plannedstmt->stmt_len);
		call_executor_start(desc, eflags);
		dbops_failures.top.queryid = 0;
	}
	else
		start_nested(desc, eflags, queryid);
	dbops_compat_instrument_after_start(desc);
}

static void
call_executor_run(DBOPS_EXECUTOR_RUN_PARAMS)
{
	if (prev_executor_run)
		prev_executor_run(DBOPS_EXECUTOR_RUN_ARGS);
	else
		standard_ExecutorRun(DBOPS_EXECUTOR_RUN_ARGS);
}

/* Running that takes none of the short cuts. */
static pg_noinline void
run_otherwise(DBOPS_EXECUTOR_RUN_PARAMS)
{
	Oid userid = GetUserId();
	StatementKey key;
	int level;

	if (!dbops_nesting.recording)
	{
		call_executor_run(DBOPS_EXECUTOR_RUN_ARGS);
		return;
	}

	dbops_nesting_correct_depth();
	dbops_failures.passing.sqlerrcode = 0;
	key = find_query_key(queryDesc, userid);
	/* Fetched in parts, each run begins the count of rows anew: keep that of the part before. */
	if (queryDesc->estate->es_processed > 0 && key.queryid != 0)
		dbops_statements_add_rows(&key, queryDesc->estate->es_processed);
	level = dbops_nesting.depth;
	dbops_nesting.depth = level + 1;
	PG_TRY();
	{
		call_executor_run(DBOPS_EXECUTOR_RUN_ARGS);
	}
	PG_CATCH();
	{
		CaptureSource source = dbops_captures_source(queryDesc);

		dbops_nesting.depth = level;
		dbops_failures_note(&key, &source);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dbops_nesting.depth = level;
}

static void
run_execution(DBOPS_EXECUTOR_RUN_PARAMS)
{
	if (unlikely(!dbops_nesting.recording || queryDesc != dbops_nesting.started ||
	             !dbops_nesting_is_top(queryDesc->plannedstmt->queryId) ||
	             queryDesc->estate->es_processed > 0))
	{
		run_otherwise(DBOPS_EXECUTOR_RUN_ARGS);
		return;
	}

	dbops_failures.passing.sqlerrcode = 0;
	dbops_failures_enter_top(queryDesc->plannedstmt->queryId, dbops_failures.top.userid);
	dbops_failures.top.running = queryDesc;
	dbops_nesting.depth = 1;
	call_executor_run(DBOPS_EXECUTOR_RUN_ARGS);
	dbops_nesting.depth = 0;
	dbops_failures_leave_top();
}

static void
call_executor_finish(QueryDesc *desc)
{
	if (prev_executor_finish)
		prev_executor_finish(desc);
	else
		standard_ExecutorFinish(desc);
}

/* Finish of a query that may have triggers to fire. */
static pg_noinline void
finish_with_triggers(QueryDesc *desc)
{
	Oid userid = GetUserId();
	int level = dbops_nesting.depth;

	dbops_failures.passing.sqlerrcode = 0;
	dbops_nesting.depth = level + 1;
	PG_TRY();
	{
		call_executor_finish(desc);
	}
	PG_CATCH();
	{
		StatementKey key;
		CaptureSource source = dbops_captures_source(desc);

		dbops_nesting.depth = level;
		key = find_query_key(desc, userid);
		dbops_failures_note(&key, &source);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dbops_nesting.depth = level;
}

/* Without triggers to fire and parts to complete, finishing runs nothing and cannot fail. */
static inline bool
may_fire_triggers(const EState *estate)
{
	ListCell *cell;

	if ((estate->es_top_eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0)
		return false;
	if (estate->es_auxmodifytables != NIL || estate->es_tuple_routing_result_relations != NIL ||
	    estate->es_trig_target_relations != NIL)
		return true;
	foreach (cell, estate->es_opened_result_relations)
	{
		if (((const ResultRelInfo *) lfirst(cell))->ri_TrigDesc != NULL)
			return true;
	}
	return false;
}

static void
finish_execution(QueryDesc *desc)
{
	if (dbops_nesting.recording && may_fire_triggers(desc->estate))
		finish_with_triggers(desc);
	else
		call_executor_finish(desc);
}

/* Far from what every statement runs. */
static pg_noinline void
capture_execution(const QueryDesc *desc, Oid userid, int64 ns)
{
	StatementKey key =
	    dbops_statements_key(desc->plannedstmt->queryId, userid, dbops_nesting.depth == 0);
	CaptureSource source = dbops_captures_source(desc);

	/* A cursor was captured where it was declared. */
	if (dbops_cursors_find(desc) == NULL)
		dbops_captures_take(&key, ns, &source);
}

static inline void
add_execution(const QueryDesc *desc, uint64 queryid, Oid userid, bool toplevel, int64 ns)
{
	if (dbops_statements_add_execution(queryid, userid, toplevel, ns, desc->estate->es_processed))
		capture_execution(desc, userid, ns);
	if (likely(dbops_guc_track_plans) && !dbops_plans_add_again(desc, ns))
		dbops_plans_add_execution(desc, queryid, userid, toplevel, ns);
}

/* End of a query that has no query id of its own, or belongs to a DECLARE CURSOR. */
static pg_noinline void
end_unidentified(QueryDesc *desc)
{
	StatementKey key = find_query_key(desc, InvalidOid);
	int64 ns;

	if (key.queryid != 0 && dbops_compat_execution_ns(desc, &ns))
		add_execution(desc, key.queryid, key.userid, key.toplevel, ns);
	dbops_cursors_forget(desc);
}

static void
end_execution(QueryDesc *desc)
{
	int64 ns;

	if (likely(dbops_nesting.recording))
	{
		if (unlikely(desc->plannedstmt->queryId == 0 || dbops_cursors_find(desc) != NULL))
			end_unidentified(desc);
		else if ((desc->estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 &&
		         dbops_compat_execution_ns(desc, &ns))
			add_execution(desc, desc->plannedstmt->queryId, GetUserId(), dbops_nesting.depth == 0,
			              ns);
	}

	if (prev_executor_end)
		prev_executor_end(desc);
	else
		standard_ExecutorEnd(desc);
}

static void
see_log(ErrorData *edata)
{
	if (edata->elevel >= ERROR && dbops_guc_track && dbops_guc_enabled &&
	    !dbops_nesting_is_excluded())
		dbops_failures_note_log(edata);
	dbops_backup_ends_note_log(edata);
	dbops_logins_note_log(edata);
	if (prev_emit_log)
		prev_emit_log(edata);
}

void
dbops_hooks_install(void)
{
	EnableQueryId();
	dbops_failures_init();
	dbops_captures_init();

	prev_planner = planner_hook;
	planner_hook = plan_statement;
	prev_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = start_execution;
	prev_executor_run = ExecutorRun_hook;
	ExecutorRun_hook = run_execution;
	prev_executor_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_execution;
	prev_executor_end = ExecutorEnd_hook;
	ExecutorEnd_hook = end_execution;
	dbops_utility_install();
	dbops_backup_ends_install();
	prev_emit_log = emit_log_hook;
	emit_log_hook = see_log;
}
