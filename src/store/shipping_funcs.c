/*
 * store/shipping_funcs.c
 *		dbops._ticks_to_ship(): what dbops.receive_ticks() of the primary is to get, argument by
 *		argument.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"

#include "core/clock.h"
#include "core/preload.h"
#include "core/rows.h"
#include "store/node.h"
#include "store/shipping.h"
#include "store/tick_arrays.h"

PG_FUNCTION_INFO_V1(dbops__ticks_to_ship);

/* dbops._ticks_to_ship(after): NULL asks for the arguments alone, without ticks. */
Datum
dbops__ticks_to_ship(PG_FUNCTION_ARGS)
{
	static const char *const names[TICK_COLUMNS] = {
	    [TICK_COLUMN_SEQ] = "seq",          [TICK_COLUMN_AT_US] = "at_us",
	    [TICK_COLUMN_COVERS] = "covers_us", [TICK_COLUMN_FAMILY] = "family",
	    [TICK_COLUMN_FLAGS] = "flags",      [TICK_COLUMN_DATA] = "data"};
	RowSet *rows = dbops_rows_begin(fcinfo);
	Consignment consignment = {0};

	dbops_preload_require();
	if (!PG_ARGISNULL(0))
		dbops_shipping_read(PG_GETARG_INT64(0), &consignment);
	dbops_rows_put_text(rows, "node", dbops_node_name());
	dbops_rows_put(rows, "system_identifier", Int64GetDatum((int64) GetSystemIdentifier()));
	dbops_rows_put(rows, "boot", Int64GetDatum(dbops_ring_boot()));
	dbops_rows_put(rows, "clock_us", Int64GetDatum(dbops_clock_now()));
	for (int c = 0; c < TICK_COLUMNS; c++)
	{
		if (names[c] != NULL)
			dbops_rows_put(rows, names[c], dbops_tick_array(&consignment.ticks, c));
	}
	dbops_rows_put(rows, "ticks", Int32GetDatum(consignment.ticks.count));
	dbops_rows_put(rows, "more", BoolGetDatum(consignment.more));
	dbops_rows_put(rows, "missed", Int64GetDatum(consignment.missed));
	dbops_rows_emit(rows);
	return (Datum) 0;
}
