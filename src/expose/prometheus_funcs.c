/*
 * expose/prometheus_funcs.c
 *		dbops.prometheus(), and the same in other formats.
 */
#include "postgres.h"

#include "fmgr.h"

#include "expose/prometheus.h"

PG_FUNCTION_INFO_V1(dbops_prometheus);
PG_FUNCTION_INFO_V1(dbops_openmetrics);
PG_FUNCTION_INFO_V1(dbops_prometheus_protobuf);

#define ARG_STATEMENTS 0
#define ARG_TABLES 1
#define ARG_INDEXES 2

static int
get_limit(FunctionCallInfo fcinfo, int argument, const char *name)
{
	int limit = PG_GETARG_INT32(argument);

	if (limit < 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"%s\" must not be negative", name),
		        errhint("0 shows none, a large number all."));
	return limit;
}

static Datum
render(FunctionCallInfo fcinfo, const ExpositionFormat *format)
{
	const PrometheusLimits limits = {.statements = get_limit(fcinfo, ARG_STATEMENTS, "statements"),
	                                 .tables = get_limit(fcinfo, ARG_TABLES, "tables"),
	                                 .indexes = get_limit(fcinfo, ARG_INDEXES, "indexes")};

	return PointerGetDatum(dbops_prometheus_render(&limits, format));
}

Datum
dbops_prometheus(PG_FUNCTION_ARGS)
{
	return render(fcinfo, &dbops_exposition_text);
}

Datum
dbops_openmetrics(PG_FUNCTION_ARGS)
{
	return render(fcinfo, &dbops_exposition_openmetrics);
}

Datum
dbops_prometheus_protobuf(PG_FUNCTION_ARGS)
{
	return render(fcinfo, &dbops_exposition_protobuf);
}
