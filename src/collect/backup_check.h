/*
 * collect/backup_check.h
 *		Comparing a base backup with its manifest: the files there are, their sizes and checksums.
 *
 * What pg_verifybackup finds is found here, in the server, at a bounded rate, and interruptibly.
 * Nothing outside of the folder is opened: files are looked for in it and then in the manifest,
 * never the other way round, and symbolic links are not followed, except those to tablespaces when
 * the caller says so.
 */
#pragma once

#include "collect/manifest.h"

typedef enum BackupProblemKind
{
	BACKUP_PROBLEM_MANIFEST,
	BACKUP_PROBLEM_TWICE,
	BACKUP_PROBLEM_UNSAFE,
	BACKUP_PROBLEM_MISSING,
	BACKUP_PROBLEM_EXTRA,
	BACKUP_PROBLEM_SIZE,
	BACKUP_PROBLEM_CHECKSUM,
	BACKUP_PROBLEM_UNREADABLE,
	BACKUP_PROBLEM_LINK,
	BACKUP_PROBLEM_NO_FILE,
	BACKUP_PROBLEM_IDENTIFIER,
	BACKUP_PROBLEM_WAL,
	BACKUP_PROBLEMS
} BackupProblemKind;

typedef struct BackupProblem
{
	const char *file;
	BackupProblemKind kind;
	const char *expected;
	const char *found;
} BackupProblem;

typedef struct BackupCheckOptions
{
	const char *folder;    /* absolute */
	int max_mb_per_second; /* 0: as fast as it goes */
	bool checksums;
	bool tablespaces; /* links in pg_tblspc are followed */
} BackupCheckOptions;

typedef struct BackupCheck
{
	Manifest *manifest;
	int64 problems;
	int64 files_read;
	int64 bytes_read;
	int64 took_us;
	bool has_wal; /* the backup has WAL of its own */
	char first_problem[256];
} BackupCheck;

typedef void (*BackupProblemFn)(const BackupProblem *problem, void *arg);

/*
 * Compares and reports every problem.  Errors: the folder or its manifest cannot be read at all.
 */
extern BackupCheck *
dbops_backup_check_run(const BackupCheckOptions *options, BackupProblemFn report, void *arg);

/* As people see it: "wrong size". */
extern const char *dbops_backup_check_problem_name(BackupProblemKind kind);
