/*
 * worker/advise_requests_funcs.c
 *		dbops.advise_now(): asks the keeper for a search for indexes and waits until it is stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/wait_event.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "core/preload.h"
#include "worker/advising.h"
#include "worker/control.h"

/* Others may be first, each with its own search. */
#define GIVE_UP_S(limit_s) (3 * ((limit_s) + 2 * ADVISING_GRACE_S))

PG_FUNCTION_INFO_V1(dbops_advise_now);

static void
check_database(Oid datid, const char *name)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(datid));
	Form_pg_database database;
	bool open;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_DATABASE),
		                errmsg("database \"%s\" does not exist any more", name)));
	database = (Form_pg_database) GETSTRUCT(tuple);
	open = database->datallowconn && !database->datistemplate;
	ReleaseSysCache(tuple);
	if (!open)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("database \"%s\" is a template, or closed", name),
		                errdetail("No worker connects to such a database.")));
}

static void
check_can_advise(const WorkerControl *control)
{
	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("recovery is in progress"),
		                errhint("Ask on the primary; its advice is in "
		                        "dbops.index_recommendations here, too.")));
	if (!dbops_guc_enabled)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("dbops is switched off"),
		         errhint("Set dbops.enabled = on and reload the configuration.")));
	if (control->store != STORE_OK)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("advice cannot be stored: %s", dbops_control_store_name(control->store)),
		         errhint("SELECT * FROM dbops.status() tells what to do.")));
}

/* Gives the place back when the call ends, however it does. */
static void
give_back(void *request)
{
	dbops_advise_requests_free(request);
}

static AdviseRequest *
ask(WorkerControl *control, Oid datid)
{
	MemoryContextCallback *ending = palloc0(sizeof(MemoryContextCallback));
	AdviseRequest *request = dbops_advise_requests_ask(&control->advice_wanted, datid);

	if (request == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
		                errmsg("%d others are waiting for advice", ADVISE_REQUESTS),
		                errhint("Try again later.")));
	ending->func = give_back;
	ending->arg = request;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, ending);
	dbops_control_wake(WORKER_KEEPER);
	return request;
}

static void
await(WorkerControl *control, AdviseRequest *request, const char *name)
{
	int64 limit_s = GIVE_UP_S(dbops_guc_advise_time_limit);
	int64 give_up_us = dbops_clock_monotonic_us() + limit_s * USECS_PER_SEC;

	ConditionVariablePrepareToSleep(&control->served);
	while (!dbops_advise_requests_answered(request))
	{
		if (dbops_clock_monotonic_us() > give_up_us)
			ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			                errmsg("no advice within %lld seconds", (long long) limit_s),
			                errhint("SELECT * FROM dbops.status() tells what the workers do.")));
		AcceptInvalidationMessages();
		check_database(request->datid, name);
		(void) ConditionVariableTimedSleep(&control->served, 1000, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

Datum
dbops_advise_now(PG_FUNCTION_ARGS)
{
	const char *name = NameStr(*PG_GETARG_NAME(0));
	Oid datid = get_database_oid(name, false);
	WorkerControl *control;
	AdviseRequest *request;

	dbops_preload_require();
	control = dbops_control();
	check_can_advise(control);
	check_database(datid, name);
	request = ask(control, datid);
	await(control, request, name);
	if (request->error.sqlerrcode != 0)
		ereport(ERROR, (errcode(request->error.sqlerrcode),
		                errmsg("no advice for database \"%s\": %s", name, request->error.message),
		                errhint("The view dbops.index_advice_runs tells how often.")));
	PG_RETURN_INT32(request->advised);
}
