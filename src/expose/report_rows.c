/*
 * expose/report_rows.c
 *		The rows of a report's part; see report_rows.h.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/encoding.h"
#include "expose/report_rows.h"

static SpiValue
interval_value(int64 us)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = us;
	return (SpiValue){.type = INTERVALOID, .value = IntervalPGetDatum(interval)};
}

SpiRows *
dbops_report_rows_ask(const ReportPart *part, const ReportTime *time, int limit)
{
	const SpiValue params[] = {
	    dbops_spi_instant(time->since),
	    dbops_spi_instant(time->until),
	    interval_value(time->step_us),
	    interval_value(time->coarse_us),
	    {.type = INT8OID, .value = Int64GetDatum(limit), .isnull = limit == 0},
	};

	return dbops_spi_query(part->query, params, lengthof(params));
}

char *
dbops_report_rows_text(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum cell = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? NULL : dbops_encoding_utf8(TextDatumGetCString(cell));
}

double
dbops_report_rows_number(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum cell = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(cell);
}

TimestampTz
dbops_report_rows_time(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum cell = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(cell);
}

int
dbops_report_rows_length(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum cell = dbops_spi_cell(rows, row, column, &isnull);
	ArrayType *array = isnull ? NULL : DatumGetArrayTypeP(cell);

	return array == NULL ? 0 : ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

double *
dbops_report_rows_series(const SpiRows *rows, uint64 row, int column, int count)
{
	double *series = palloc(sizeof(double) * (count + 1));
	bool isnull;
	Datum cell = dbops_spi_cell(rows, row, column, &isnull);
	Datum *elements = NULL;
	bool *nulls = NULL;
	int length = 0;

	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(cell), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
		                  TYPALIGN_DOUBLE, &elements, &nulls, &length);
	for (int i = 0; i < count; i++)
		series[i] = i < length && !nulls[i] ? DatumGetFloat8(elements[i]) : NAN;
	return series;
}
