/*
 * track/errors_funcs.c
 *		SQL functions over the counted and the recent failures.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "core/preload.h"
#include "core/rows.h"
#include "track/errors.h"

PG_FUNCTION_INFO_V1(dbops_tracked_errors);
PG_FUNCTION_INFO_V1(dbops_recent_errors);

static void
put_failure(RowSet *rows, const StatementKey *key, int sqlerrcode, ErrorKind kind)
{
	dbops_rows_put(rows, "datid", ObjectIdGetDatum(key->datid));
	dbops_rows_put(rows, "userid", ObjectIdGetDatum(key->userid));
	dbops_rows_put(rows, "queryid", Int64GetDatum((int64) key->queryid));
	dbops_rows_put(rows, "toplevel", BoolGetDatum(key->toplevel));
	dbops_rows_put_text(rows, "sqlstate", unpack_sql_state(sqlerrcode));
	dbops_rows_put_text(rows, "kind", dbops_errors_kind_name(kind));
}

Datum
dbops_tracked_errors(PG_FUNCTION_ARGS)
{
	uint32 position = 0;
	ErrorCopy copy;
	RowSet *rows;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	while (dbops_errors_next(&position, &copy))
	{
		put_failure(rows, &copy.key, copy.sqlerrcode, copy.kind);
		dbops_rows_put(rows, "count", Int64GetDatum(copy.count));
		dbops_rows_put(rows, "last_at", TimestampTzGetDatum(copy.last_at));
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

/* The ring is shared by all databases: what is no text in this one's encoding becomes "?". */
static void
fit_encoding(RecentError *error)
{
	int length = strlen(error->message);

	if (error->encoding == GetDatabaseEncoding() &&
	    pg_verify_mbstr(error->encoding, error->message, length, true))
		return;
	for (int i = 0; i < length; i++)
	{
		if (IS_HIGHBIT_SET(error->message[i]))
			error->message[i] = '?';
	}
}

Datum
dbops_recent_errors(PG_FUNCTION_ARGS)
{
	RecentError error;
	RowSet *rows;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	for (int back = 0; back < RECENT_ERRORS; back++)
	{
		if (!dbops_errors_recent(back, &error))
			continue;
		fit_encoding(&error);
		put_failure(rows, &error.key, error.sqlerrcode, error.kind);
		dbops_rows_put(rows, "at", TimestampTzGetDatum(error.at));
		dbops_rows_put(rows, "pid", Int32GetDatum(error.pid));
		dbops_rows_put_text(rows, "message", error.message);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
