/*
 * advise/workload_funcs.c
 *		dbops.workload(…), dbops.workload_coverage(…).
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "advise/coverage.h"
#include "advise/sent_statement.h"
#include "advise/workload.h"
#include "core/compat.h"
#include "core/preload.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops_workload);
PG_FUNCTION_INFO_V1(dbops_workload_coverage);

/* In the order of the arguments of both. */
enum
{
	ARG_DATABASE,
	ARG_SINCE,
};

/* Only analysis tells whether a statement can be analysed; not so for those of other databases. */
static void
analyse_statements(const Workload *workload)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext one =
	    AllocSetContextCreate(caller, "dbops workload analysis", ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < workload->nstatements; i++)
	{
		WorkloadStatement *statement = &workload->statements[i];
		const char *left_out;

		CHECK_FOR_INTERRUPTS();
		if (statement->left_out != NULL)
			continue;
		MemoryContextSwitchTo(one);
		left_out = dbops_sent_statement_read(statement)->left_out;
		MemoryContextSwitchTo(caller);
		statement->left_out = left_out == NULL ? NULL : pstrdup(left_out);
		MemoryContextReset(one);
	}
	MemoryContextDelete(one);
}

/* The arguments' workload, with the dearest of its statements. */
static Workload *
load_workload(FunctionCallInfo fcinfo)
{
	Oid database = get_database_oid(NameStr(*PG_GETARG_NAME(ARG_DATABASE)), false);
	const Interval *since = PG_GETARG_INTERVAL_P(ARG_SINCE);
	double us = since->time + since->day * (double) USECS_PER_DAY +
	            since->month * (double) DAYS_PER_MONTH * USECS_PER_DAY;

	Workload *workload;

	dbops_preload_require();
	/* A century is longer than any history, and far from the end of what an interval can hold. */
	if (us <= 0 || us > 100 * (double) DAYS_PER_YEAR * USECS_PER_DAY)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the window of a workload must be longer than nothing, and shorter "
		                       "than a century"),
		                errhint("Give it as in since => interval '7 days'.")));
	workload = dbops_workload_load(database, Max((int64) (us / 1000), 1), WORKLOAD_STATEMENTS);
	if (database == MyDatabaseId)
		analyse_statements(workload);
	return workload;
}

/* Unknown where nobody has tried. */
static void
put_analysable(RowSet *rows, const Workload *workload, const char *left_out)
{
	if (left_out != NULL || workload->database == MyDatabaseId)
		dbops_rows_put(rows, "analysable", BoolGetDatum(left_out == NULL));
}

/* To be read. */
static void
put_rounded(RowSet *rows, const char *name, double value, double steps)
{
	dbops_rows_put(rows, name, Float8GetDatum(rint(value * steps) / steps));
}

static void
put_percent(RowSet *rows, const char *name, double part, double whole)
{
	if (whole > 0)
		put_rounded(rows, name, 100 * part / whole, 100);
}

Datum
dbops_workload(PG_FUNCTION_ARGS)
{
	const Workload *workload = load_workload(fcinfo);
	RowSet *rows = dbops_rows_begin(fcinfo);

	for (int i = 0; i < workload->nstatements; i++)
	{
		const WorkloadStatement *statement = &workload->statements[i];

		dbops_rows_put(rows, "queryid", Int64GetDatum((int64) statement->queryid));
		dbops_rows_put_text(rows, "rolname", GetUserNameFromId(statement->userid, true));
		dbops_rows_put(rows, "toplevel", BoolGetDatum(statement->toplevel_ms_per_day > 0));
		put_rounded(rows, "calls_per_day", statement->calls_per_day, 1000);
		put_rounded(rows, "ms_per_day", statement->ms_per_day, 1000);
		put_percent(rows, "time_percent", statement->ms_per_day, workload->ms_per_day);
		put_analysable(rows, workload, statement->left_out);
		dbops_rows_put_text(rows, "reason", statement->left_out);
		dbops_rows_put_text(rows, "query", statement->text);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

Datum
dbops_workload_coverage(PG_FUNCTION_ARGS)
{
	const Workload *workload = load_workload(fcinfo);
	const WorkloadCoverage *coverage = dbops_coverage_of(workload);
	RowSet *rows = dbops_rows_begin(fcinfo);

	for (int i = 0; i < coverage->nparts; i++)
	{
		const CoveragePart *part = &coverage->parts[i];

		dbops_rows_put(rows, "toplevel", BoolGetDatum(part->toplevel));
		put_analysable(rows, workload, part->reason);
		dbops_rows_put_text(rows, "reason", part->reason);
		dbops_rows_put(rows, "statements", Int64GetDatum(part->statements));
		put_rounded(rows, "ms_per_day", part->ms_per_day, 1000);
		put_percent(rows, "time_percent", part->ms_per_day, workload->ms_per_day);
		dbops_rows_put(rows, "since_at", TimestampTzGetDatum(workload->since));
		dbops_rows_put(rows, "days", Float8GetDatum(workload->window_days));
		dbops_rows_put_text(rows, "source",
		                    workload->from_history ? "history" : "counters since the start");
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
