/*
 * worker/sampling_funcs.c
 *		dbops.take_sample(): asks the workers for a sample and waits until it is stored.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "core/preload.h"
#include "worker/control.h"

#define GIVE_UP_MS 60000

PG_FUNCTION_INFO_V1(dbops_take_sample);

/* The workers cannot see an extension that is not committed yet, and would wait for nothing. */
static bool
is_extension_uncommitted(void)
{
	Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	bool uncommitted = false;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
	            CStringGetDatum("dbops"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		uncommitted = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return uncommitted;
}

static void
check_can_sample(const WorkerControl *control)
{
	if (is_extension_uncommitted())
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("cannot take a sample in the transaction that creates the extension"),
		         errhint("Commit first.")));
	if (!dbops_guc_enabled)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("sampling is switched off"),
		                errhint("Set dbops.enabled = on and reload the configuration.")));
	if (control->workers[WORKER_SAMPLER].pid == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("the sampler is not running"),
		                errhint("The server restarts it within seconds; SELECT * FROM "
		                        "dbops.status() tells more.")));
}

/* A keeper that is not there may be about to start: always so in the database it is to connect
 * to. */
static bool
may_keeper_come(const WorkerControl *control)
{
	return control->workers[WORKER_KEEPER].pid != 0 || control->store == STORE_STARTING ||
	       (control->store == STORE_NO_DATABASE &&
	        get_database_oid(dbops_guc_database, true) == MyDatabaseId);
}

static bool
is_served(const WorkerControl *control, uint64 request)
{
	return control->workers[WORKER_SAMPLER].served >= request &&
	       (control->workers[WORKER_KEEPER].served >= request || !may_keeper_come(control));
}

static void
await_request(WorkerControl *control, uint64 request)
{
	int64 give_up_us = dbops_clock_monotonic_us() + GIVE_UP_MS * INT64CONST(1000);

	ConditionVariablePrepareToSleep(&control->served);
	while (!is_served(control, request))
	{
		if (dbops_clock_monotonic_us() > give_up_us)
			ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			                errmsg("no sample within %d seconds", GIVE_UP_MS / 1000),
			                errhint("SELECT * FROM dbops.status() tells what the workers do.")));
		(void) ConditionVariableTimedSleep(&control->served, 1000, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

Datum
dbops_take_sample(PG_FUNCTION_ARGS)
{
	WorkerControl *control;
	TimestampTz asked_at = dbops_clock_now();
	uint64 request;

	dbops_preload_require();
	control = dbops_control();
	check_can_sample(control);

	request = pg_atomic_add_fetch_u64(&control->requested, 1);
	dbops_control_wake(WORKER_SAMPLER);
	dbops_control_wake(WORKER_KEEPER);
	await_request(control, request);

	if (control->store != STORE_OK && control->store != STORE_RECOVERY)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("the sample was taken but not stored: %s",
		                       dbops_control_store_name(control->store)),
		                errhint("SELECT * FROM dbops.status() tells what to do; the sample is "
		                        "kept in memory and stored when that is possible.")));
	PG_RETURN_TIMESTAMPTZ(asked_at);
}
