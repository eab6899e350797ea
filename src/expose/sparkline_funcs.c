/*
 * expose/sparkline_funcs.c
 *		dbops.sparkline().
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "expose/sparkline.h"

PG_FUNCTION_INFO_V1(dbops_sparkline);

#define ARG_SERIES 0
#define ARG_WIDTH 1
#define ARG_LOW 2
#define ARG_HIGH 3

/* Blocks are in Unicode alone; elsewhere letters that grow do. */
static const char *const blocks[SPARKLINE_HEIGHTS] = {
    "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
    "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
static const char *const letters[SPARKLINE_HEIGHTS] = {"_", ".", "-", "~", "=", "+", "*", "#"};

/* NULLs of the array become NaN. */
static double *
get_series(FunctionCallInfo fcinfo, int *count)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(ARG_SERIES);
	Datum *elements;
	bool *nulls;
	double *series;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		        errmsg("a sparkline takes an array of one dimension"));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
	                  &nulls, count);
	series = palloc(sizeof(double) * (*count + 1));
	for (int i = 0; i < *count; i++)
		series[i] = nulls[i] ? NAN : DatumGetFloat8(elements[i]);
	return series;
}

static int
get_width(FunctionCallInfo fcinfo, int count)
{
	int width = PG_ARGISNULL(ARG_WIDTH) ? count : PG_GETARG_INT32(ARG_WIDTH);

	if (width < 1 && !PG_ARGISNULL(ARG_WIDTH))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"width\" must be positive"),
		        errhint("NULL draws a character for each value."));
	return width;
}

static SparklineScale
get_scale(FunctionCallInfo fcinfo)
{
	SparklineScale scale = {PG_ARGISNULL(ARG_LOW) ? NAN : PG_GETARG_FLOAT8(ARG_LOW),
	                        PG_ARGISNULL(ARG_HIGH) ? NAN : PG_GETARG_FLOAT8(ARG_HIGH)};

	if (isinf(scale.low) || isinf(scale.high))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"low\" and \"high\" must be finite"));
	if (scale.low > scale.high)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("\"low\" must not be above \"high\""));
	return scale;
}

Datum
dbops_sparkline(PG_FUNCTION_ARGS)
{
	const char *const *characters = GetDatabaseEncoding() == PG_UTF8 ? blocks : letters;
	StringInfoData line;
	signed char *heights;
	SparklineScale scale;
	double *series;
	int count;
	int width;

	if (PG_ARGISNULL(ARG_SERIES))
		PG_RETURN_NULL();
	series = get_series(fcinfo, &count);
	width = get_width(fcinfo, count);
	scale = get_scale(fcinfo);
	heights = palloc(Min(width, count) + 1);
	width = dbops_sparkline_heights(series, count, width, &scale, heights);

	initStringInfo(&line);
	for (int i = 0; i < width; i++)
		appendStringInfoString(&line, heights[i] == SPARKLINE_GAP ? " " : characters[heights[i]]);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(line.data, line.len));
}
