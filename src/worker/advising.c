/*
 * worker/advising.c
 *		The process that searches for the indexes one database should have; see advising.h.
 *
 * It plans statements as those who sent them, without effects (advise/restricted.h), in a read-only
 * transaction that is over when the search is.  While it is connected nobody can drop or copy the
 * database: whoever wants to holds a lock on it, and the process leaves when it sees that.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_database.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "advise/recommendation_json.h"
#include "core/clock.h"
#include "track/nesting.h"
#include "worker/advising.h"
#include "worker/visit.h"

/* Whether somebody wants the database is asked this often. */
#define LOOK_US 50000

/* As wide as dbops.recommend_indexes() makes them by itself. */
#define MAX_COLUMNS 4

extern PGDLLEXPORT void dbops_advising_main(Datum argument);

typedef struct Advising
{
	AdvisingSegment *segment;
	int64 looked_us;
	bool wanted; /* by somebody who cannot have it while we are here */
} Advising;

/* Settings on which plans depend are left as they are. */
static const char *const session_settings[][2] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"default_transaction_read_only", "on"},
    {"lock_timeout", "100ms"},
    {"compute_query_id", "off"},
    {"stats_fetch_consistency", "none"},
};

/* DROP DATABASE, CREATE DATABASE from this one and ALTER DATABASE lock it so. */
static bool
is_database_wanted(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, false);
	return false;
}

static bool
must_leave(void *arg)
{
	Advising *advising = arg;
	int64 now_us = dbops_clock_monotonic_us();

	if (!advising->wanted && now_us - advising->looked_us >= LOOK_US)
	{
		advising->looked_us = now_us;
		advising->wanted = is_database_wanted();
	}
	return advising->wanted;
}

static void
leave_if_wanted(Advising *advising)
{
	if (must_leave(advising))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
		                errmsg("somebody wants to drop, copy or alter the database")));
}

static void
advise(void *arg)
{
	Advising *advising = arg;
	SearchOptions options = {
	    .budget_bytes = INFINITY,
	    .max_indexes = INT_MAX,
	    .max_columns = MAX_COLUMNS,
	    .seconds = advising->segment->limit_s,
	    .stop = must_leave,
	    .arg = advising,
	};
	const Workload *workload =
	    dbops_workload_load(MyDatabaseId, WORKLOAD_WINDOW_MS, WORKLOAD_STATEMENTS);
	const SearchResult *result = dbops_search_run(workload, &options);
	StringInfoData json;
	const char *run;
	int size;

	leave_if_wanted(advising);
	initStringInfo(&json);
	dbops_recommendation_json_run(&json, workload, result, ADVISING_ROOM / MAX_CONVERSION_GROWTH);
	run = dbops_visit_to_utf8(json.data);
	size = (int) strlen(run) + 1;
	if (size > ADVISING_ROOM)
		elog(ERROR, "advice takes %d bytes", size);
	memcpy(advising->segment->run, run, size);
	advising->segment->size = size;
}

void
dbops_advising_main(Datum argument)
{
	Task task = {.name = "advise on indexes", .sql = true, .run = advise};
	Advising advising = {0};
	int64 began_us = dbops_clock_monotonic_us();
	dsm_segment *mapping;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	mapping = dsm_attach(DatumGetUInt32(argument));
	if (mapping == NULL)
		proc_exit(0);
	dsm_pin_mapping(mapping);
	advising.segment = dsm_segment_address(mapping);
	dbops_nesting_exclude_process();
	BackgroundWorkerInitializeConnectionByOid(advising.segment->datid, InvalidOid, 0);
	for (int i = 0; i < lengthof(session_settings); i++)
		SetConfigOption(session_settings[i][0], session_settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	task.timeout_ms = (advising.segment->limit_s + ADVISING_GRACE_S) * 1000;
	(void) dbops_tx_run(&task, &advising, &advising.segment->error);
	advising.segment->took_ms = (dbops_clock_monotonic_us() - began_us) / 1000;
	proc_exit(0);
}
