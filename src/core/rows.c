/*
 * core/rows.c
 *		Set-returning functions whose columns are filled by name; see rows.h.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "core/rows.h"

struct RowSet
{
	Tuplestorestate *store;
	TupleDesc desc;
	Datum *values;
	bool *nulls;
	MemoryContext row_context; /* text made for one row */
};

RowSet *
dbops_rows_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RowSet *rows = palloc0(sizeof(RowSet));

	InitMaterializedSRF(fcinfo, 0);
	rows->store = result->setResult;
	rows->desc = result->setDesc;
	rows->values = palloc0(sizeof(Datum) * rows->desc->natts);
	rows->nulls = palloc(sizeof(bool) * rows->desc->natts);
	memset(rows->nulls, true, sizeof(bool) * rows->desc->natts);
	rows->row_context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops row", ALLOCSET_SMALL_SIZES);
	return rows;
}

int
dbops_rows_column(const RowSet *rows, const char *name)
{
	for (int i = 0; i < rows->desc->natts; i++)
	{
		if (namestrcmp(&TupleDescAttr(rows->desc, i)->attname, name) == 0)
			return i;
	}
	elog(ERROR, "function result has no column \"%s\"", name);
}

void
dbops_rows_set(RowSet *rows, int column, Datum value)
{
	rows->values[column] = value;
	rows->nulls[column] = false;
}

void
dbops_rows_set_text(RowSet *rows, int column, const char *value)
{
	MemoryContext old;

	if (value == NULL)
		return;
	old = MemoryContextSwitchTo(rows->row_context);
	dbops_rows_set(rows, column, CStringGetTextDatum(value));
	MemoryContextSwitchTo(old);
}

void
dbops_rows_put(RowSet *rows, const char *name, Datum value)
{
	dbops_rows_set(rows, dbops_rows_column(rows, name), value);
}

void
dbops_rows_put_text(RowSet *rows, const char *name, const char *value)
{
	dbops_rows_set_text(rows, dbops_rows_column(rows, name), value);
}

void
dbops_rows_emit(RowSet *rows)
{
	CHECK_FOR_INTERRUPTS();
	tuplestore_putvalues(rows->store, rows->desc, rows->values, rows->nulls);
	memset(rows->nulls, true, sizeof(bool) * rows->desc->natts);
	MemoryContextReset(rows->row_context);
}
