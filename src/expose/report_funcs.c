/*
 * expose/report_funcs.c
 *		dbops.report(): what is asked for, checked.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/preload.h"
#include "expose/report.h"

PG_FUNCTION_INFO_V1(dbops_report);

#define ARG_SINCE 0
#define ARG_UNTIL 1
#define ARG_COMPARE_TO 2

static TimestampTz
get_time(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		        errmsg("\"%s\" must not be null", name), errhint("Leave it out for the default."));
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(argument)))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"%s\" must be finite", name));
	return PG_GETARG_TIMESTAMPTZ(argument);
}

/* The time with which another is compared: as long, so much earlier. */
static ReportTime
get_before(FunctionCallInfo fcinfo, const ReportTime *time)
{
	Datum since = DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(time->since),
	                                  PG_GETARG_DATUM(ARG_COMPARE_TO));
	int64 back = time->since - DatumGetTimestampTz(since);
	ReportTime before = *time;

	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(since)) || back < time->coarse_us)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"compare_to\" must be an interval of at least a step of the report"),
		        errhint("It is how much earlier the time to compare with was, as '1 day' or '7 "
		                "days'; a step of this report is %lld minutes.",
		                (long long) (time->coarse_us / USECS_PER_MINUTE)));
	/* Series of both have the same points, so steps begin alike. */
	back -= back % time->coarse_us;
	before.since = time->since - back;
	before.until = time->until - back;
	return before;
}

Datum
dbops_report(PG_FUNCTION_ARGS)
{
	TimestampTz since = get_time(fcinfo, ARG_SINCE, "since");
	TimestampTz until = get_time(fcinfo, ARG_UNTIL, "until");
	TimestampTz now = dbops_clock_now();
	ReportTime time;
	ReportTime before;
	StringInfoData page;

	dbops_preload_require();
	if (since >= until)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"since\" must be before \"until\""),
		        errhint("The report is about the time between the two, by default the last 24 "
		                "hours."));
	if (since >= now)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"since\" must not be in the future"));
	time = dbops_report_time_choose(since, Min(until, now));
	if (PG_ARGISNULL(ARG_COMPARE_TO))
		page = dbops_report_write(&time, NULL);
	else
	{
		before = get_before(fcinfo, &time);
		page = dbops_report_write(&time, &before);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(page.data, page.len));
}
