/*
 * expose/status_funcs.c
 *		dbops.status().
 */
#include "postgres.h"

#include "core/rows.h"
#include "expose/status.h"

PG_FUNCTION_INFO_V1(dbops_status);

Datum
dbops_status(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	ListCell *cell;

	foreach (cell, dbops_status_findings())
	{
		const Finding *finding = lfirst(cell);

		dbops_rows_put_text(rows, "component", finding->component);
		dbops_rows_put_text(rows, "status", dbops_status_level_name(finding->level));
		dbops_rows_put_text(rows, "detail", finding->detail);
		dbops_rows_put_text(rows, "what_to_do", finding->hint);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
