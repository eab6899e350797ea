/*
 * store/repositories.h
 *		What the commands of dbops.backup_command told, command by command and repository by
 *		repository: the tables dbops.backup_command and dbops.backup_repository.
 *
 * The only writer of both.  What a command that fails has told before is kept, with the time it was
 * told.  Runs in a transaction with a snapshot, on a server that can be written, where the
 * extension is.
 */
#pragma once

#include "datatype/timestamp.h"

/* How the last run of a command went. */
typedef struct BackupCommand
{
	int position;        /* in the setting, from 1 */
	const char *program; /* with its arguments */
	const char *tool;    /* NULL: it failed */
	TimestampTz ran_at;
	int64 took_ms;
	int sqlerrcode; /* 0: it worked */
	const char *error;
} BackupCommand;

/* What one command tells of a repository.  NULL, 0 for times, -1 for numbers are not told. */
typedef struct Repository
{
	const char *tool;
	const char *server;
	const char *name;
	int position;
	bool listed; /* all backups in it, so that what is not listed is gone */
	int status_code;
	const char *status;
	const char *retention;
	const char *cipher;
	const char *first_wal;
	const char *last_wal;
	int64 system_identifier; /* 0: not told */
	bool busy;
	int backups;
	int base_backups;
	int erroneous;
	int failed;
	TimestampTz oldest_at;
	TimestampTz newest_at;
	TimestampTz newest_base_at;
	int64 stored_bytes;
} Repository;

extern void dbops_repositories_store_command(const BackupCommand *command);

extern void dbops_repositories_store(const Repository *repository, TimestampTz read_at);

/* System identifier of the cluster it was last said to be of; 0 when none was told. */
extern int64 dbops_repositories_identifier(const char *tool, const char *server);

/* Forgets the repositories that this command listed before, and has not at its last run. */
extern void dbops_repositories_forget_missing(int position, TimestampTz read_at);

/* Forgets commands beyond the last, and what they told; all when there are none. */
extern void dbops_repositories_forget_beyond(int positions);
