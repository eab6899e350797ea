/*
 * collect/backup_watch_funcs.c
 *		dbops._seen_backups(): what this server sees of backups and has not stored.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "collect/backup_watch.h"
#include "core/preload.h"
#include "core/rows.h"
#include "store/node.h"

PG_FUNCTION_INFO_V1(dbops__seen_backups);

static void
put_instant(RowSet *rows, const char *column, TimestampTz at)
{
	if (at != 0)
		dbops_rows_put(rows, column, TimestampTzGetDatum(at));
}

static void
put_lsn(RowSet *rows, const char *column, XLogRecPtr lsn)
{
	if (!XLogRecPtrIsInvalid(lsn))
		dbops_rows_put(rows, column, LSNGetDatum(lsn));
}

static void
put_answer(RowSet *rows, const char *column, BackupAnswer answer)
{
	if (answer != BACKUP_UNKNOWN)
		dbops_rows_put(rows, column, BoolGetDatum(answer == BACKUP_YES));
}

static void
put_backup(const Backup *backup, void *arg)
{
	RowSet *rows = arg;

	dbops_rows_put_text(rows, "node", dbops_node_name());
	dbops_rows_put_text(rows, "tool", backup->tool);
	dbops_rows_put_text(rows, "kind", dbops_backup_kinds[backup->kind]);
	dbops_rows_put_text(rows, "label", backup->label);
	dbops_rows_put_text(rows, "datname", backup->datname);
	dbops_rows_put_text(rows, "status", dbops_backup_statuses[backup->status]);
	put_instant(rows, "started_at", backup->started_at);
	put_instant(rows, "ended_at", backup->ended_at);
	put_lsn(rows, "start_lsn", backup->start_lsn);
	put_lsn(rows, "stop_lsn", backup->stop_lsn);
	if (backup->size_bytes != 0)
		dbops_rows_put(rows, "size_bytes", Int64GetDatum(backup->size_bytes));
	dbops_rows_put_text(rows, "repository", backup->repository);
	dbops_rows_put_text(rows, "evidence", backup->evidence);
	put_answer(rows, "wal_included", backup->wal_included);
	put_answer(rows, "partial", backup->partial);
	dbops_rows_put(rows, "pid", Int32GetDatum(backup->pid));
	put_instant(rows, "session_at", backup->session_at);
	dbops_rows_emit(rows);
}

Datum
dbops__seen_backups(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);

	if (dbops_preload_done())
		dbops_backup_watch_tell(put_backup, rows);
	return (Datum) 0;
}
