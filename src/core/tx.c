/*
 * core/tx.c
 *		One task of a worker; see tx.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "core/clock.h"
#include "core/tx.h"

static void
begin_task(const Task *task)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (task->sql)
		PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, task->name);
	if (task->timeout_ms > 0 && task->sql)
		enable_timeout_after(STATEMENT_TIMEOUT, task->timeout_ms);
}

static void
end_task(const Task *task)
{
	if (task->timeout_ms > 0 && task->sql)
		disable_timeout(STATEMENT_TIMEOUT, false);
	if (task->sql)
		PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Notes a failure and tells whether it is news. */
static bool
note_failure(TaskError *error, const ErrorData *edata)
{
	bool news = error->sqlerrcode != edata->sqlerrcode;

	error->sqlerrcode = edata->sqlerrcode;
	strlcpy(error->message, edata->message ? edata->message : "", sizeof(error->message));
	error->at = dbops_clock_now();
	error->failures++;
	return news;
}

bool
dbops_tx_run(const Task *task, void *arg, TaskError *error)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		begin_task(task);
		task->run(arg);
		end_task(task);
	}
	PG_CATCH();
	{
		ErrorData *edata;
		bool news;

		MemoryContextSwitchTo(caller);
		edata = CopyErrorData();
		HOLD_INTERRUPTS();
		disable_all_timeouts(false);
		QueryCancelPending = false;
		FlushErrorState();
		AbortCurrentTransaction();
		pgstat_report_activity(STATE_IDLE, NULL);
		RESUME_INTERRUPTS();
		news = note_failure(error, edata);
		if (news)
			ereport(LOG, (errcode(edata->sqlerrcode),
			              errmsg("dbops task \"%s\" failed: %s", task->name, error->message),
			              edata->detail ? errdetail_internal("%s", edata->detail) : 0,
			              edata->context ? errcontext("%s", edata->context) : 0));
		FreeErrorData(edata);
		return false;
	}
	PG_END_TRY();

	MemoryContextSwitchTo(caller);
	if (error->sqlerrcode != 0)
	{
		ereport(LOG, (errmsg("dbops task \"%s\" works again after %lld failures", task->name,
		                     (long long) error->failures)));
		memset(error, 0, sizeof(*error));
	}
	return true;
}

/* A failure told with its detail, which says more than a message meant for all of its kind. */
static void
note_caught(TaskError *error, const ErrorData *edata)
{
	error->sqlerrcode = edata->sqlerrcode;
	error->at = dbops_clock_now();
	error->failures = 1;
	snprintf(error->message, sizeof(error->message), "%s%s%s", edata->message ? edata->message : "",
	         edata->detail ? ": " : "", edata->detail ? edata->detail : "");
}

static bool
is_expected(int thrown, int sqlerrcode)
{
	if (sqlerrcode == TX_ANY_ERROR)
		return thrown != ERRCODE_QUERY_CANCELED && thrown != ERRCODE_ADMIN_SHUTDOWN;
	return thrown == sqlerrcode;
}

/* How a subtransaction that went well ends. */
typedef enum SubtransactionEnd
{
	END_KEPT,
	END_UNDONE
} SubtransactionEnd;

static bool
run_within(void (*run)(void *arg), void *arg, int sqlerrcode, SubtransactionEnd end,
           TaskError *error)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		run(arg);
		if (end == END_KEPT)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *edata;

		if (!is_expected(geterrcode(), sqlerrcode))
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		edata = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		note_caught(error, edata);
		FreeErrorData(edata);
		done = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return done;
}

bool
dbops_tx_try(void (*run)(void *arg), void *arg, int sqlerrcode, TaskError *error)
{
	return run_within(run, arg, sqlerrcode, END_KEPT, error);
}

bool
dbops_tx_probe(void (*run)(void *arg), void *arg, TaskError *error)
{
	return run_within(run, arg, TX_ANY_ERROR, END_UNDONE, error);
}
