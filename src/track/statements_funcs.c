/*
 * track/statements_funcs.c
 *		SQL functions over the recorded statements.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/preload.h"
#include "core/rows.h"
#include "math/histogram_type.h"
#include "track/hooks.h"
#include "track/statements.h"

PG_FUNCTION_INFO_V1(dbops_tracked_statements);
PG_FUNCTION_INFO_V1(dbops_track_state);

#define NS_IN_MS 1e6

static void
put_histogram(RowSet *rows, const char *column, const StatementCopy *copy, StatementPhase phase)
{
	Histogram *histogram = dbops_statements_histogram(copy, phase);

	if (histogram != NULL)
		dbops_rows_put(rows, column, PointerGetDatum(dbops_histogram_form(histogram)));
}

static void
put_statement(RowSet *rows, const StatementCopy *copy)
{
	dbops_rows_put(rows, "datid", ObjectIdGetDatum(copy->key.datid));
	dbops_rows_put(rows, "userid", ObjectIdGetDatum(copy->key.userid));
	dbops_rows_put(rows, "queryid", Int64GetDatum((int64) copy->key.queryid));
	dbops_rows_put(rows, "toplevel", BoolGetDatum(copy->key.toplevel));
	dbops_rows_put(rows, "first_seen_at", TimestampTzGetDatum(copy->first_seen_at));
	dbops_rows_put(rows, "last_seen_at", TimestampTzGetDatum(copy->last_seen_at));
	dbops_rows_put(rows, "calls", Int64GetDatum(copy->calls));
	dbops_rows_put(rows, "rows", Int64GetDatum(copy->rows));
	dbops_rows_put(rows, "total_exec_ms", Float8GetDatum(copy->exec_ns / NS_IN_MS));
	dbops_rows_put(rows, "plans", Int64GetDatum(copy->plans));
	dbops_rows_put(rows, "total_plan_ms", Float8GetDatum(copy->plan_ns / NS_IN_MS));
	dbops_rows_put(rows, "errors", Int64GetDatum(copy->errors));
	dbops_rows_put(rows, "timeouts", Int64GetDatum(copy->timeouts));
	dbops_rows_put(rows, "cancels", Int64GetDatum(copy->cancels));
	put_histogram(rows, "exec_histogram", copy, PHASE_EXEC);
	put_histogram(rows, "plan_histogram", copy, PHASE_PLAN);
	dbops_rows_emit(rows);
}

Datum
dbops_tracked_statements(PG_FUNCTION_ARGS)
{
	StatementScan scan = {0};
	StatementCopy copy;
	RowSet *rows;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	while (dbops_statements_next(&scan, &copy))
		put_statement(rows, &copy);
	return (Datum) 0;
}

Datum
dbops_track_state(PG_FUNCTION_ARGS)
{
	StatementsState state;
	RowSet *rows;

	dbops_preload_require();
	dbops_statements_state(&state);
	rows = dbops_rows_begin(fcinfo);
	dbops_rows_put(rows, "statements", Int64GetDatum(state.used));
	dbops_rows_put(rows, "max_statements", Int64GetDatum(state.capacity));
	dbops_rows_put(rows, "evicted", Int64GetDatum(state.evicted));
	dbops_rows_put(rows, "not_admitted", Int64GetDatum(state.not_admitted));
	dbops_rows_put(rows, "pages", Int64GetDatum(state.pages_used));
	dbops_rows_put(rows, "max_pages", Int64GetDatum(state.pages_capacity));
	dbops_rows_put(rows, "pages_exhausted", Int64GetDatum(state.pages_exhausted));
	dbops_rows_put(rows, "order_is_right",
	               BoolGetDatum(dbops_preload_position("pg_stat_statements") >= 0 &&
	                            dbops_preload_position("pg_stat_statements") <
	                                dbops_preload_position("dbops")));
	dbops_rows_emit(rows);
	return (Datum) 0;
}
