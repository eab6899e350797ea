/*
 * core/spi.c
 *		Running SQL from C; see spi.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "core/spi.h"

#define MAX_PARAMS 32

SpiValue
dbops_spi_text(const char *value)
{
	return (SpiValue){.type = TEXTOID,
	                  .value = value == NULL ? (Datum) 0 : CStringGetTextDatum(value),
	                  .isnull = value == NULL};
}

SpiValue
dbops_spi_instant(TimestampTz value)
{
	return (SpiValue){
	    .type = TIMESTAMPTZOID, .value = TimestampTzGetDatum(value), .isnull = value == 0};
}

static int
run_query(const char *query, const SpiValue *params, int nparams, bool read_only)
{
	Oid types[MAX_PARAMS] = {0};
	Datum values[MAX_PARAMS] = {0};
	char nulls[MAX_PARAMS] = {0};
	int result;

	Assert(nparams <= MAX_PARAMS);
	for (int i = 0; i < nparams; i++)
	{
		types[i] = params[i].type;
		values[i] = params[i].value;
		nulls[i] = params[i].isnull ? 'n' : ' ';
	}
	result = SPI_execute_with_args(query, nparams, types, values, nulls, read_only, 0);
	if (result < 0)
		elog(ERROR, "query failed with %s: %s", SPI_result_code_string(result), query);
	return result;
}

uint64
dbops_spi_execute(const char *query, const SpiValue *params, int nparams)
{
	uint64 processed;

	SPI_connect();
	run_query(query, params, nparams, false);
	processed = SPI_processed;
	SPI_finish();
	return processed;
}

/* What the query has given, in the caller's context. */
static SpiRows *
copy_rows(MemoryContext caller)
{
	TupleDesc desc = SPI_tuptable->tupdesc;
	SpiRows *rows;

	rows = MemoryContextAllocZero(caller, sizeof(SpiRows));
	rows->nrows = SPI_processed;
	rows->ncolumns = desc->natts;
	rows->values = MemoryContextAllocHuge(caller, sizeof(Datum) * (rows->nrows * desc->natts + 1));
	rows->nulls = MemoryContextAllocHuge(caller, sizeof(bool) * (rows->nrows * desc->natts + 1));

	for (uint64 r = 0; r < rows->nrows; r++)
	{
		Datum *values = &rows->values[r * desc->natts];
		bool *nulls = &rows->nulls[r * desc->natts];
		MemoryContext old;

		heap_deform_tuple(SPI_tuptable->vals[r], desc, values, nulls);
		old = MemoryContextSwitchTo(caller);
		for (int c = 0; c < desc->natts; c++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, c);

			if (nulls[c] || att->attbyval)
				continue;
			/* Detoasts as well: the caller outlives the snapshot. */
			if (att->attlen == -1)
				values[c] = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[c]));
			else
				values[c] = datumCopy(values[c], false, att->attlen);
		}
		MemoryContextSwitchTo(old);
	}
	return rows;
}

static SpiRows *
fetch_rows(const char *query, const SpiValue *params, int nparams, bool read_only)
{
	MemoryContext caller = CurrentMemoryContext;
	SpiRows *rows;

	SPI_connect();
	run_query(query, params, nparams, read_only);
	rows = copy_rows(caller);
	SPI_finish();
	return rows;
}

SpiRows *
dbops_spi_query(const char *query, const SpiValue *params, int nparams)
{
	return fetch_rows(query, params, nparams, true);
}

SpiRows *
dbops_spi_query_kept(const char *query, SpiPlan *kept)
{
	MemoryContext caller = CurrentMemoryContext;
	SpiRows *rows;
	int result;

	SPI_connect();
	if (*kept == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(query, 0, NULL);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "query failed with %s: %s", SPI_result_code_string(SPI_result), query);
		*kept = plan;
	}
	result = SPI_execute_plan(*kept, NULL, NULL, true, 0);
	if (result < 0)
		elog(ERROR, "query failed with %s: %s", SPI_result_code_string(result), query);
	rows = copy_rows(caller);
	SPI_finish();
	return rows;
}

SpiRows *
dbops_spi_query_now(const char *query, const SpiValue *params, int nparams)
{
	return fetch_rows(query, params, nparams, false);
}
