/*
 * collect/backup_watch.c
 *		Backups that this server sees; see backup_watch.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "miscadmin.h"
#include "pgstat.h"

#include "collect/backup_files.h"
#include "collect/backup_outcome.h"
#include "collect/backup_sessions.h"
#include "collect/backup_watch.h"
#include "core/encoding.h"
#include "store/backup_history.h"
#include "track/backup_ends.h"

/* The end up to which dbops_backup_watch_store() came. */
static uint64 looked_at = 0;

static void
fit_end(BackupEnd *end)
{
	dbops_encoding_fit(end->application_name, end->encoding);
	dbops_encoding_fit(end->datname, end->encoding);
	dbops_encoding_fit(end->username, end->encoding);
	dbops_encoding_fit(end->client, end->encoding);
	dbops_encoding_fit(end->message, end->encoding);
	dbops_encoding_fit(end->statement, end->encoding);
}

static bool
failed(const BackupEnd *end)
{
	return end->sqlerrcode != 0 || end->cause == DISCONNECT_FATAL ||
	       end->cause == DISCONNECT_KILLED || end->cause == DISCONNECT_CLIENT_EOF;
}

/* What others did for it, as far as their ends are in the ring. */
static BackupHelp
find_help(const BackupEnd *end, BackupEnd *helper)
{
	BackupHelp help = {0};
	uint64 position = 0;
	BackupEnd other;

	while (dbops_backup_ends_next(&position, &other))
	{
		if (!dbops_backup_outcome_helped(&other, end))
			continue;
		help.streamed |= other.kind == BACKUP_END_STREAM;
		help.tables_copied += other.tables_copied;
		help.bytes += other.bytes;
		if (other.kind == BACKUP_END_DUMP && failed(&other))
		{
			*helper = other;
			fit_end(helper);
			help.failed = helper;
		}
	}
	return help;
}

static void
tell_end(const BackupEnd *end, void (*tell)(const Backup *backup, void *arg), void *arg)
{
	BackupEnd fitting = *end;
	BackupEnd helper;
	BackupHelp help = find_help(end, &helper);
	BackupOutcome outcome;

	fit_end(&fitting);
	if (dbops_backup_outcome(&fitting, &help, &outcome))
		tell(&outcome.backup, arg);
}

/* A helper may end after the session it helped, which is told anew if it is stored already. */
static void
tell_helped(const BackupEnd *helper, void (*tell)(const Backup *backup, void *arg), void *arg)
{
	const uint64 stored = dbops_backup_ends_stored();
	uint64 position = 0;
	BackupEnd end;

	while (dbops_backup_ends_next(&position, &end) && position <= stored)
	{
		if (dbops_backup_outcome_helped(helper, &end))
			tell_end(&end, tell, arg);
	}
}

static uint64
tell_ends(void (*tell)(const Backup *backup, void *arg), void *arg)
{
	uint64 position = dbops_backup_ends_stored();
	BackupEnd end;

	while (dbops_backup_ends_next(&position, &end))
	{
		if (dbops_backup_outcome_is_helper(&end))
			tell_helped(&end, tell, arg);
		else
			tell_end(&end, tell, arg);
	}
	return position;
}

static void
store_backup(const Backup *backup, void *arg)
{
	dbops_backups_store(backup);
}

/* A receiver's position moves on all the time; its row changes when it comes or goes. */
static void
store_running(const Backup *backup, void *arg)
{
	Backup known = *backup;

	if (backup->kind == BACKUP_ARCHIVE)
	{
		dbops_backups_note_archived(GetWALInsertionTimeLine(), backup->stop_lsn);
		known.stop_lsn = InvalidXLogRecPtr;
	}
	known.size_bytes = 0;
	dbops_backups_store(&known);
}

/*
 * The archiver takes the oldest segment first, so what comes before the last one is archived.  A
 * history file comes after the segment it is named for.
 */
static void
note_archived(void)
{
	const PgStat_ArchiverStats *archiver = pgstat_fetch_stat_archiver();
	const char *name = archiver->last_archived_wal;
	TimeLineID timeline;
	XLogSegNo segment;
	XLogRecPtr end;

	if (!XLogArchivingActive() || (!IsXLogFileName(name) && !dbops_backup_history_is_name(name)))
		return;
	XLogFromFileName(name, &timeline, &segment, wal_segment_size);
	XLogSegNoOffsetToRecPtr(segment + 1, 0, wal_segment_size, end);
	dbops_backups_note_archived(timeline, end);
}

void
dbops_backup_watch_store(void)
{
	int *pids;
	TimestampTz *starts;
	int processes = dbops_backup_sessions_list(&pids, &starts);

	dbops_backup_ends_wake(MyLatch);
	dbops_backup_files_tell(store_backup, NULL);
	looked_at = tell_ends(store_backup, NULL);
	dbops_backup_sessions_tell(store_running, NULL);
	dbops_backups_close_missing(pids, starts, processes);
	note_archived();
}

bool
dbops_backup_watch_waits(void)
{
	return dbops_backup_ends_wait() || dbops_backup_files_are_new();
}

void
dbops_backup_watch_committed(void)
{
	dbops_backup_files_know();
	dbops_backup_ends_set_stored(looked_at);
}

void
dbops_backup_watch_forget(void)
{
	dbops_backup_files_forget();
	dbops_backup_ends_set_stored(0);
}

void
dbops_backup_watch_tell(void (*tell)(const Backup *backup, void *arg), void *arg)
{
	tell_ends(tell, arg);
	dbops_backup_sessions_tell(tell, arg);
}
