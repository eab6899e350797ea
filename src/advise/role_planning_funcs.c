/*
 * advise/role_planning_funcs.c
 *		dbops._role_planning(…).
 */
#include "postgres.h"

#include "fmgr.h"

#include "advise/role_planning.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__role_planning);

Datum
dbops__role_planning(PG_FUNCTION_ARGS)
{
	const List *settings = dbops_role_planning_settings(PG_GETARG_OID(0), PG_GETARG_OID(1));
	RowSet *rows = dbops_rows_begin(fcinfo);
	const ListCell *cell;

	foreach (cell, settings)
	{
		const RoleSetting *setting = lfirst(cell);

		dbops_rows_put_text(rows, "name", setting->name);
		dbops_rows_put_text(rows, "setting", setting->value);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
