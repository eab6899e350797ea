/*
 * track/failures.c
 *		Which statement an error belongs to; see failures.h.
 *
 * A file of its own because it runs where little is allowed: while an error is handled, or logged.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/pg_shmem.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "track/failures.h"

/* Room to look at an error without asking the system for memory. */
#define ERROR_CONTEXT_SIZE (16 * 1024)

FailureState dbops_failures;

static MemoryContext error_context = NULL;

/* The kind of the error at hand, looked at in memory set aside for it. */
static ErrorKind
classify_error(int sqlerrcode)
{
	MemoryContext caller;
	ErrorData *edata;
	ErrorKind kind;

	if (!dbops_errors_kind_needs_message(sqlerrcode))
		return dbops_errors_kind(sqlerrcode, NULL);
	caller = MemoryContextSwitchTo(error_context);
	edata = CopyErrorData();
	kind = dbops_errors_kind(sqlerrcode, edata->message_id);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(error_context);
	return kind;
}

/* The statement is inside its frame, so what it is read from is there still. */
static void
capture_top(void)
{
	TopStatement *top = &dbops_failures.top;
	StatementKey key = dbops_statements_key(top->queryid, top->userid, true);
	CaptureSource source = {.text = top->text, .location = top->location, .length = top->length};

	if (top->running != NULL)
		source = dbops_captures_source(top->running);
	dbops_captures_take(&key, CAPTURE_UNFINISHED, &source);
}

/* Called where a message arises inside the top-level statement, be it an error or less. */
static void
note_message(void *arg)
{
	TopStatement *top = &dbops_failures.top;
	int sqlerrcode = geterrcode();
	int class = ERRCODE_TO_CATEGORY(sqlerrcode);

	top->suspect = true;
	if (class == ERRCODE_SUCCESSFUL_COMPLETION || class == ERRCODE_WARNING ||
	    class == ERRCODE_NO_DATA)
		return;
	top->sqlerrcode = sqlerrcode;
	top->kind = classify_error(sqlerrcode);
	capture_top();
}

void
dbops_failures_init(void)
{
	dbops_failures.top.frame.callback = note_message;
	error_context = AllocSetContextCreate(TopMemoryContext, "dbops error", ERROR_CONTEXT_SIZE,
	                                      ERROR_CONTEXT_SIZE, ERROR_CONTEXT_SIZE);
}

static void
count_error(const StatementKey *key, int sqlerrcode, ErrorKind kind)
{
	dbops_errors_count(key, sqlerrcode, kind);
	if (key->queryid != 0)
		dbops_statements_add_failure(key, dbops_errors_failure_kind(kind));
}

void
dbops_failures_note(const StatementKey *key, const CaptureSource *source)
{
	PassingError *passing = &dbops_failures.passing;
	int sqlerrcode = geterrcode();

	/* A statement without a query id leaves the error to the one that runs it, or to the log. */
	if (key->queryid == 0 || passing->sqlerrcode == sqlerrcode)
		return;
	passing->kind = classify_error(sqlerrcode);
	passing->sqlerrcode = sqlerrcode;
	passing->key = *key;
	count_error(key, sqlerrcode, passing->kind);
	dbops_captures_take(key, CAPTURE_UNFINISHED, source);
}

bool
dbops_failures_top_runs(void)
{
	TopStatement *top = &dbops_failures.top;

	for (ErrorContextCallback *frame = error_context_stack; frame != NULL; frame = frame->previous)
	{
		if (frame == &top->frame)
			return true;
	}
	if (top->queryid != 0 && top->sqlerrcode != 0 &&
	    top->sqlerrcode != dbops_failures.passing.sqlerrcode)
	{
		StatementKey key = dbops_statements_key(top->queryid, top->userid, true);

		count_error(&key, top->sqlerrcode, top->kind);
	}
	top->queryid = 0;
	top->suspect = false;
	top->sqlerrcode = 0;
	return false;
}

static void
end_session(int code, Datum arg)
{
	if (dbops_failures.top.suspect)
		dbops_failures_top_runs();
}

void
dbops_failures_begin_session(void)
{
	before_shmem_exit(end_session, 0);
}

/* The key of an error that no statement counted. */
static StatementKey
find_outside_key(const ErrorData *edata)
{
	Oid userid;
	int sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	if (edata->elevel != ERROR)
		return dbops_statements_key(0, userid, true);
	if (dbops_failures.top.queryid != 0)
		userid = dbops_failures.top.userid;
	return dbops_statements_key(dbops_failures.top.queryid, userid, true);
}

/* Not the postmaster, which must survive whatever happens to shared memory, nor the log collector.
 */
static bool
may_touch_shmem(void)
{
	return (IsUnderPostmaster || !IsPostmasterEnvironment) && UsedShmemSegAddr != NULL;
}

/*
 * The text of a statement that no hook saw fail.  debug_query_string is all that is sure to be
 * there still: the statement it names is the one at the top.
 */
static void
capture_logged(const StatementKey *key)
{
	CaptureSource source = {.text = debug_query_string,
	                        .location = dbops_failures.top.location,
	                        .length = dbops_failures.top.length};

	dbops_captures_take(key, CAPTURE_UNFINISHED, &source);
}

/* What to remember of the text of an error that belongs to no statement. */
static const char *
find_text(const StatementKey *key, const ErrorData *edata)
{
	return key->queryid != 0 || edata->elevel != ERROR || edata->hide_stmt ? NULL :
	                                                                         debug_query_string;
}

void
dbops_failures_note_log(const ErrorData *edata)
{
	PassingError error = dbops_failures.passing;

	if (!may_touch_shmem())
		return;
	if (edata->elevel != ERROR || error.sqlerrcode != edata->sqlerrcode)
	{
		error.sqlerrcode = edata->sqlerrcode;
		error.kind = dbops_errors_kind(edata->sqlerrcode, edata->message_id);
		error.key = find_outside_key(edata);
		count_error(&error.key, error.sqlerrcode, error.kind);
		capture_logged(&error.key);
	}
	dbops_errors_remember(&error.key, error.sqlerrcode, error.kind,
	                      edata->message ? edata->message : "", find_text(&error.key, edata));
	dbops_failures.passing.sqlerrcode = 0;
	dbops_failures.top.queryid = 0;
}
