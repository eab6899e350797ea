/*
 * store/lsn_time_funcs.c
 *		dbops.lsn_time(pg_lsn), dbops.lsn_age(pg_lsn), dbops._lsn_points().
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "core/preload.h"
#include "core/rows.h"
#include "store/lsn_time.h"

PG_FUNCTION_INFO_V1(dbops_lsn_time);
PG_FUNCTION_INFO_V1(dbops_lsn_age);
PG_FUNCTION_INFO_V1(dbops__lsn_points);

Datum
dbops_lsn_time(PG_FUNCTION_ARGS)
{
	TimestampTz at;

	dbops_preload_require();
	if (!dbops_lsn_time_reached(PG_GETARG_LSN(0), &at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

Datum
dbops_lsn_age(PG_FUNCTION_ARGS)
{
	int64 age_us;

	dbops_preload_require();
	if (!dbops_lsn_time_age(PG_GETARG_LSN(0), &age_us))
		PG_RETURN_NULL();
	/* As the difference of two times is: with days. */
	return DirectFunctionCall2(timestamp_mi, TimestampGetDatum(age_us), TimestampGetDatum(0));
}

Datum
dbops__lsn_points(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	int count;
	const LsnPoint *points;

	dbops_preload_require();
	points = dbops_lsn_time_points(&count);
	for (int i = 0; i < count; i++)
	{
		const LsnPoint *point = &points[i];

		dbops_rows_put(rows, "lsn", LSNGetDatum(point->lsn));
		if (point->important != InvalidXLogRecPtr)
			dbops_rows_put(rows, "important_lsn", LSNGetDatum(point->important));
		dbops_rows_put(rows, "first_at", TimestampTzGetDatum(point->first_at));
		dbops_rows_put(rows, "last_at", TimestampTzGetDatum(point->last_at));
		dbops_rows_put(rows, "timeline", Int32GetDatum((int32) point->timeline));
		dbops_rows_emit(rows);
	}
	PG_RETURN_VOID();
}
