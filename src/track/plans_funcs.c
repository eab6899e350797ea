/*
 * track/plans_funcs.c
 *		SQL functions over the recorded plans.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/preload.h"
#include "core/rows.h"
#include "math/histogram_type.h"
#include "track/plans.h"

PG_FUNCTION_INFO_V1(dbops_tracked_plans);
PG_FUNCTION_INFO_V1(dbops_plan_state);

#define NS_IN_MS 1e6

static void
put_plan(RowSet *rows, const PlanCopy *copy)
{
	Histogram *histogram = dbops_plans_histogram(copy);

	dbops_rows_put(rows, "datid", ObjectIdGetDatum(copy->statement.datid));
	dbops_rows_put(rows, "userid", ObjectIdGetDatum(copy->statement.userid));
	dbops_rows_put(rows, "queryid", Int64GetDatum((int64) copy->statement.queryid));
	dbops_rows_put(rows, "toplevel", BoolGetDatum(copy->statement.toplevel));
	dbops_rows_put(rows, "planid", Int64GetDatum((int64) copy->planid));
	dbops_rows_put(rows, "first_seen_at", TimestampTzGetDatum(copy->first_seen_at));
	dbops_rows_put(rows, "last_seen_at", TimestampTzGetDatum(copy->last_seen_at));
	dbops_rows_put(rows, "calls", Int64GetDatum(copy->calls));
	dbops_rows_put(rows, "total_exec_ms", Float8GetDatum(copy->exec_ns / NS_IN_MS));
	if (histogram != NULL)
		dbops_rows_put(rows, "exec_histogram", PointerGetDatum(dbops_histogram_form(histogram)));
	dbops_rows_put_text(rows, "plan", dbops_plans_text(copy));
	dbops_rows_emit(rows);
}

Datum
dbops_tracked_plans(PG_FUNCTION_ARGS)
{
	PlanScan scan = {.changed_since = (uint32) PG_GETARG_INT64(0)};
	PlanCopy copy;
	RowSet *rows;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	while (dbops_plans_next(&scan, &copy))
		put_plan(rows, &copy);
	return (Datum) 0;
}

Datum
dbops_plan_state(PG_FUNCTION_ARGS)
{
	PlansState state;
	RowSet *rows;

	dbops_preload_require();
	dbops_plans_state(&state);
	rows = dbops_rows_begin(fcinfo);
	dbops_rows_put(rows, "plans", Int64GetDatum(state.slots.used));
	dbops_rows_put(rows, "max_plans", Int64GetDatum(state.slots.capacity));
	dbops_rows_put(rows, "evicted", Int64GetDatum(state.slots.evicted));
	dbops_rows_put(rows, "not_admitted", Int64GetDatum(state.slots.not_admitted));
	dbops_rows_put(rows, "texts_exhausted", Int64GetDatum(state.texts_exhausted));
	dbops_rows_emit(rows);
	return (Datum) 0;
}
