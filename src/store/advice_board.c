/*
 * store/advice_board.c
 *		How much the open index advice is worth; see advice_board.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/spi.h"
#include "store/advice_board.h"
#include "store/family.h"

typedef struct Board
{
	LWLock lock;
	AdviceBoard content;
} Board;

static Board *board = NULL;

/* What only the planner says is no time: it is not summed up. */
static const char databases_query[] =
    "SELECT u.datid, count(r.id) FILTER (WHERE r.status = 'open' AND d.identity IS NULL),\n"
    "    count(r.id) FILTER (WHERE r.status = 'regressed' AND r.dropped_seen_at IS NULL),\n"
    "    (1000 * coalesce(sum(r.benefit_ms_per_day) FILTER (WHERE r.status = 'open'\n"
    "        AND d.identity IS NULL AND r.confidence <> 'low'), 0))::bigint,\n"
    "    (1000 * u.ms_per_day)::bigint, u.advised_at\n"
    "FROM dbops.index_advice_run AS u\n"
    "    LEFT JOIN dbops.index_recommendation AS r ON r.datid = u.datid\n"
    "    LEFT JOIN dbops.dismissed_recommendations AS d\n"
    "        ON d.datname = r.datname AND d.identity = r.identity\n"
    "GROUP BY u.datid\n"
    "ORDER BY 4 DESC, u.datid\n"
    "LIMIT $1";

Size
dbops_advice_board_shmem_size(void)
{
	return MAXALIGN(sizeof(Board));
}

void
dbops_advice_board_shmem_init(void)
{
	bool found;

	board = ShmemInitStruct("dbops index advice", dbops_advice_board_shmem_size(), &found);
	if (found)
		return;
	memset(board, 0, sizeof(*board));
	LWLockInitialize(&board->lock, dbops_compat_new_tranche("dbops_index_advice"));
}

static int64
number_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? FAMILY_NULL : DatumGetInt64(value);
}

static void
read_database(AdviceFacts *facts, const SpiRows *rows, uint64 row)
{
	bool isnull;
	Datum advised_at = dbops_spi_cell(rows, row, 5, &isnull);

	facts->advised_at = isnull ? 0 : DatumGetTimestampTz(advised_at);
	facts->datid = DatumGetObjectId(dbops_spi_cell(rows, row, 0, &isnull));
	facts->open = number_of(rows, row, 1);
	facts->regressed = number_of(rows, row, 2);
	facts->saved_us_per_day = number_of(rows, row, 3);
	facts->total_us_per_day = number_of(rows, row, 4);
}

void
dbops_advice_board_write(void)
{
	const SpiValue limit = {INT4OID, Int32GetDatum(BOARD_DATABASES), false};
	const SpiRows *rows = dbops_spi_query_now(databases_query, &limit, 1);
	AdviceBoard *content = palloc0(sizeof(AdviceBoard));

	content->at = dbops_clock_now();
	content->ndatabases = (int) rows->nrows;
	for (uint64 row = 0; row < rows->nrows; row++)
		read_database(&content->databases[row], rows, row);
	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	board->content = *content;
	LWLockRelease(&board->lock);
}

AdviceBoard *
dbops_advice_board_copy(void)
{
	AdviceBoard *copy;

	if (board == NULL)
		return NULL;
	copy = palloc(sizeof(AdviceBoard));
	LWLockAcquire(&board->lock, LW_SHARED);
	*copy = board->content;
	LWLockRelease(&board->lock);
	return copy->at == 0 ? NULL : copy;
}
