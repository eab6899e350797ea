/*
 * store/tick_arrays.h
 *		A batch of ticks as arrays of SQL, a column each.
 *
 * A file of its own because ticks are stored and shipped in the same form.
 */
#pragma once

#include "store/quiet.h"

typedef enum TickColumn
{
	TICK_COLUMN_AT,
	TICK_COLUMN_AT_US, /* the same as a number, as PostgreSQL counts it */
	TICK_COLUMN_BOOT,
	TICK_COLUMN_SEQ,
	TICK_COLUMN_COVERS,
	TICK_COLUMN_FAMILY,
	TICK_COLUMN_FLAGS,
	TICK_COLUMN_DATA,
	TICK_COLUMNS
} TickColumn;

/* Type of a column's array, and the array. */
extern Oid dbops_tick_array_type(TickColumn column);
extern Datum dbops_tick_array(const TickBatch *batch, TickColumn column);
