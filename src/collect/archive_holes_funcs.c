/*
 * collect/archive_holes_funcs.c
 *		dbops._archive_hole_now().
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "collect/archive_watch.h"
#include "core/preload.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__archive_hole_now);

Datum
dbops__archive_hole_now(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	const ArchiveHole *hole;
	ArchiveWatch watch;

	dbops_preload_require();
	hole = &watch.hole;
	if (!dbops_archive_watch_read(&watch) || hole->kind == HOLE_NONE)
		PG_RETURN_VOID();
	dbops_rows_put_text(rows, "kind", dbops_archive_hole_kinds[hole->kind]);
	dbops_rows_put(rows, "timeline", Int64GetDatum(hole->timeline));
	dbops_rows_put(rows, "start_lsn", LSNGetDatum(hole->start));
	if (hole->end != InvalidXLogRecPtr)
		dbops_rows_put(rows, "end_lsn", LSNGetDatum(hole->end));
	dbops_rows_put(rows, "since", TimestampTzGetDatum(hole->since));
	dbops_rows_emit(rows);
	PG_RETURN_VOID();
}
