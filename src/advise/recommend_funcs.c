/*
 * advise/recommend_funcs.c
 *		dbops.recommend_indexes().
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_type.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "advise/recommendation.h"
#include "advise/recommendation_json.h"
#include "core/compat.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops_recommend_indexes);

/* Statements of a workload that a notice is for. */
#define MOST_NOTICES 5

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

static int64
positive_or(FunctionCallInfo fcinfo, int arg, const char *name, int64 value, int64 otherwise)
{
	if (PG_ARGISNULL(arg))
		return otherwise;
	if (value <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be greater than zero", name),
		                arg == ARG_MAX_COLUMNS ? 0 : errhint("Leave it out for no limit.")));
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
			         errmsg("workload and weights have different lengths: %d and %d", n, nweights),
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

/* Those that are tracked have weights: the time they take. */
static void
check_weights(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_WORKLOAD) && !PG_ARGISNULL(ARG_WEIGHTS))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("weights are for a workload that is given"),
		                errhint("Give the statements as workload, or leave weights out.")));
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

static Datum
make_json(const List *statements)
{
	StringInfoData json;

	initStringInfo(&json);
	dbops_recommendation_json_statements(&json, statements, INT_MAX);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* To be read: what is behind the third decimal is not known. */
static void
put_number(RowSet *rows, const char *column, double value)
{
	if (isfinite(value))
		dbops_rows_put(rows, column, Float8GetDatum(rint(value * 1000) / 1000));
}

static void
emit_advice(RowSet *rows, const Recommendation *advice)
{
	dbops_rows_put(rows, "rank", Int32GetDatum(advice->rank));
	dbops_rows_put_text(rows, "action", advice->action);
	dbops_rows_put_text(rows, "ddl", advice->ddl);
	dbops_rows_put_text(rows, "undo_ddl", advice->undo_ddl);
	dbops_rows_put_text(rows, "table_name", dbops_recommendation_table(advice));
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

/* Who gives statements wants to know which of them there is no advice for; not of those tracked. */
static void
tell_left_out(const SearchResult *result)
{
	int told = 0;

	for (int i = 0; result->given && i < result->nstatements && told < MOST_NOTICES; i++)
	{
		const PlanPool *pool = result->statements[i].pool;
		const char *left_out = pool != NULL ? pool->statement->left_out : NULL;

		if (left_out == NULL)
			continue;
		ereport(NOTICE, (errmsg("statement %d cannot be planned: %s", i + 1, left_out),
		                 errhint("dbops.why_not(statement) says what to do.")));
		told++;
	}
}

Datum
dbops_recommend_indexes(PG_FUNCTION_ARGS)
{
	SearchOptions options = read_options(fcinfo);
	const Workload *workload;
	const SearchResult *result;
	RowSet *rows;
	ListCell *lc;

	check_database(fcinfo);
	check_weights(fcinfo);
	rows = dbops_rows_begin(fcinfo);
	workload = PG_ARGISNULL(ARG_WORKLOAD) ?
	               dbops_workload_load(MyDatabaseId, WORKLOAD_WINDOW_MS, WORKLOAD_STATEMENTS) :
	               read_given(fcinfo);
	result = dbops_search_run(workload, &options);
	tell_left_out(result);
	foreach (lc, dbops_recommendations_make(result))
		emit_advice(rows, lfirst(lc));
	PG_RETURN_NULL();
}
