/*
 * store/repair_funcs.c
 *		dbops.repair().
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/rows.h"
#include "store/repair.h"

PG_FUNCTION_INFO_V1(dbops_repair);

static void
emit(const Repaired *repaired, void *arg)
{
	RowSet *rows = arg;

	dbops_rows_put_text(rows, "table_name", repaired->place.table);
	dbops_rows_put_text(rows, "node", repaired->place.node);
	dbops_rows_put_text(rows, "family", repaired->place.family);
	if (repaired->is_place)
		dbops_rows_put(rows, "at", TimestampTzGetDatum(repaired->place.at));
	dbops_rows_put_text(rows, "error", repaired->error.message);
	dbops_rows_put_text(rows, "done", dbops_repair_act_name(repaired->act));
	dbops_rows_emit(rows);
}

Datum
dbops_repair(PG_FUNCTION_ARGS)
{
	bool only_check = PG_GETARG_BOOL(0);
	RowSet *rows = dbops_rows_begin(fcinfo);

	dbops_repair_run(only_check, emit, rows);
	return (Datum) 0;
}
