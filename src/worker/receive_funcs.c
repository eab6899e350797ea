/*
 * worker/receive_funcs.c
 *		dbops.receive_ticks(): where a standby's gateway delivers.
 *
 * What such a session runs is dbops' own work, and is not recorded as somebody's.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "core/compat.h"
#include "core/preload.h"
#include "core/rows.h"
#include "store/receive.h"
#include "track/nesting.h"

PG_FUNCTION_INFO_V1(dbops_receive_ticks);

enum
{
	ARG_NODE,
	ARG_SYSTEM_IDENTIFIER,
	ARG_BOOT,
	ARG_CLOCK,
	ARG_SEQ,
	ARG_AT,
	ARG_COVERS,
	ARG_FAMILY,
	ARG_FLAGS,
	ARG_DATA,
	ARG_COUNT
};

/* Of the arguments that are arrays. */
typedef struct Column
{
	Datum *values;
	int count;
} Column;

static Column
read_column(FunctionCallInfo fcinfo, int argument)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(argument);
	Oid type = ARR_ELEMTYPE(array);
	Column column;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("arrays of samples must have one dimension and no nulls")));
	deconstruct_array(array, type,
	                  type == BYTEAOID ? -1 :
	                  type == INT2OID  ? sizeof(int16) :
	                                     sizeof(int64),
	                  type == BYTEAOID ? false :
	                  type == INT2OID  ? true :
	                                     FLOAT8PASSBYVAL,
	                  type == BYTEAOID ? TYPALIGN_INT :
	                  type == INT2OID  ? TYPALIGN_SHORT :
	                                     TYPALIGN_DOUBLE,
	                  &column.values, NULL, &column.count);
	return column;
}

static void
read_ticks(FunctionCallInfo fcinfo, TickBatch *ticks)
{
	Column columns[ARG_COUNT] = {{0}};

	for (int a = ARG_SEQ; a < ARG_COUNT; a++)
	{
		columns[a] = read_column(fcinfo, a);
		if (columns[a].count != columns[ARG_SEQ].count)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			                errmsg("arrays of samples must be equally long")));
	}
	for (int i = 0; i < columns[ARG_SEQ].count; i++)
	{
		bytea *data = DatumGetByteaPP(columns[ARG_DATA].values[i]);
		Tick tick = {.family = DatumGetInt16(columns[ARG_FAMILY].values[i]),
		             .flags = (uint16) DatumGetInt16(columns[ARG_FLAGS].values[i]),
		             .size = VARSIZE_ANY_EXHDR(data),
		             .seq = DatumGetInt64(columns[ARG_SEQ].values[i]),
		             .at = DatumGetInt64(columns[ARG_AT].values[i]),
		             .covers_us = DatumGetInt64(columns[ARG_COVERS].values[i])};

		if (!IS_VALID_TIMESTAMP(tick.at))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
			                errmsg("the time of a sample is out of range")));
		dbops_quiet_add(ticks, &tick, VARDATA_ANY(data));
	}
}

static void
write_receipt(FunctionCallInfo fcinfo, const Receipt *receipt)
{
	RowSet *rows = dbops_rows_begin(fcinfo);

	dbops_rows_put(rows, "stored_seq", Int64GetDatum(receipt->seq));
	dbops_rows_put(rows, "stored", Int32GetDatum(receipt->stored));
	dbops_rows_put(rows, "refused", Int32GetDatum(receipt->refused));
	if (receipt->sqlerrcode != 0)
	{
		dbops_rows_put_text(rows, "refusal_sqlstate", unpack_sql_state(receipt->sqlerrcode));
		dbops_rows_put_text(rows, "refusal", receipt->message);
		dbops_rows_put_text(rows, "hint", receipt->hint);
	}
	dbops_rows_put(rows, "clock_ahead_us", Int64GetDatum(receipt->clock_ahead_us));
	dbops_rows_emit(rows);
}

/* From the next statement on; the one under way has begun. */
static void
exclude_session(void)
{
	dbops_nesting_exclude_process();
	if (GetConfigOption("pg_stat_statements.track", true, false) != NULL)
		SetConfigOption("pg_stat_statements.track", "none", PGC_SUSET, PGC_S_SESSION);
}

Datum
dbops_receive_ticks(PG_FUNCTION_ARGS)
{
	Shipment shipment = {0};
	Receipt receipt;

	dbops_preload_require();
	for (int a = 0; a < ARG_COUNT; a++)
	{
		if (PG_ARGISNULL(a))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("what a standby ships must not be null")));
	}
	if (strcmp(application_name, SHIPPING_SESSION) == 0)
		exclude_session();
	shipment.node = text_to_cstring(PG_GETARG_TEXT_PP(ARG_NODE));
	shipment.system_identifier = PG_GETARG_INT64(ARG_SYSTEM_IDENTIFIER);
	shipment.boot = PG_GETARG_INT64(ARG_BOOT);
	shipment.clock = PG_GETARG_INT64(ARG_CLOCK);
	read_ticks(fcinfo, &shipment.ticks);
	dbops_receive(&shipment, &receipt);
	write_receipt(fcinfo, &receipt);
	return (Datum) 0;
}
