/*
 * store/restore_tests_funcs.c
 *		dbops.record_restore_test(): checks what it is told, and records it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "store/restore_tests.h"

PG_FUNCTION_INFO_V1(dbops_record_restore_test);

/* Clocks of two machines differ by less. */
#define FUTURE_US (5 * USECS_PER_MINUTE)

enum
{
	ARG_OK,
	ARG_TOOK,
	ARG_TOOL,
	ARG_LABEL,
	ARG_SIZE_BYTES,
	ARG_ERROR,
	ARG_NOTE,
	ARG_TESTED_AT,
};

static const char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static void
check_test(const RestoreTest *test)
{
	if (test->took != NULL &&
	    (test->took->month < 0 || test->took->day < 0 || test->took->time < 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a restore test cannot take less than no time"),
		                errhint("Give the time from the first command until the restored server "
		                        "answered, as in took => interval '25 minutes'.")));
	if (test->tested_at > dbops_clock_now() + FUTURE_US)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
		                errmsg("a restore test cannot be in the future"),
		                errhint("Leave out tested_at for a test that has just ended.")));
	if (!test->ok && test->error == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a restore test that failed needs to say why"),
		                errhint("Add error => 'what failed'.")));
}

Datum
dbops_record_restore_test(PG_FUNCTION_ARGS)
{
	RestoreTest test = {
	    .took = PG_ARGISNULL(ARG_TOOK) ? NULL : PG_GETARG_INTERVAL_P(ARG_TOOK),
	    .tool = text_argument(fcinfo, ARG_TOOL),
	    .label = text_argument(fcinfo, ARG_LABEL),
	    .error = text_argument(fcinfo, ARG_ERROR),
	    .note = text_argument(fcinfo, ARG_NOTE),
	    .recorded_by = GetUserNameFromId(GetSessionUserId(), false),
	    .size_bytes = PG_ARGISNULL(ARG_SIZE_BYTES) ? -1 : PG_GETARG_INT64(ARG_SIZE_BYTES),
	    .tested_at =
	        PG_ARGISNULL(ARG_TESTED_AT) ? dbops_clock_now() : PG_GETARG_TIMESTAMPTZ(ARG_TESTED_AT),
	};
	int64 id;

	if (PG_ARGISNULL(ARG_OK))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a restore test has succeeded or failed"),
		                errhint("Say ok => true or ok => false.")));
	test.ok = PG_GETARG_BOOL(ARG_OK);
	check_test(&test);
	if (!PG_ARGISNULL(ARG_SIZE_BYTES) && test.size_bytes < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("size_bytes cannot be negative")));
	id = dbops_restore_tests_record(&test);
	if (id == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("no good backup is known that this could be a test of"),
		                errhint("dbops.backups has those that are known; dbops.record_backup() "
		                        "tells of another one.")));
	PG_RETURN_INT64(id);
}
