/*
 * track/utility.c
 *		Recording the utility statements of this session; see utility.h.
 *
 * A file of its own because they differ in kind: some are what is recorded, others only carry the
 * query that is, and either may change the user, the transaction and its own parse tree.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "miscadmin.h"
#include "tcop/utility.h"

#include "core/compat.h"
#include "track/backup_ends.h"
#include "track/captures.h"
#include "track/nesting.h"
#include "track/utility.h"

typedef enum UtilityClass
{
	UTILITY_ORDINARY, /* recorded; what it runs is nested in it */
	UTILITY_DUMPING,  /* likewise; dumps consist of such */
	UTILITY_CARRIER,  /* only carries another statement, which is recorded in its place */
	UTILITY_DECLARE,  /* a carrier whose query may have no query id of its own */
} UtilityClass;

/* A utility statement, as it was before it ran. */
typedef struct UtilityRun
{
	UtilityClass class;
	StatementKey key;
	CaptureSource source;
} UtilityRun;

static ProcessUtility_hook_type prev_process_utility = NULL;

static UtilityClass
classify_utility(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_ExecuteStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_FetchStmt:
		case T_ClosePortalStmt:
			return UTILITY_CARRIER;
		case T_DeclareCursorStmt:
			return UTILITY_DECLARE;
		case T_CopyStmt:
		case T_LockStmt:
			return UTILITY_DUMPING;
		default:
			return UTILITY_ORDINARY;
	}
}

/* Passwords stand in such statements: nobody keeps those. */
static bool
may_hold_secret(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateRoleStmt:
		case T_AlterRoleStmt:
		case T_CreateUserMappingStmt:
		case T_AlterUserMappingStmt:
		case T_CreateForeignServerStmt:
		case T_AlterForeignServerStmt:
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
		case T_AlterSystemStmt: /* of primary_conninfo */
			return true;
		default:
			return false;
	}
}

static UtilityRun
describe_utility(const PlannedStmt *pstmt, const char *query_string, ParamListInfo params)
{
	const Node *statement = pstmt->utilityStmt;

	return (UtilityRun){.class = classify_utility(statement),
	                    .key = dbops_statements_key(pstmt->queryId, GetUserId(), true),
	                    .source = {may_hold_secret(statement) ? NULL : query_string,
	                               pstmt->stmt_location, pstmt->stmt_len, params, false}};
}

/* Rows that it processed, as pg_stat_statements counts them. */
static uint64
count_rows(const QueryCompletion *qc)
{
	if (qc == NULL)
		return 0;
	switch (qc->commandTag)
	{
		case CMDTAG_COPY:
		case CMDTAG_SELECT:
		case CMDTAG_REFRESH_MATERIALIZED_VIEW:
			return qc->nprocessed;
		default:
			return 0;
	}
}

static void
call_process_utility(DBOPS_PROCESS_UTILITY_PARAMS)
{
	if (prev_process_utility)
		prev_process_utility(DBOPS_PROCESS_UTILITY_ARGS);
	else
		standard_ProcessUtility(DBOPS_PROCESS_UTILITY_ARGS);
}

/* Runs the statement at the depth its class gives to what it runs. */
static void
run_utility(const UtilityRun *run, DBOPS_PROCESS_UTILITY_PARAMS)
{
	const int level = dbops_nesting.depth;
	const Carrier outer = dbops_nesting.carrier;

	dbops_nesting.carrier = (Carrier){
	    .carries = run->class >= UTILITY_CARRIER,
	    .declaring_queryid = run->class == UTILITY_DECLARE ? run->key.queryid : 0,
	    .declaring_depth = level,
	};
	dbops_nesting.depth = run->class < UTILITY_CARRIER ? level + 1 : level;
	PG_TRY();
	{
		call_process_utility(DBOPS_PROCESS_UTILITY_ARGS);
	}
	PG_CATCH();
	{
		dbops_nesting.depth = level;
		dbops_nesting.carrier = outer;
		dbops_failures_note(&run->key, &run->source);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dbops_nesting.depth = level;
	dbops_nesting.carrier = outer;
}

/* Adds what ran to the statement it is accounted to. */
static void
count_utility(UtilityRun *run, int64 ns, uint64 rows)
{
	/* The user as it is now: SET ROLE is accounted to the new role, as pg_stat_statements does. */
	run->key.userid = GetUserId();
	if (dbops_statements_add_execution(run->key.queryid, run->key.userid, run->key.toplevel, ns,
	                                   rows))
		dbops_captures_take(&run->key, ns, &run->source);
}

static void
process_utility(DBOPS_PROCESS_UTILITY_PARAMS)
{
	UtilityRun run;
	instr_time start;
	instr_time end;

	if (!dbops_nesting_decide_recording())
	{
		call_process_utility(DBOPS_PROCESS_UTILITY_ARGS);
		return;
	}

	dbops_nesting_correct_depth();
	dbops_failures.passing.sqlerrcode = 0;
	if (dbops_nesting.depth == 0)
		dbops_failures.top.queryid = 0;
	/* What follows may run as another user. */
	dbops_nesting.started = NULL;
	/* Read first: COMMIT may free the statement, and pg_stat_statements sets its query id to 0. */
	run = describe_utility(pstmt, query_string, params);
	run.key.toplevel = dbops_nesting.depth == 0;
	/* What it declares is accounted to it when it ends, and has no text of its own. */
	if (run.class == UTILITY_DECLARE)
		dbops_captures_take(&run.key, CAPTURE_UNFINISHED, &run.source);
	if (run.class == UTILITY_DUMPING)
		dbops_backup_ends_note_begin(pstmt->utilityStmt);
	INSTR_TIME_SET_CURRENT(start);
	run_utility(&run, DBOPS_PROCESS_UTILITY_ARGS);
	if (run.class == UTILITY_DUMPING || run.class == UTILITY_DECLARE)
		dbops_backup_ends_note_utility(pstmt->utilityStmt);
	/* The script of an extension is a thousand statements that nobody asks about again. */
	if (run.class >= UTILITY_CARRIER || run.key.queryid == 0 ||
	    (creating_extension && !run.key.toplevel))
		return;
	INSTR_TIME_SET_CURRENT(end);
	count_utility(&run, dbops_compat_elapsed_ns(end, start), count_rows(qc));
}

void
dbops_utility_install(void)
{
	prev_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
