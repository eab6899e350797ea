/*
 * worker/adviser.c
 *		The keeper's side of index advice; see adviser.h.
 *
 * A search may end in many ways: there is no free worker slot, the database is dropped meanwhile,
 * a statement takes too long to plan.  All are one case, a search that failed: the ledger says why,
 * and it is tried again after a growing gap.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/memutils.h"

#include "advise/index_ledger.h"
#include "core/clock.h"
#include "core/databases.h"
#include "core/encoding.h"
#include "core/guc.h"
#include "worker/advise_schedule.h"
#include "worker/adviser.h"
#include "worker/advising.h"
#include "worker/control.h"
#include "worker/timer.h"

/* Whether a search is due is looked at so often, or more often if there are many. */
#define LOOK_S 10

/* Times that what came of a search is tried to be stored. */
#define STORE_ATTEMPTS 5

typedef struct Running
{
	Oid datid; /* 0: nothing runs */
	dsm_segment *mapping;
	const AdvisingSegment *segment;
	BackgroundWorkerHandle *worker;
	TimestampTz began_at;
	int64 started_us;
	int attempts; /* to store what came of it */
	bool over;    /* with the commit of this transaction */
	int advised;
	TaskError error;
} Running;

static Running running = {0};

/* ---- what came of a search ---- */

/* The search failed, for that reason. */
static void
note_failure(const TaskError *error)
{
	running.error = *error;
	if (running.error.sqlerrcode == 0)
	{
		running.error.sqlerrcode = ERRCODE_CONNECTION_FAILURE;
		strlcpy(running.error.message, "the process ended early; the server log has the reason",
		        sizeof(running.error.message));
	}
	dbops_encoding_fit(running.error.message, PG_UTF8);
	dbops_index_ledger_fail(running.datid, &running.error);
}

static void
store_run(void)
{
	const AdvisingSegment *segment = running.segment;
	char *run;

	if (segment->size <= 0)
	{
		note_failure(&segment->error);
		return;
	}
	run = pnstrdup(segment->run, segment->size);
	dbops_encoding_fit(run, PG_UTF8);
	running.advised =
	    dbops_index_ledger_store(running.datid, running.began_at, segment->took_ms, run);
}

/* The process has ended.  What cannot be stored again and again is given up. */
static void
conclude(void)
{
	running.error = (TaskError){0};
	if (running.attempts++ < STORE_ATTEMPTS)
		store_run();
	else
		running.error = (TaskError){.sqlerrcode = ERRCODE_INTERNAL_ERROR,
		                            .message = "what the search found could not be stored"};
	running.over = true;
}

static bool
has_ended(void)
{
	pid_t pid;

	return GetBackgroundWorkerPid(running.worker, &pid) == BGWH_STOPPED;
}

static void
tend_running(void)
{
	int64 patience_us = (running.segment->limit_s + 2 * ADVISING_GRACE_S) * USECS_PER_SEC;

	running.over = false;
	if (has_ended())
		conclude();
	else if (dbops_clock_monotonic_us() - running.started_us > patience_us)
		TerminateBackgroundWorker(running.worker);
}

void
dbops_adviser_committed(void)
{
	if (!running.over)
		return;
	dbops_advise_requests_answer(&dbops_control()->advice_wanted, running.datid, running.advised,
	                             &running.error);
	ConditionVariableBroadcast(&dbops_control()->served);
	dsm_detach(running.mapping);
	pfree(running.worker);
	memset(&running, 0, sizeof(running));
}

/* ---- starting one ---- */

static bool
start_worker(dsm_segment *mapping)
{
	BackgroundWorker worker = {
	    .bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
	    .bgw_start_time = BgWorkerStart_ConsistentState,
	    .bgw_restart_time = BGW_NEVER_RESTART,
	    .bgw_notify_pid = MyProcPid,
	    .bgw_main_arg = UInt32GetDatum(dsm_segment_handle(mapping)),
	};
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	bool started;

	strlcpy(worker.bgw_name, "dbops adviser", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "dbops adviser", sizeof(worker.bgw_type));
	strlcpy(worker.bgw_library_name, "dbops", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dbops_advising_main", sizeof(worker.bgw_function_name));
	started = RegisterDynamicBackgroundWorker(&worker, &running.worker);
	MemoryContextSwitchTo(caller);
	return started;
}

/* Until the last lines nothing is kept that the end of the transaction would not clean up. */
static void
start(Oid datid, TimestampTz now)
{
	WorkerControl *control = dbops_control();
	dsm_segment *mapping = dsm_create(dbops_advising_segment_size(), 0);
	AdvisingSegment *segment = dsm_segment_address(mapping);

	memset(segment, 0, sizeof(AdvisingSegment));
	segment->datid = datid;
	segment->limit_s = dbops_guc_advise_time_limit;
	dbops_index_ledger_begin(datid, now);
	control->adviser.no_slot = !start_worker(mapping);
	dbops_advise_requests_begin(&control->advice_wanted, datid);
	if (control->adviser.no_slot)
	{
		const TaskError error = {.sqlerrcode = ERRCODE_INSUFFICIENT_RESOURCES,
		                         .message = "no free worker slot"};

		dbops_advise_requests_answer(&control->advice_wanted, datid, 0, &error);
		ConditionVariableBroadcast(&control->served);
		dsm_detach(mapping);
		return;
	}
	dsm_pin_mapping(mapping);
	running.datid = datid;
	running.mapping = mapping;
	running.segment = segment;
	running.began_at = now;
	running.started_us = dbops_clock_monotonic_us();
}

static bool
is_visitable(const List *databases, Oid datid)
{
	ListCell *cell;

	foreach (cell, databases)
	{
		const Database *database = lfirst(cell);

		if (database->oid == datid)
			return database->allows_connections && !database->is_template;
	}
	return false;
}

/* For status(). */
static void
publish_state(const LedgerRun *runs, int nruns)
{
	AdviserState state = {.no_slot = dbops_control()->adviser.no_slot};

	for (int i = 0; i < nruns; i++)
	{
		if (runs[i].failures == 0)
			continue;
		state.failing++;
		state.failing_datid = runs[i].datid;
		strlcpy(state.error, runs[i].error == NULL ? "" : runs[i].error, sizeof(state.error));
	}
	dbops_control()->adviser = state;
}

static void
start_next(TimestampTz now)
{
	WorkerControl *control = dbops_control();
	const AdviseTerms terms = {.interval_us = dbops_guc_advise_interval * USECS_PER_SEC,
	                           .trouble = control->trouble != TROUBLE_NONE};
	const List *databases = dbops_databases_list();
	LedgerRun *runs;
	int nruns;
	AdviseFacts *facts;
	int next;

	dbops_index_ledger_note_databases(now);
	nruns = dbops_index_ledger_runs(&runs);
	facts = palloc(sizeof(AdviseFacts) * Max(nruns, 1));
	for (int i = 0; i < nruns; i++)
		facts[i] = (AdviseFacts){
		    .datid = runs[i].datid,
		    .visitable = is_visitable(databases, runs[i].datid),
		    .asked = dbops_advise_requests_waiting(&control->advice_wanted, runs[i].datid),
		    .seen_at = runs[i].seen_at,
		    .tried_at = runs[i].tried_at,
		    .failures = runs[i].failures,
		};
	publish_state(runs, nruns);
	next = dbops_advise_next(facts, nruns, now, terms);
	if (next >= 0)
		start(facts[next].datid, now);
}

static bool
is_asked(void)
{
	return dbops_advise_requests_waiting(&dbops_control()->advice_wanted, InvalidOid);
}

void
dbops_adviser_tend(void)
{
	static Timer timer = {0};
	TimestampTz now = dbops_clock_now();
	int look_s = dbops_guc_advise_interval > 0 ? Min(LOOK_S, dbops_guc_advise_interval) : LOOK_S;

	if (OidIsValid(running.datid))
		tend_running();
	else if (dbops_timer_is_due(&timer, look_s, now) || is_asked())
		start_next(now);
}

bool
dbops_adviser_waits(void)
{
	return OidIsValid(running.datid) ? has_ended() : is_asked();
}

void
dbops_adviser_start_up(void)
{
	dbops_advise_requests_restart(&dbops_control()->advice_wanted);
}
