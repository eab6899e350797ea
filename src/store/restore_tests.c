/*
 * store/restore_tests.c
 *		The ledger of restore tests; see restore_tests.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/spi.h"
#include "store/restore_tests.h"

static const char record_query[] =
    "INSERT INTO dbops.restore_tests (\n"
    "    tested_at, ok, tool, kind, label, backup_at, took, size_bytes, error, note, node,\n"
    "    recorded_at, recorded_by\n"
    ")\n"
    "SELECT $1, $2, b.tool, b.kind, b.label, coalesce(b.ended_at, b.started_at), $5,\n"
    "    coalesce($6, b.size_bytes), $7, $8, b.node, $9, $10\n"
    "FROM dbops.backup AS b\n"
    "WHERE b.status = 'ok' AND b.kind <> 'archive'\n"
    "    AND coalesce(b.tool = $3, true) AND coalesce(b.label = $4, true)\n"
    "ORDER BY b.kind = 'dump', coalesce(b.ended_at, b.started_at) DESC NULLS LAST\n"
    "LIMIT 1\n"
    "RETURNING id";

int64
dbops_restore_tests_record(const RestoreTest *test)
{
	const SpiValue params[] = {
	    dbops_spi_instant(test->tested_at),
	    {.type = BOOLOID, .value = BoolGetDatum(test->ok)},
	    dbops_spi_text(test->tool),
	    dbops_spi_text(test->label),
	    {.type = INTERVALOID,
	     .value = PointerGetDatum(unconstify(Interval *, test->took)),
	     .isnull = test->took == NULL},
	    {.type = INT8OID, .value = Int64GetDatum(test->size_bytes), .isnull = test->size_bytes < 0},
	    dbops_spi_text(test->error),
	    dbops_spi_text(test->note),
	    dbops_spi_instant(dbops_clock_now()),
	    dbops_spi_text(test->recorded_by),
	};
	const SpiRows *rows = dbops_spi_query_now(record_query, params, lengthof(params));
	bool isnull;

	return rows->nrows == 0 ? 0 : DatumGetInt64(dbops_spi_cell(rows, 0, 0, &isnull));
}
