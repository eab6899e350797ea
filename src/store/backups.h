/*
 * store/backups.h
 *		The catalogue of backups: the table dbops.backup.
 *
 * The only writer of the table.  Whoever learns something of a backup, from a session, a history
 * file, a tool's own catalogue or a person, describes it here, and what is told of the same backup
 * by several becomes one row: the same session, the same start in the WAL, the same label within
 * its time.  A tool's catalogue and people are believed more than a history file, and that more
 * than a session.  Nothing is written when nothing is new.
 *
 * Runs in a transaction with a snapshot, on a server that can be written, where the extension is.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef enum BackupKind
{
	BACKUP_BASE,
	BACKUP_INCREMENTAL,
	BACKUP_DIFFERENTIAL,
	BACKUP_DUMP,
	BACKUP_ARCHIVE, /* a receiver that keeps WAL: running while it is attached */
	BACKUP_KINDS
} BackupKind;

typedef enum BackupStatus
{
	BACKUP_RUNNING,
	BACKUP_OK,
	BACKUP_FAILED,
	BACKUP_STATUSES
} BackupStatus;

typedef enum BackupSource
{
	BACKUP_FROM_SESSION,
	BACKUP_FROM_HISTORY_FILE,
	BACKUP_FROM_CATALOGUE,
	BACKUP_FROM_RECORD,
	BACKUP_SOURCES
} BackupSource;

/* The words the table has for them. */
extern const char *const dbops_backup_kinds[BACKUP_KINDS + 1];
extern const char *const dbops_backup_statuses[BACKUP_STATUSES + 1];
extern const char *const dbops_backup_sources[BACKUP_SOURCES + 1];

typedef enum BackupAnswer
{
	BACKUP_UNKNOWN,
	BACKUP_NO,
	BACKUP_YES
} BackupAnswer;

/* What one source tells.  NULL and 0 are unknown. */
typedef struct Backup
{
	BackupSource source;
	BackupKind kind;
	BackupStatus status;
	const char *node; /* NULL: this server */
	const char *tool;
	const char *label;
	const char *prior;
	const char *datname;
	const char *repository;
	const char *evidence;
	TimestampTz started_at;
	TimestampTz ended_at;
	XLogRecPtr start_lsn;
	XLogRecPtr stop_lsn;
	TimeLineID timeline;
	int64 size_bytes;
	int64 stored_bytes;
	BackupAnswer wal_included;
	BackupAnswer wal_archived; /* yes: all WAL it needs is safe in an archive */
	BackupAnswer partial;
	int pid; /* with session_at: the session that serves it */
	TimestampTz session_at;
} Backup;

/* Stores what is new in it; returns the id of its row. */
extern int64 dbops_backups_store(const Backup *backup);

/* The archive has the WAL of this timeline up to there: so it has what older backups need. */
extern void dbops_backups_note_archived(TimeLineID timeline, XLogRecPtr up_to);

/*
 * Backups whose sessions are none of `pids` and `starts` any more, and have told no end.  Receivers
 * are gone at once; backups have failed when nothing else is heard of them for a while.
 */
extern void dbops_backups_close_missing(const int *pids, const TimestampTz *starts, int n);

/* Deletes what ended before, and keeps the number of rows bounded. */
extern void dbops_backups_prune(TimestampTz before);

/*
 * Which of these, told by one tool's catalogue, are complete and stored just so already: nearly all
 * of them nearly always, and storing looks at each for what else may be the same backup.
 */
extern bool *dbops_backups_find_known(const Backup *backups, int n);

/* A tool lists all backups of a repository: those it has not are gone since now. */
extern void dbops_backups_expire_missing(const char *tool, const char *repository,
                                         const char *const *labels, int n);

/* The backup with this start was compared with its manifest; NULL: nothing was wrong. */
extern void dbops_backups_note_verified(XLogRecPtr start_lsn, TimestampTz at, const char *problem);

/*
 * Completes what a tool tells by its times alone, with the start of the backup that began after
 * `began_at` and ended when the tool says, give or take a few seconds.
 */
extern void dbops_backups_complete(Backup *backup, TimestampTz began_at);
