/*
 * store/backup_board.h
 *		What is known of backups, for those who have no SQL: a board in shared memory.
 *
 * The tables have it for people and for ever; checks and families are asked for it in any process
 * and at any time.  The keeper reads the tables and writes the board; one LWLock, held for a copy.
 */
#pragma once

#include "datatype/timestamp.h"

#define BOARD_REPOSITORIES 32

/* A repository, or a command that has told of none.  Numbers are FAMILY_NULL, times 0 if unknown.
 */
typedef struct RepositoryFacts
{
	char tool[32];
	char server[64];
	char name[64]; /* of the repository; of the program, when it told of none */
	bool failing;  /* the command that lists it failed the last time */
	bool busy;
	int64 status_code;
	int64 backups;
	int64 base_backups;
	int64 erroneous;
	int64 failed;
	int64 stored_bytes;
	int64 behind_seconds; /* the newest backup of the same server elsewhere */
	TimestampTz oldest_at;
	TimestampTz newest_at;
	TimestampTz newest_base_at;
	TimestampTz listed_at;
	TimestampTz failing_since;
} RepositoryFacts;

/* Of base backups that have a manifest. */
typedef struct VerificationFacts
{
	int64 backups;  /* known, and not gone */
	int64 verified; /* of these: compared with their manifests at least once */
	int64 damaged;  /* folders whose last comparison found problems */
	int64 damaged_problems;
	TimestampTz verified_at; /* the last comparison of all */
} VerificationFacts;

typedef struct BackupBoard
{
	TimestampTz at; /* when it was written; 0: never */
	int nrepositories;
	RepositoryFacts repositories[BOARD_REPOSITORIES];
	VerificationFacts verification;
} BackupBoard;

extern Size dbops_backup_board_shmem_size(void);
extern void dbops_backup_board_shmem_init(void);

/* Reads the tables and writes the board.  In a transaction with a snapshot, with the extension. */
extern void dbops_backup_board_write(void);

/* A copy in the current context; NULL before the first was written, or without preloading. */
extern BackupBoard *dbops_backup_board_copy(void);
