/*
 * store/readings_funcs.c
 *		What commands told on a standby, as rows of the tables that it cannot write.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "core/rows.h"
#include "store/family.h"
#include "store/readings.h"

PG_FUNCTION_INFO_V1(dbops__read_backup_commands);
PG_FUNCTION_INFO_V1(dbops__read_backup_repositories);
PG_FUNCTION_INFO_V1(dbops__read_backups);

static void
put_words(RowSet *rows, const char *column, const char *words)
{
	if (words[0] != '\0')
		dbops_rows_put_text(rows, column, words);
}

static void
put_instant(RowSet *rows, const char *column, TimestampTz at)
{
	if (at != 0)
		dbops_rows_put(rows, column, TimestampTzGetDatum(at));
}

static void
put_number(RowSet *rows, const char *column, int64 value)
{
	if (value != FAMILY_NULL)
		dbops_rows_put(rows, column, Int64GetDatum(value));
}

static void
put_count(RowSet *rows, const char *column, int64 value)
{
	if (value != FAMILY_NULL)
		dbops_rows_put(rows, column, Int32GetDatum((int32) value));
}

static void
put_lsn(RowSet *rows, const char *column, XLogRecPtr lsn)
{
	if (!XLogRecPtrIsInvalid(lsn))
		dbops_rows_put(rows, column, LSNGetDatum(lsn));
}

Datum
dbops__read_backup_commands(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	const Readings *readings = dbops_readings_copy();

	for (int i = 0; readings != NULL && i < readings->ncommands; i++)
	{
		const CommandReading *command = &readings->commands[i];

		dbops_rows_put(rows, "position", Int32GetDatum(command->position));
		put_words(rows, "program", command->program);
		put_words(rows, "tool", command->tool);
		put_instant(rows, "ran_at", command->ran_at);
		put_instant(rows, "read_at", command->read_at);
		put_number(rows, "took_ms", command->took_ms);
		put_words(rows, "sqlstate", command->sqlstate);
		put_words(rows, "error", command->error);
		put_number(rows, "failures", command->failures);
		put_instant(rows, "failing_since", command->failing_since);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

Datum
dbops__read_backup_repositories(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	const Readings *readings = dbops_readings_copy();

	for (int i = 0; readings != NULL && i < readings->nrepositories; i++)
	{
		const RepositoryReading *repository = &readings->repositories[i];

		dbops_rows_put_text(rows, "tool", repository->tool);
		dbops_rows_put_text(rows, "server", repository->server);
		dbops_rows_put_text(rows, "name", repository->name);
		dbops_rows_put(rows, "position", Int32GetDatum(repository->position));
		put_count(rows, "status_code", repository->status_code);
		put_words(rows, "status", repository->status);
		put_words(rows, "retention", repository->retention);
		put_words(rows, "cipher", repository->cipher);
		put_words(rows, "first_wal", repository->first_wal);
		put_words(rows, "last_wal", repository->last_wal);
		if (repository->system_identifier != 0)
			put_number(rows, "system_identifier", repository->system_identifier);
		if (repository->busy_told)
			dbops_rows_put(rows, "busy", BoolGetDatum(repository->busy));
		put_count(rows, "backups", repository->backups);
		put_count(rows, "base_backups", repository->base_backups);
		put_count(rows, "erroneous", repository->erroneous);
		put_count(rows, "failed", repository->failed);
		put_instant(rows, "oldest_at", repository->oldest_at);
		put_instant(rows, "newest_at", repository->newest_at);
		put_instant(rows, "newest_base_at", repository->newest_base_at);
		put_number(rows, "stored_bytes", repository->stored_bytes);
		put_instant(rows, "listed_at", repository->listed_at);
		put_instant(rows, "read_at", repository->read_at);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

Datum
dbops__read_backups(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	const Readings *readings = dbops_readings_copy();

	for (int i = 0; readings != NULL && i < readings->nbackups; i++)
	{
		const BackupReading *backup = &readings->backups[i];

		dbops_rows_put_text(rows, "tool", backup->tool);
		dbops_rows_put_text(rows, "kind", dbops_backup_kinds[backup->kind]);
		put_words(rows, "label", backup->label);
		put_words(rows, "prior", backup->prior);
		dbops_rows_put_text(rows, "status", dbops_backup_statuses[backup->status]);
		put_instant(rows, "started_at", backup->started_at);
		put_instant(rows, "ended_at", backup->ended_at);
		put_lsn(rows, "start_lsn", backup->start_lsn);
		put_lsn(rows, "stop_lsn", backup->stop_lsn);
		if (backup->timeline != 0)
			put_number(rows, "timeline", backup->timeline);
		if (backup->size_bytes > 0)
			put_number(rows, "size_bytes", backup->size_bytes);
		if (backup->stored_bytes > 0)
			put_number(rows, "stored_bytes", backup->stored_bytes);
		put_words(rows, "repository", backup->repository);
		put_words(rows, "evidence", backup->evidence);
		if (backup->wal_archived)
			put_instant(rows, "wal_archived_at", backup->ended_at);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
