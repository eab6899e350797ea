/*
 * advise/workload_arguments.c
 *		Arguments of functions that advise; see workload_arguments.h.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "advise/workload_arguments.h"

/* Months and years count as in EXTRACT(epoch): nobody waits that long. */
double
dbops_workload_arguments_seconds(FunctionCallInfo fcinfo, int arg)
{
	const Interval *limit;
	double seconds;

	if (PG_ARGISNULL(arg))
		return 30;
	limit = PG_GETARG_INTERVAL_P(arg);
	seconds =
	    (limit->month * 30.0 + limit->day) * SECS_PER_DAY + (double) limit->time / USECS_PER_SEC;
	if (seconds <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("time_limit must be greater than zero")));
	return Min(seconds, SECS_PER_DAY);
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

static double *
read_weights(FunctionCallInfo fcinfo, int arg, int nstatements)
{
	Datum *values;
	int n = read_array(fcinfo, arg, "weights", FLOAT8OID, &values);
	double *weights;

	if (n != nstatements)
		ereport(ERROR,
		        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		         errmsg("workload and weights have different lengths: %d and %d", nstatements, n),
		         errhint("Give each statement one weight, such as its calls in a day.")));
	weights = palloc(sizeof(double) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		weights[i] = DatumGetFloat8(values[i]);
		if (!(weights[i] >= 0) || isinf(weights[i]))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("weights must be finite and not negative")));
	}
	return weights;
}

Workload *
dbops_workload_arguments_read(FunctionCallInfo fcinfo, int texts, int weights)
{
	List *given = NIL;
	Datum *values;
	int n;

	/* Those that are tracked have weights: the time they take. */
	if (PG_ARGISNULL(texts) && !PG_ARGISNULL(weights))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("weights are for a workload that is given"),
		                errhint("Give the statements as workload, or leave weights out.")));
	if (PG_ARGISNULL(texts))
		return dbops_workload_load(MyDatabaseId, WORKLOAD_WINDOW_MS, WORKLOAD_STATEMENTS);
	n = read_array(fcinfo, texts, "workload", TEXTOID, &values);
	for (int i = 0; i < n; i++)
		given = lappend(given, TextDatumGetCString(values[i]));
	return dbops_workload_given(given,
	                            PG_ARGISNULL(weights) ? NULL : read_weights(fcinfo, weights, n));
}
