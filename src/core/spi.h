/*
 * core/spi.h
 *		Running SQL from C: bound values, results as plain arrays in the caller's context.
 *
 * The only user of SPI.  Every query is a static string; every value is a parameter.
 */
#pragma once

#include "access/tupdesc.h"
#include "datatype/timestamp.h"

/* Rows copied out of SPI; lives in the context that was current at the call. */
typedef struct SpiRows
{
	uint64 nrows;
	int ncolumns;
	Datum *values; /* row-major */
	bool *nulls;
} SpiRows;

/* A parameter.  `type` is the type's OID; a NULL is flagged, its value ignored. */
typedef struct SpiValue
{
	Oid type;
	Datum value;
	bool isnull;
} SpiValue;

/* Parameters from what C has; a NULL pointer and an instant of 0 are NULL. */
extern SpiValue dbops_spi_text(const char *value);
extern SpiValue dbops_spi_instant(TimestampTz value);

/*
 * Runs `query` and returns how many rows it touched.  Must be called inside a transaction with an
 * active snapshot (core/tx.h makes both).  Errors are thrown.
 */
extern uint64 dbops_spi_execute(const char *query, const SpiValue *params, int nparams);

/* Runs a query that yields rows; read_only queries use the active snapshot and write nothing. */
extern SpiRows *dbops_spi_query(const char *query, const SpiValue *params, int nparams);

/*
 * The same for a query without parameters that is asked over and over: it is planned once in a
 * process, and again when what it reads has changed.  *kept begins as NULL.
 */
typedef struct _SPI_plan *SpiPlan;
extern SpiRows *dbops_spi_query_kept(const char *query, SpiPlan *kept);

/* The same, seeing what this transaction has written so far; the query may write, too. */
extern SpiRows *dbops_spi_query_now(const char *query, const SpiValue *params, int nparams);

/* One cell; *isnull tells NULL. */
static inline Datum
dbops_spi_cell(const SpiRows *rows, uint64 row, int column, bool *isnull)
{
	uint64 i = row * rows->ncolumns + column;

	*isnull = rows->nulls[i];
	return rows->values[i];
}
