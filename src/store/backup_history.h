/*
 * store/backup_history.h
 *		Backup history files: what the server leaves in pg_wal when a backup was completed.
 *
 * <first segment>.<offset of its start>.backup, written when pg_backup_stop or BASE_BACKUP ends on
 * a server that is no standby.  It is the one trace that all tools have in common; only that of the
 * newest backup stays.  The server writes it in place, so it may be half written: only one that is
 * complete is taken.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

#include "store/backup_text.h"

#define BACKUP_HISTORY_BYTES 2048

typedef struct BackupHistory
{
	XLogRecPtr start_lsn;
	XLogRecPtr stop_lsn;
	TimeLineID start_timeline;
	TimeLineID stop_timeline;
	char started[64]; /* as written: local time and the abbreviation of its zone */
	char stopped[64];
	char label[BACKUP_LABEL_BYTES];
	bool from_standby;
	bool incremental;
} BackupHistory;

/* Whether this is the name of one. */
extern bool dbops_backup_history_is_name(const char *name);

/* Takes in the text of one; false if it is not complete, or is something else. */
extern bool dbops_backup_history_parse(const char *content, BackupHistory *history);
