/*
 * collect/xmin_funcs.c
 *		dbops._xmin_holders(): who keeps old row versions from being removed, at this moment.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "collect/xmin.h"
#include "core/compat.h"
#include "core/rows.h"
#include "core/spi.h"

PG_FUNCTION_INFO_V1(dbops__xmin_holders);

/* The only way to a prepared transaction's gid. */
static const char prepared_query[] = "SELECT transaction, gid, prepared\n"
                                     "FROM pg_catalog.pg_prepared_xact()";

static void
put_prepared(RowSet *rows, const XminHolder *holder, const SpiRows *prepared)
{
	for (uint64 i = 0; i < prepared->nrows; i++)
	{
		bool isnull;

		if (DatumGetTransactionId(dbops_spi_cell(prepared, i, 0, &isnull)) != holder->xid)
			continue;
		dbops_rows_put_text(rows, "name",
		                    TextDatumGetCString(dbops_spi_cell(prepared, i, 1, &isnull)));
		dbops_rows_put(rows, "since", dbops_spi_cell(prepared, i, 2, &isnull));
	}
}

static void
put_holder(RowSet *rows, const XminHolder *holder)
{
	dbops_rows_put_text(rows, "kind", dbops_xmin_kinds[holder->kind]);
	if (holder->pid != 0)
		dbops_rows_put(rows, "pid", Int32GetDatum(holder->pid));
	if (NameStr(holder->slot)[0] != '\0')
		dbops_rows_put_text(rows, "name", NameStr(holder->slot));
	if (OidIsValid(holder->datid))
		dbops_rows_put_text(rows, "datname", get_database_name(holder->datid));
	if (OidIsValid(holder->roleid))
		dbops_rows_put_text(rows, "rolname", GetUserNameFromId(holder->roleid, true));
	dbops_rows_put(rows, "xmin", TransactionIdGetDatum(holder->xmin));
	dbops_rows_put(rows, "xmin_age", Int64GetDatum(holder->age));
	if (holder->since != 0)
		dbops_rows_put(rows, "since", TimestampTzGetDatum(holder->since));
}

Datum
dbops__xmin_holders(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	int count;
	const XminHolder *holders = dbops_xmin_read(&count);
	const SpiRows *prepared = dbops_spi_query(prepared_query, NULL, 0);

	for (int i = 0; i < count; i++)
	{
		put_holder(rows, &holders[i]);
		if (holders[i].kind == XMIN_PREPARED)
			put_prepared(rows, &holders[i], prepared);
		dbops_rows_emit(rows);
	}
	PG_RETURN_VOID();
}
