/*
 * track/errors_funcs.c
 *		SQL functions over the counted and the recent failures.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/encoding.h"
#include "core/preload.h"
#include "core/rows.h"
#include "track/captures.h"
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

/* It may hold anything, as the message may not. */
static const char *
show_query(RecentError *error)
{
	if (!dbops_captures_visible(error->key.userid))
		return "<insufficient privilege>";
	dbops_encoding_fit(error->query, error->encoding);
	return error->query;
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
		dbops_encoding_fit(error.message, error.encoding);
		put_failure(rows, &error.key, error.sqlerrcode, error.kind);
		dbops_rows_put(rows, "at", TimestampTzGetDatum(error.at));
		dbops_rows_put(rows, "pid", Int32GetDatum(error.pid));
		dbops_rows_put_text(rows, "message", error.message);
		if (error.query[0] != '\0')
			dbops_rows_put_text(rows, "query", show_query(&error));
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
