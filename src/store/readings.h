/*
 * store/readings.h
 *		What the commands of dbops.backup_command told on a standby, in shared memory.
 *
 * A file of its own as a standby cannot write the tables that repositories.h and backups.h are
 * about: what is told there lasts until the next start, has room for so much, and is of no use once
 * the tables can be written.  Written by the reader of catalogues alone; one LWLock, held for a
 * copy.
 */
#pragma once

#include "store/backups.h"
#include "store/repositories.h"

#define READINGS_COMMANDS 8
#define READINGS_REPOSITORIES 32
#define READINGS_BACKUPS 128 /* the newest */

extern Size dbops_readings_shmem_size(void);
extern void dbops_readings_shmem_init(void);

/* How the last run of a command went. */
extern void dbops_readings_keep_command(const BackupCommand *command);

/* Before the backups that the command tells of now: those it told of before are gone. */
extern void dbops_readings_forget_backups(int position);
extern void dbops_readings_keep_repository(const Repository *repository, TimestampTz read_at);
extern void dbops_readings_keep_backup(const Backup *backup, int position);

/* Forgets the repositories that this command listed before, and has not at its last run. */
extern void dbops_readings_forget_missing(int position, TimestampTz read_at);

/* Forgets commands beyond the last, and what they told; all when there are none. */
extern void dbops_readings_forget_beyond(int positions);

/* System identifier of the cluster it was last said to be of; 0 when none was told. */
extern int64 dbops_readings_identifier(const char *tool, const char *server);

/* One of each, as they are kept.  Texts are empty, times 0 and numbers FAMILY_NULL if not told. */
typedef struct CommandReading
{
	int position; /* 0: none */
	char program[208];
	char tool[32];
	char sqlstate[8];
	char error[256];
	TimestampTz ran_at;
	TimestampTz read_at;
	TimestampTz failing_since;
	int64 took_ms;
	int64 failures;
} CommandReading;

typedef struct RepositoryReading
{
	int position;
	char tool[32];
	char server[64];
	char name[64];
	char status[128];
	char retention[64];
	char cipher[32];
	char first_wal[32];
	char last_wal[32];
	bool busy_told;
	bool busy;
	int64 status_code;
	int64 system_identifier;
	int64 backups;
	int64 base_backups;
	int64 erroneous;
	int64 failed;
	int64 stored_bytes;
	TimestampTz oldest_at;
	TimestampTz newest_at;
	TimestampTz newest_base_at;
	TimestampTz listed_at;
	TimestampTz read_at;
} RepositoryReading;

typedef struct BackupReading
{
	int position;
	BackupKind kind;
	BackupStatus status;
	bool wal_archived;
	char tool[32];
	char label[64];
	char prior[64];
	char repository[64];
	char evidence[128];
	TimestampTz started_at;
	TimestampTz ended_at;
	XLogRecPtr start_lsn;
	XLogRecPtr stop_lsn;
	TimeLineID timeline;
	int64 size_bytes;
	int64 stored_bytes;
} BackupReading;

typedef struct Readings
{
	int ncommands;
	int nrepositories;
	int nbackups;
	CommandReading commands[READINGS_COMMANDS];
	RepositoryReading repositories[READINGS_REPOSITORIES];
	BackupReading backups[READINGS_BACKUPS];
} Readings;

/* A copy in the current context; NULL on a server that is no standby, or without preloading. */
extern Readings *dbops_readings_copy(void);
