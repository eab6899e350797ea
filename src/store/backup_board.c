/*
 * store/backup_board.c
 *		What is known of backups, for those who have no SQL; see backup_board.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/encoding.h"
#include "core/spi.h"
#include "store/backup_board.h"
#include "store/family.h"

typedef struct Board
{
	LWLock lock;
	BackupBoard content;
} Board;

static Board *board = NULL;

/* Those in trouble first, should there be more than the board has room for. */
static const char repositories_query[] =
    "SELECT coalesce(r.tool, c.tool, ''), coalesce(r.server, ''), coalesce(r.name, c.program),\n"
    "    c.error IS NOT NULL, coalesce(r.busy, false), r.status_code::bigint, r.backups::bigint,\n"
    "    r.base_backups::bigint, r.erroneous::bigint, r.failed::bigint, r.stored_bytes,\n"
    "    extract(epoch FROM max(r.newest_at) OVER (PARTITION BY r.tool, r.server)\n"
    "        - r.newest_at)::bigint,\n"
    "    r.oldest_at, r.newest_at, r.newest_base_at, r.listed_at, c.failing_since\n"
    "FROM dbops._known_backup_commands AS c\n"
    "    FULL JOIN dbops._known_backup_repositories AS r ON r.position = c.position\n"
    "WHERE r.name IS NOT NULL OR c.error IS NOT NULL\n"
    "ORDER BY c.error IS NULL, r.status_code <> 0 DESC, r.tool, r.server, r.name\n"
    "LIMIT $1";

/* Tools that leave a backup as a folder with its manifest.  A folder is what it was last. */
static const char verification_query[] =
    "SELECT b.backups, b.verified, v.damaged, v.problems, v.verified_at\n"
    "FROM (SELECT count(*) AS backups, count(verified_at) AS verified\n"
    "        FROM dbops.backup\n"
    "        WHERE kind = 'base' AND status = 'ok' AND expired_at IS NULL\n"
    "            AND tool IN ('pg_basebackup', 'Barman')) AS b,\n"
    "    (SELECT count(*) FILTER (WHERE problems > 0) AS damaged,\n"
    "            coalesce(sum(problems), 0)::bigint AS problems, max(ended_at) AS verified_at\n"
    "        FROM (SELECT DISTINCT ON (path) problems, ended_at\n"
    "                FROM dbops.verification ORDER BY path, id DESC) AS last) AS v";

Size
dbops_backup_board_shmem_size(void)
{
	return MAXALIGN(sizeof(Board));
}

void
dbops_backup_board_shmem_init(void)
{
	bool found;

	board = ShmemInitStruct("dbops backups", dbops_backup_board_shmem_size(), &found);
	if (found)
		return;
	memset(board, 0, sizeof(*board));
	LWLockInitialize(&board->lock, dbops_compat_new_tranche("dbops_backups"));
}

static int64
number_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? FAMILY_NULL : DatumGetInt64(value);
}

static TimestampTz
time_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

static bool
flag_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* Names are cut at a letter's end: they are shown. */
static void
copy_text(char *words, Size size, const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	char *value = TextDatumGetCString(dbops_spi_cell(rows, row, column, &isnull));
	int length = dbops_encoding_clip(value, strlen(value), size - 1);

	memcpy(words, value, length);
	words[length] = '\0';
}

static void
read_repository(RepositoryFacts *facts, const SpiRows *rows, uint64 row)
{
	copy_text(facts->tool, sizeof(facts->tool), rows, row, 0);
	copy_text(facts->server, sizeof(facts->server), rows, row, 1);
	copy_text(facts->name, sizeof(facts->name), rows, row, 2);
	facts->failing = flag_of(rows, row, 3);
	facts->busy = flag_of(rows, row, 4);
	facts->status_code = number_of(rows, row, 5);
	facts->backups = number_of(rows, row, 6);
	facts->base_backups = number_of(rows, row, 7);
	facts->erroneous = number_of(rows, row, 8);
	facts->failed = number_of(rows, row, 9);
	facts->stored_bytes = number_of(rows, row, 10);
	facts->behind_seconds = number_of(rows, row, 11);
	facts->oldest_at = time_of(rows, row, 12);
	facts->newest_at = time_of(rows, row, 13);
	facts->newest_base_at = time_of(rows, row, 14);
	facts->listed_at = time_of(rows, row, 15);
	facts->failing_since = time_of(rows, row, 16);
}

void
dbops_backup_board_write(void)
{
	const SpiValue limit = {INT4OID, Int32GetDatum(BOARD_REPOSITORIES), false};
	const SpiRows *repositories = dbops_spi_query(repositories_query, &limit, 1);
	const SpiRows *verification = dbops_spi_query(verification_query, NULL, 0);
	BackupBoard *content = palloc0(sizeof(BackupBoard));

	content->at = dbops_clock_now();
	content->nrepositories = (int) repositories->nrows;
	for (uint64 row = 0; row < repositories->nrows; row++)
		read_repository(&content->repositories[row], repositories, row);
	content->verification = (VerificationFacts){
	    .backups = number_of(verification, 0, 0),
	    .verified = number_of(verification, 0, 1),
	    .damaged = number_of(verification, 0, 2),
	    .damaged_problems = number_of(verification, 0, 3),
	    .verified_at = time_of(verification, 0, 4),
	};
	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	board->content = *content;
	LWLockRelease(&board->lock);
}

BackupBoard *
dbops_backup_board_copy(void)
{
	BackupBoard *copy;

	if (board == NULL)
		return NULL;
	copy = palloc(sizeof(BackupBoard));
	LWLockAcquire(&board->lock, LW_SHARED);
	*copy = board->content;
	LWLockRelease(&board->lock);
	return copy->at == 0 ? NULL : copy;
}
