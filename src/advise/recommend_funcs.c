/*
 * advise/recommend_funcs.c
 *		dbops.recommend_indexes().
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_type.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "advise/recommendation.h"
#include "core/compat.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops_recommend_indexes);
/* Positions of the arguments. */
enum
{
	ARG_BUDGET,
	ARG_MAX_INDEXES,
	ARG_MAX_COLUMNS,
	ARG_TIME_LIMIT,
	ARG_WORKLOAD,
	ARG_WEIGHTS,
	ARG_DATABASE
};

/* The window of the history that the workload is of. */
#define WINDOW_MS (7 * INT64CONST(86400) * 1000)

/* What is shown of a statement's text. */
#define SHOWN_TEXT 300

static int64
positive_or(FunctionCallInfo fcinfo, int arg, const char *name, int64 value, int64 otherwise)
{
	if (PG_ARGISNULL(arg))
		return otherwise;
	if (value <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be greater than zero", name),
		                errhint("Leave it out for no limit.")));
	return value;
}

/* Months and years count as in EXTRACT(epoch): nobody waits that long. */
static double
read_seconds(FunctionCallInfo fcinfo)
{
	const Interval *limit;
	double seconds;

	if (PG_ARGISNULL(ARG_TIME_LIMIT))
		return 30;
	limit = PG_GETARG_INTERVAL_P(ARG_TIME_LIMIT);
	seconds =
	    (limit->month * 30.0 + limit->day) * SECS_PER_DAY + (double) limit->time / USECS_PER_SEC;
	if (seconds <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("time_limit must be greater than zero")));
	return Min(seconds, SECS_PER_DAY);
}

static SearchOptions
read_options(FunctionCallInfo fcinfo)
{
	int64 budget = PG_ARGISNULL(ARG_BUDGET) ? 0 : PG_GETARG_INT64(ARG_BUDGET);
	int indexes = PG_ARGISNULL(ARG_MAX_INDEXES) ? 0 : PG_GETARG_INT32(ARG_MAX_INDEXES);
	int columns = PG_ARGISNULL(ARG_MAX_COLUMNS) ? 0 : PG_GETARG_INT32(ARG_MAX_COLUMNS);
	SearchOptions options = {0};

	budget = positive_or(fcinfo, ARG_BUDGET, "budget", budget, PG_INT64_MAX);
	options.budget_bytes = budget == PG_INT64_MAX ? INFINITY : (double) budget;
	options.max_indexes = positive_or(fcinfo, ARG_MAX_INDEXES, "max_indexes", indexes, INT_MAX);
	options.max_columns = positive_or(fcinfo, ARG_MAX_COLUMNS, "max_columns", columns, 4);
	options.max_columns = Min(options.max_columns, SPEC_MAX_COLUMNS);
	options.seconds = read_seconds(fcinfo);
	return options;
}

/* The elements of an array without NULLs, of the type. */
static int
read_array(FunctionCallInfo fcinfo, int arg, const char *name, Oid type, Datum **values)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(arg);
	int16 typlen;
	bool typbyval;
	char typalign;
	int n;

	if (array_contains_nulls(array) || ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be a list without NULLs", name)));
	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	deconstruct_array(array, type, typlen, typbyval, typalign, values, NULL, &n);
	return n;
}

static Workload *
read_given(FunctionCallInfo fcinfo)
{
	Datum *texts;
	int n = read_array(fcinfo, ARG_WORKLOAD, "workload", TEXTOID, &texts);
	double *weights = NULL;
	List *given = NIL;

	for (int i = 0; i < n; i++)
		given = lappend(given, TextDatumGetCString(texts[i]));
	if (!PG_ARGISNULL(ARG_WEIGHTS))
	{
		Datum *values;
		int nweights = read_array(fcinfo, ARG_WEIGHTS, "weights", FLOAT8OID, &values);

		if (nweights != n)
			ereport(ERROR,
			        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			         errmsg("workload has %d statements, but weights has %d values", n, nweights),
			         errhint("Give each statement one weight, such as its calls in a day.")));
		weights = palloc(sizeof(double) * Max(n, 1));
		for (int i = 0; i < n; i++)
		{
			weights[i] = DatumGetFloat8(values[i]);
			if (!(weights[i] >= 0) || isinf(weights[i]))
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				                errmsg("weights must be finite and not negative")));
		}
	}
	return dbops_workload_given(given, weights);
}

/* Planning needs the catalogs of the database that is asked about. */
static void
check_database(FunctionCallInfo fcinfo)
{
	const char *name;

	if (PG_ARGISNULL(ARG_DATABASE))
		return;
	name = NameStr(*PG_GETARG_NAME(ARG_DATABASE));
	if (get_database_oid(name, false) != MyDatabaseId)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot plan statements of database \"%s\" from here", name),
		                errhint("Connect to that database, or read dbops.index_recommendations.")));
}

static void
append_number(StringInfo json, const char *name, double value)
{
	if (isfinite(value))
		appendStringInfo(json, ", \"%s\": %.6g", name, value);
}

/* A statement and what it costs: by the planner, and in measured time where there is any. */
static void
append_statement(StringInfo json, const RecommendedStatement *changed)
{
	const WorkloadStatement *source = changed->statement->source;
	int length = pg_mbcliplen(source->text, strlen(source->text), SHOWN_TEXT);

	appendStringInfoString(json, json->len > 1 ? ", {\"query\": " : "{\"query\": ");
	escape_json(json, pnstrdup(source->text, length));
	if (source->queryid != 0)
		appendStringInfo(json, ", \"queryid\": \"%lld\"", (long long) source->queryid);
	append_number(json, "calls_per_day", source->calls_per_day);
	append_number(json, "cost_before", changed->before);
	append_number(json, "cost_after", changed->after);
	if (source->ms_per_day > 0 && source->calls_per_day > 0)
	{
		double ms = source->ms_per_day / source->calls_per_day;

		append_number(json, "ms_before", ms);
		append_number(json, "ms_after", ms * changed->after / changed->before);
	}
	appendStringInfoChar(json, '}');
}

static Datum
make_json(const List *statements)
{
	StringInfoData json;
	ListCell *lc;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach (lc, statements)
		append_statement(&json, lfirst(lc));
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

static void
put_number(RowSet *rows, const char *column, double value)
{
	if (isfinite(value))
		dbops_rows_put(rows, column, Float8GetDatum(value));
}

static void
emit_advice(RowSet *rows, const Recommendation *advice)
{
	const char *schema = get_namespace_name(get_rel_namespace(advice->table));

	dbops_rows_put(rows, "rank", Int32GetDatum(advice->rank));
	dbops_rows_put_text(rows, "action", advice->action);
	dbops_rows_put_text(rows, "ddl", advice->ddl);
	dbops_rows_put_text(rows, "undo_ddl", advice->undo_ddl);
	dbops_rows_put_text(rows, "table_name",
	                    quote_qualified_identifier(schema, get_rel_name(advice->table)));
	dbops_rows_put(rows, "index_size_bytes", Int64GetDatum((int64) advice->index_size_bytes));
	put_number(rows, "benefit_ms_per_day", advice->benefit_ms_per_day);
	put_number(rows, "write_cost_ms_per_day", advice->write_cost_ms_per_day);
	put_number(rows, "build_seconds", advice->build_seconds);
	dbops_rows_put(rows, "improved", make_json(advice->improved));
	dbops_rows_put(rows, "regressed", make_json(advice->regressed));
	dbops_rows_put_text(rows, "confidence", advice->confidence);
	dbops_rows_put_text(rows, "reason", advice->reason);
	dbops_rows_emit(rows);
}

Datum
dbops_recommend_indexes(PG_FUNCTION_ARGS)
{
	SearchOptions options = read_options(fcinfo);
	const Workload *workload;
	RowSet *rows;
	ListCell *lc;

	check_database(fcinfo);
	rows = dbops_rows_begin(fcinfo);
	workload = PG_ARGISNULL(ARG_WORKLOAD) ?
	               dbops_workload_load(MyDatabaseId, WINDOW_MS, WORKLOAD_STATEMENTS) :
	               read_given(fcinfo);
	foreach (lc, dbops_recommendations_make(dbops_search_run(workload, &options)))
		emit_advice(rows, lfirst(lc));
	PG_RETURN_NULL();
}
