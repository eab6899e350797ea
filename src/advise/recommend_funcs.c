/*
 * advise/recommend_funcs.c
 *		dbops.recommend_indexes().
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "advise/recommendation.h"
#include "advise/recommendation_json.h"
#include "advise/workload_arguments.h"
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
	options.seconds = dbops_workload_arguments_seconds(fcinfo, ARG_TIME_LIMIT);
	return options;
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
	rows = dbops_rows_begin(fcinfo);
	workload = dbops_workload_arguments_read(fcinfo, ARG_WORKLOAD, ARG_WEIGHTS);
	result = dbops_search_run(workload, &options);
	tell_left_out(result);
	foreach (lc, dbops_recommendations_make(result))
		emit_advice(rows, lfirst(lc));
	PG_RETURN_NULL();
}
