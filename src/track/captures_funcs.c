/*
 * track/captures_funcs.c
 *		SQL functions over the captured statements.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/preload.h"
#include "core/rows.h"
#include "track/capture_explain.h"
#include "track/captures.h"

PG_FUNCTION_INFO_V1(dbops_statement_sample);
PG_FUNCTION_INFO_V1(dbops_captured_statements);
PG_FUNCTION_INFO_V1(dbops_capture_state);

#define NS_IN_MS 1e6
#define HIDDEN "<insufficient privilege>"
#define NO_VALUE "<not captured>"

static Datum
form_array(Datum *elements, bool *nulls, int count)
{
	int dimensions[1] = {count};
	int bounds[1] = {1};

	return PointerGetDatum(construct_md_array(elements, nulls, count > 0 ? 1 : 0, dimensions,
	                                          bounds, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
form_types(const Capture *capture)
{
	Datum *names = palloc(sizeof(Datum) * capture->nparameters);

	for (int i = 0; i < capture->nparameters; i++)
		names[i] =
		    CStringGetTextDatum(dbops_capture_type_name(capture, capture->parameters[i].type));
	return form_array(names, NULL, capture->nparameters);
}

static Datum
form_values(const Capture *capture)
{
	Datum *values = palloc0(sizeof(Datum) * capture->nparameters);
	bool *nulls = palloc0(sizeof(bool) * capture->nparameters);

	for (int i = 0; i < capture->nparameters; i++)
	{
		const CapturedParameter *parameter = &capture->parameters[i];

		nulls[i] = parameter->known && parameter->value == NULL;
		if (!nulls[i])
			values[i] = CStringGetTextDatum(parameter->known ? parameter->value : NO_VALUE);
	}
	return form_array(values, nulls, capture->nparameters);
}

static void
put_sample(RowSet *rows, const Capture *capture, const char *rolname)
{
	dbops_rows_put_text(rows, "query", capture->query);
	dbops_rows_put(rows, "truncated", BoolGetDatum(capture->truncated));
	dbops_rows_put_text(rows, "session_rolname", GetUserNameFromId(capture->session_userid, true));
	dbops_rows_put_text(rows, "search_path", capture->search_path);
	if (!capture->named_parameters)
		dbops_rows_put(rows, "parameter_types", form_types(capture));
	if (capture->has_values && !capture->named_parameters)
		dbops_rows_put(rows, "parameter_values", form_values(capture));
	if (capture->duration_ns != CAPTURE_UNFINISHED)
		dbops_rows_put(rows, "duration_ms", Float8GetDatum(capture->duration_ns / NS_IN_MS));
	dbops_rows_put_text(rows, "explain", dbops_capture_explain(capture, rolname));
}

Datum
dbops_statement_sample(PG_FUNCTION_ARGS)
{
	uint64 queryid = PG_GETARG_INT64(0);
	StatementScan scan = {0};
	Capture *capture;
	RowSet *rows;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	if (queryid == 0)
		return (Datum) 0;
	while ((capture = dbops_captures_next(&scan, queryid)) != NULL)
	{
		char *rolname = GetUserNameFromId(capture->key.userid, true);

		dbops_rows_put_text(rows, "datname", get_database_name(capture->key.datid));
		dbops_rows_put_text(rows, "rolname", rolname);
		dbops_rows_put(rows, "toplevel", BoolGetDatum(capture->key.toplevel));
		dbops_rows_put(rows, "captured_at", TimestampTzGetDatum(capture->captured_at));
		if (dbops_captures_visible(capture->key.userid))
			put_sample(rows, capture, rolname);
		else
			dbops_rows_put_text(rows, "query", HIDDEN);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

Datum
dbops_captured_statements(PG_FUNCTION_ARGS)
{
	StatementScan scan = {0};
	Capture *capture;
	RowSet *rows;
	MemoryContext one =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops capture", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	caller = MemoryContextSwitchTo(one);
	while ((capture = dbops_captures_next(&scan, 0)) != NULL)
	{
		bool visible = dbops_captures_visible(capture->key.userid);

		dbops_rows_put(rows, "datid", ObjectIdGetDatum(capture->key.datid));
		dbops_rows_put(rows, "userid", ObjectIdGetDatum(capture->key.userid));
		dbops_rows_put(rows, "queryid", Int64GetDatum((int64) capture->key.queryid));
		dbops_rows_put(rows, "toplevel", BoolGetDatum(capture->key.toplevel));
		dbops_rows_put_text(rows, "query", visible ? capture->query : HIDDEN);
		dbops_rows_emit(rows);
		MemoryContextReset(one);
	}
	MemoryContextSwitchTo(caller);
	return (Datum) 0;
}

Datum
dbops_capture_state(PG_FUNCTION_ARGS)
{
	CapturesState state;
	StatementScan scan = {0};
	StatementCopy copy;
	int64 captures = 0;
	RowSet *rows;

	dbops_preload_require();
	dbops_captures_state(&state);
	while (dbops_statements_next(&scan, &copy))
		captures += copy.capture->bytes > 0;
	rows = dbops_rows_begin(fcinfo);
	dbops_rows_put(rows, "captures", Int64GetDatum(captures));
	dbops_rows_put(rows, "used_bytes", Int64GetDatum(state.used_bytes));
	dbops_rows_put(rows, "capacity_bytes", Int64GetDatum(state.capacity_bytes));
	dbops_rows_put(rows, "not_captured", Int64GetDatum(state.not_captured));
	dbops_rows_emit(rows);
	return (Datum) 0;
}
