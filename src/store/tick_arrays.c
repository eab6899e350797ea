/*
 * store/tick_arrays.c
 *		A batch of ticks as arrays of SQL; see tick_arrays.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "store/tick_arrays.h"

typedef struct ColumnType
{
	Oid element;
	Oid array;
	int16 length;
	char align;
} ColumnType;

static const ColumnType types[TICK_COLUMNS] = {
    [TICK_COLUMN_AT] = {TIMESTAMPTZOID, TIMESTAMPTZARRAYOID, 8, TYPALIGN_DOUBLE},
    [TICK_COLUMN_AT_US] = {INT8OID, INT8ARRAYOID, 8, TYPALIGN_DOUBLE},
    [TICK_COLUMN_BOOT] = {INT8OID, INT8ARRAYOID, 8, TYPALIGN_DOUBLE},
    [TICK_COLUMN_SEQ] = {INT8OID, INT8ARRAYOID, 8, TYPALIGN_DOUBLE},
    [TICK_COLUMN_COVERS] = {INT8OID, INT8ARRAYOID, 8, TYPALIGN_DOUBLE},
    [TICK_COLUMN_FAMILY] = {INT2OID, INT2ARRAYOID, 2, TYPALIGN_SHORT},
    [TICK_COLUMN_FLAGS] = {INT2OID, INT2ARRAYOID, 2, TYPALIGN_SHORT},
    [TICK_COLUMN_DATA] = {BYTEAOID, BYTEAARRAYOID, -1, TYPALIGN_INT},
};

Oid
dbops_tick_array_type(TickColumn column)
{
	return types[column].array;
}

static Datum
make_bytea(const char *data, int size)
{
	bytea *copy = palloc(VARHDRSZ + size);

	SET_VARSIZE(copy, VARHDRSZ + size);
	memcpy(VARDATA(copy), data, size);
	return PointerGetDatum(copy);
}

static Datum
value_of(const TickBatch *batch, int i, TickColumn column)
{
	const Tick *tick = &batch->ticks[i];

	switch (column)
	{
		case TICK_COLUMN_AT:
			return TimestampTzGetDatum(tick->at);
		case TICK_COLUMN_AT_US:
			return Int64GetDatum(tick->at);
		case TICK_COLUMN_BOOT:
			return Int64GetDatum(tick->boot);
		case TICK_COLUMN_SEQ:
			return Int64GetDatum(tick->seq);
		case TICK_COLUMN_COVERS:
			return Int64GetDatum(tick->covers_us);
		case TICK_COLUMN_FAMILY:
			return Int16GetDatum(tick->family);
		case TICK_COLUMN_FLAGS:
			return Int16GetDatum((int16) tick->flags);
		default:
			return make_bytea(batch->data[i], tick->size);
	}
}

Datum
dbops_tick_array(const TickBatch *batch, TickColumn column)
{
	const ColumnType *type = &types[column];
	Datum *values = palloc(sizeof(Datum) * (batch->count + 1));

	for (int i = 0; i < batch->count; i++)
		values[i] = value_of(batch, i, column);
	return PointerGetDatum(
	    construct_array(values, batch->count, type->element, type->length,
	                    type->length == 2 || (type->length == 8 && FLOAT8PASSBYVAL), type->align));
}
