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
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/tx.h"

/* How long a run of dbops_tx_probe() may take, and how often it is canceled from then on. */
#define PROBE_LIMIT_MS 10000
#define PROBE_AGAIN_MS 10

/* Runs under way that have the limit; those within another share its time. */
static int nprobes = 0;
static volatile sig_atomic_t out_of_time = false;
static TimeoutId probe_timeout = MAX_TIMEOUTS;

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

/*
 * Whether the server itself wants an end.  Functions may throw with any SQLSTATE: such an error is
 * one like others, or whoever writes a function could end what looks at many.
 */
static bool
is_cancel(const ErrorData *edata)
{
	if (edata->sqlerrcode != ERRCODE_QUERY_CANCELED && edata->sqlerrcode != ERRCODE_ADMIN_SHUTDOWN)
		return false;
	return edata->funcname != NULL && strcmp(edata->funcname, "ProcessInterrupts") == 0;
}

static bool
is_expected(const ErrorData *edata, int sqlerrcode)
{
	if (sqlerrcode == TX_ANY_ERROR)
		return !is_cancel(edata);
	return edata->sqlerrcode == sqlerrcode;
}

/* In a signal handler: the run is canceled as by a user, but it is known why. */
static void
end_probe(void)
{
	out_of_time = true;
	QueryCancelPending = true;
	InterruptPending = true;
}

/*
 * A context of errors that says nothing: it sees each as it is thrown.  A function may catch a
 * cancel and begin anew; so the next is there at once, and meets it in the handler, which is
 * protected by the blocks around it at most.
 */
static void
press_on(void *arg)
{
	if (out_of_time)
		QueryCancelPending = InterruptPending = true;
}

static void
start_clock(void)
{
	if (probe_timeout == MAX_TIMEOUTS)
		probe_timeout = RegisterTimeout(USER_TIMEOUT, end_probe);
	if (nprobes++ > 0)
		return;
	out_of_time = false;
	enable_timeout_every(probe_timeout,
	                     TimestampTzPlusMilliseconds(dbops_clock_now(), PROBE_LIMIT_MS),
	                     PROBE_AGAIN_MS);
}

/* True if time ran out for the outermost run. */
static bool
stop_clock(void)
{
	if (--nprobes > 0)
		return false;
	disable_timeout(probe_timeout, false);
	if (out_of_time)
		QueryCancelPending = false;
	return out_of_time;
}

/* Whatever it threw for that, if it threw at all. */
static void
note_late(TaskError *error)
{
	error->sqlerrcode = ERRCODE_QUERY_CANCELED;
	error->at = dbops_clock_now();
	error->failures = 1;
	snprintf(error->message, sizeof(error->message), "it takes longer than %d s",
	         PROBE_LIMIT_MS / 1000);
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
	volatile bool limited = end == END_UNDONE;
	volatile bool late = false;
	volatile bool done = true;
	ErrorContextCallback pressing = {.previous = error_context_stack, .callback = press_on};

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		if (limited)
		{
			error_context_stack = &pressing;
			start_clock();
		}
		run(arg);
		late = limited && stop_clock();
		limited = false;
		error_context_stack = pressing.previous;
		if (end == END_KEPT)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *edata;

		late = late || (limited && stop_clock());
		MemoryContextSwitchTo(caller);
		edata = CopyErrorData();
		FlushErrorState();
		/* Before the error goes on, too: who catches it ends the subtransaction it began itself. */
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (!late && !is_expected(edata, sqlerrcode))
			ReThrowError(edata);
		note_caught(error, edata);
		FreeErrorData(edata);
		done = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (late)
		note_late(error);
	return done && !late;
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
