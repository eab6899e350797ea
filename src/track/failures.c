/*
 * track/failures.c
 *		Which statement an error belongs to; see failures.h.
 *
 * A file of its own because it runs where little is allowed: while an error is handled, or logged.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/pg_shmem.h"
#include "utils/memutils.h"

#include "track/failures.h"

/* Room to look at an error without asking the system for memory. */
#define ERROR_CONTEXT_SIZE (16 * 1024)

FailureState dbops_failures;

static MemoryContext error_context = NULL;

void
dbops_failures_init(void)
{
	error_context = AllocSetContextCreate(TopMemoryContext, "dbops error", ERROR_CONTEXT_SIZE,
	                                      ERROR_CONTEXT_SIZE, ERROR_CONTEXT_SIZE);
}

/* The statement whose error is on its way up, looked at in memory set aside for it. */
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

static void
count_error(const StatementKey *key, int sqlerrcode, ErrorKind kind)
{
	dbops_errors_count(key, sqlerrcode, kind);
	if (key->queryid != 0)
		dbops_statements_add_failure(key, dbops_errors_failure_kind(kind));
}

void
dbops_failures_note(const StatementKey *key)
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
}

/* The key of an error that no statement counted. */
static StatementKey
find_outside_key(const ErrorData *edata)
{
	Oid userid;
	int sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	return dbops_statements_key(edata->elevel == ERROR ? dbops_failures.starting_queryid : 0,
	                            userid, true);
}

/* Not the postmaster, which must survive whatever happens to shared memory, nor the log collector.
 */
static bool
may_touch_shmem(void)
{
	return (IsUnderPostmaster || !IsPostmasterEnvironment) && UsedShmemSegAddr != NULL;
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
	}
	dbops_errors_remember(&error.key, error.sqlerrcode, error.kind,
	                      edata->message ? edata->message : "");
	dbops_failures.passing.sqlerrcode = 0;
	dbops_failures.starting_queryid = 0;
}
