/*
 * collect/backup_outcome.h
 *		What the end of a session tells of the backup it took.
 *
 * Pure, and a file of its own because it decides what counts as a success: facts in, a description
 * for the catalogue out.
 */
#pragma once

#include "store/backup_text.h"
#include "store/backups.h"
#include "track/backup_ends.h"

/* Copied text that a Backup points to. */
typedef struct BackupOutcome
{
	Backup backup;
	char label[BACKUP_LABEL_BYTES];
	char evidence[BACKUP_END_MESSAGE_BYTES + 128];
} BackupOutcome;

/* What other sessions did for the same backup. */
typedef struct BackupHelp
{
	bool streamed; /* one took the WAL of the base backup while it ran */
	int tables_copied;
	int64 bytes;
	const BackupEnd *failed; /* one of them that did; NULL: none */
} BackupHelp;

/* False if the end is that of a helper, which has no row of its own. */
extern bool
dbops_backup_outcome(const BackupEnd *end, const BackupHelp *help, BackupOutcome *outcome);

/* Whether it works for a dump that another session leads, or takes the WAL of a pg_basebackup. */
extern bool dbops_backup_outcome_is_helper(const BackupEnd *end);

/* Whether the helper did its work for this backup, which began before it and ended after that. */
extern bool dbops_backup_outcome_helped(const BackupEnd *helper, const BackupEnd *end);

/* Whether such a receiver of WAL belongs to a base backup. */
extern bool dbops_backup_outcome_is_companion(const char *slot, const char *application_name);
