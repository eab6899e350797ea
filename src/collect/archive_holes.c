/*
 * collect/archive_holes.c
 *		Holes in the archive, kept over restarts; see archive_holes.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogarchive.h"
#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "collect/archive_holes.h"
#include "collect/archive_watch.h"
#include "core/clock.h"
#include "core/spi.h"
#include "store/node.h"

static const char growing_query[] = "SELECT kind, timeline, start_lsn, since\n"
                                    "FROM dbops.archive_hole\n"
                                    "WHERE node = $1 AND end_lsn IS NULL";

/* A row that is as it should be is not touched: that would be a write. */
static const char store_query[] =
    "INSERT INTO dbops.archive_hole AS h (node, kind, timeline, start_lsn, end_lsn, since)\n"
    "SELECT $1, $2, $3, $4, $5, $6\n"
    "WHERE NOT EXISTS (\n"
    "    SELECT FROM dbops.archive_hole AS k\n"
    "    WHERE (k.node, k.kind, k.start_lsn) = ($1, $2, $4)\n"
    "        AND k.end_lsn IS NOT DISTINCT FROM $5 AND (k.since = $6 OR $7))\n"
    "ON CONFLICT (node, start_lsn, kind) DO UPDATE\n"
    "SET end_lsn = excluded.end_lsn, since = excluded.since";

/* What the samples before the server went down knew. */
static const char recall_query[] =
    "SELECT at - unarchived_ms * interval '1 millisecond', archived_lsn\n"
    "FROM dbops.archiver_history\n"
    "WHERE node = $1 AND at > $2 - interval '1 hour' AND at < $2\n"
    "    AND unarchived_ms IS NOT NULL AND archived_lsn IS NOT NULL\n"
    "ORDER BY 1 DESC\n"
    "LIMIT 1";

static ArchiveHoleKind
find_kind(const char *word)
{
	for (int i = 0; dbops_archive_hole_kinds[i] != NULL; i++)
	{
		if (strcmp(word, dbops_archive_hole_kinds[i]) == 0)
			return i;
	}
	return HOLE_NONE;
}

/* `clean`: nothing of a user's is in it yet, so `since` moves on and need not be stored. */
static void
store(const ArchiveHole *hole, bool clean)
{
	const SpiValue params[] = {
	    {.type = TEXTOID, .value = CStringGetTextDatum(dbops_node_name())},
	    {.type = TEXTOID, .value = CStringGetTextDatum(dbops_archive_hole_kinds[hole->kind])},
	    {.type = INT8OID, .value = Int64GetDatum(hole->timeline)},
	    {.type = PG_LSNOID, .value = LSNGetDatum(hole->start)},
	    {.type = PG_LSNOID,
	     .value = LSNGetDatum(hole->end),
	     .isnull = hole->end == InvalidXLogRecPtr},
	    dbops_spi_instant(hole->since),
	    {.type = BOOLOID, .value = BoolGetDatum(clean)},
	};

	dbops_spi_execute(store_query, params, lengthof(params));
}

/* Those that grew when they were last stored; the one that is watched may be among them. */
static void
resume(void)
{
	const SpiValue param = {.type = TEXTOID, .value = CStringGetTextDatum(dbops_node_name())};
	const SpiRows *rows = dbops_spi_query(growing_query, &param, 1);

	for (uint64 i = 0; i < rows->nrows; i++)
	{
		ArchiveHole hole = {0};
		bool isnull;

		hole.kind = find_kind(TextDatumGetCString(dbops_spi_cell(rows, i, 0, &isnull)));
		hole.timeline = (TimeLineID) DatumGetInt64(dbops_spi_cell(rows, i, 1, &isnull));
		hole.start = DatumGetLSN(dbops_spi_cell(rows, i, 2, &isnull));
		hole.since = DatumGetTimestampTz(dbops_spi_cell(rows, i, 3, &isnull));
		if (dbops_archive_watch_resume(&hole) && hole.end != InvalidXLogRecPtr)
			store(&hole, false);
	}
}

/* Once, as soon as the sampler has looked. */
static void
recall(void)
{
	static bool recalled = false;
	const SpiValue params[] = {{.type = TEXTOID, .value = CStringGetTextDatum(dbops_node_name())},
	                           dbops_spi_instant(dbops_clock_now())};
	ArchiveWatch watch;
	const SpiRows *rows;
	bool isnull;

	if (recalled || !dbops_archive_watch_read(&watch))
		return;
	rows = dbops_spi_query(recall_query, params, lengthof(params));
	if (rows->nrows > 0)
		dbops_archive_watch_recall(DatumGetTimestampTz(dbops_spi_cell(rows, 0, 0, &isnull)),
		                           (XLogRecPtr) DatumGetInt64(dbops_spi_cell(rows, 0, 1, &isnull)));
	recalled = true;
}

void
dbops_archive_holes_store(void)
{
	ArchiveWatch watch;

	recall();
	resume();
	if (dbops_archive_watch_read(&watch) && watch.hole.kind != HOLE_NONE)
		store(&watch.hole, dbops_archive_watch_is_clean(&watch));
}
