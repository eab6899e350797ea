/*
 * advise/table_writes_funcs.c
 *		dbops._table_writes() and dbops._index_upkeep(): what is written to a table, and what each of
 *		its indexes costs by that.
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "advise/table_writes.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__table_writes);
PG_FUNCTION_INFO_V1(dbops__index_upkeep);

#define ARG_TABLE 0
#define ARG_WINDOW 1
#define ARG_UPDATED 2 /* columns that all updates set */

static int64
get_window_ms(const Interval *window)
{
	return (window->time + (window->day + window->month * INT64CONST(30)) * USECS_PER_DAY) / 1000;
}

static Bitmapset *
get_columns(Oid table, ArrayType *names)
{
	Bitmapset *columns = NULL;
	Datum *values;
	bool *nulls;
	int nvalues;

	deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &values, &nulls, &nvalues);
	for (int i = 0; i < nvalues; i++)
	{
		const char *name = nulls[i] ? "" : NameStr(*DatumGetName(values[i]));
		const AttrNumber attno = get_attnum(table, name);

		if (attno == InvalidAttrNumber)
			ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
			        errmsg("column \"%s\" does not exist", name));
		columns = bms_add_member(columns, attno - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

static void
put_number(RowSet *rows, const char *name, double value)
{
	if (!isnan(value))
		dbops_rows_put(rows, name, Float8GetDatum(value));
}

Datum
dbops__table_writes(PG_FUNCTION_ARGS)
{
	static const char *const sources[] = {
	    [WRITES_FROM_NOWHERE] = NULL,
	    [WRITES_FROM_HISTORY] = "history",
	    [WRITES_FROM_COUNTERS] = "counters",
	};
	RowSet *rows = dbops_rows_begin(fcinfo);
	const TableWrites *writes = dbops_table_writes_load(
	    PG_GETARG_OID(ARG_TABLE), get_window_ms(PG_GETARG_INTERVAL_P(ARG_WINDOW)), NULL, 0);
	const WriteFacts *facts = &writes->facts;

	dbops_rows_put_text(rows, "source", sources[writes->source]);
	if (writes->days > 0)
		dbops_rows_put(rows, "days", Float8GetDatum(writes->days));
	put_number(rows, "inserts_per_day", facts->inserts);
	put_number(rows, "updates_per_day", facts->updates);
	put_number(rows, "hot_updates_per_day", facts->hot_updates);
	put_number(rows, "deletes_per_day", facts->deletes);
	put_number(rows, "cached_ratio", facts->cached_ratio);
	put_number(rows, "dead_per_vacuum", facts->dead_per_vacuum);
	dbops_rows_emit(rows);
	PG_RETURN_VOID();
}

Datum
dbops__index_upkeep(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	const Oid table = PG_ARGISNULL(ARG_TABLE) ? InvalidOid : PG_GETARG_OID(ARG_TABLE);
	/* Only shares count among the rows of kinds, and there is one. */
	UpdateFacts kind = {.rows = 1};
	const int nkinds = PG_ARGISNULL(ARG_UPDATED) ? 0 : 1;
	const TableWrites *writes;

	if (PG_ARGISNULL(ARG_TABLE) || PG_ARGISNULL(ARG_WINDOW))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		        errmsg("table and window must not be null"));
	if (nkinds > 0)
		kind.columns = get_columns(table, PG_GETARG_ARRAYTYPE_P(ARG_UPDATED));
	writes = dbops_table_writes_load(table, get_window_ms(PG_GETARG_INTERVAL_P(ARG_WINDOW)), &kind,
	                                 nkinds);
	for (int i = 0; i < writes->facts.nindexes; i++)
	{
		const WriteCost cost = dbops_write_cost_existing(&writes->facts, i);

		dbops_rows_put(rows, "indexrelid", ObjectIdGetDatum(writes->indexes[i]));
		put_number(rows, "ms_per_day", cost.ms_per_day);
		put_number(rows, "hot_ms_per_day", cost.hot_ms_per_day);
		put_number(rows, "hot_updates_per_day", cost.hot_updates_per_day);
		put_number(rows, "hot_ms_at_risk", cost.hot_ms_at_risk);
		put_number(rows, "vacuum_ms_per_day", cost.vacuum_ms_per_day);
		put_number(rows, "bytes_per_day", cost.bytes_per_day);
		put_number(rows, "wal_bytes_per_day", cost.wal_bytes_per_day);
		dbops_rows_put_text(rows, "unknown", dbops_write_cost_unknown(cost.known));
		dbops_rows_emit(rows);
	}
	PG_RETURN_VOID();
}
