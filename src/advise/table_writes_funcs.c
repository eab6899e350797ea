/*
 * advise/table_writes_funcs.c
 *		dbops._table_writes(): what is written to a table.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_class.h"
#include "fmgr.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "advise/restricted.h"
#include "advise/table_writes.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__table_writes);

#define ARG_TABLE 0
#define ARG_WINDOW 1

typedef struct Question
{
	Oid table;
	int64 window_ms;
	const TableWrites *writes;
} Question;

/* Expressions of its indexes are simplified when these are opened. */
static void
load(void *arg)
{
	Question *question = arg;

	question->writes = dbops_table_writes_load(question->table, question->window_ms, NULL, 0);
}

/* False if it is gone. */
static bool
check_table(Oid relid)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return false;
	switch (get_rel_relkind(relid))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_MATVIEW:
		case RELKIND_TOASTVALUE:
			return true;
		default:
			ereport(ERROR,
			        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
			         errmsg("\"%s\" is not a table or materialized view", get_rel_name(relid))));
	}
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
	Question question = {.table = PG_GETARG_OID(ARG_TABLE),
	                     .window_ms = dbops_table_writes_window(PG_GETARG_INTERVAL_P(ARG_WINDOW))};
	RowSet *rows = dbops_rows_begin(fcinfo);
	const TableWrites *writes;
	const WriteFacts *facts;

	if (!check_table(question.table))
		PG_RETURN_VOID();
	dbops_restricted_require(load, &question);
	writes = question.writes;
	facts = &writes->facts;
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
