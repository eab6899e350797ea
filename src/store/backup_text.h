/*
 * store/backup_text.h
 *		What names and texts tell of a backup: which tool makes it, under which label, with which
 *		options.
 *
 * Every tool leaves its mark, in the name it connects with or in the label it gives.  Pure: strings
 * in, words out, so that what a tool writes can be tested without the tool.
 */
#pragma once

#include "access/xlogdefs.h"

#define BACKUP_LABEL_BYTES 256

/*
 * The tool that gives such labels, else the one that connects by such a name; NULL when neither
 * tells.  Either may be NULL.
 */
extern const char *dbops_backup_text_tool(const char *label, const char *application_name);

/* What a replication command asks for. */
typedef struct BackupCommand
{
	char label[BACKUP_LABEL_BYTES]; /* empty: not given */
	bool wal;                       /* with the WAL it needs */
	bool incremental;
} BackupCommand;

/* False if it is no BASE_BACKUP. */
extern bool dbops_backup_text_command(const char *sent, BackupCommand *command);

/* Whether it is a START_REPLICATION of physical WAL, and by which slot; empty without one. */
extern bool dbops_backup_text_stream(const char *sent, char *slot);

/* Where such a START_REPLICATION begins; invalid if that cannot be read. */
extern XLogRecPtr dbops_backup_text_stream_start(const char *sent);

/*
 * Whether a statement calls pg_backup_start, and with which label, empty where it is no literal; if
 * not `whole`, only the beginning of it is one.  Names in strings and comments are none that are
 * called.
 */
extern bool dbops_backup_text_starts(const char *sent, char *label, bool *whole);

/*
 * What the tool's own catalogue calls the backup, where the label tells it: the part of it that
 * does.  NULL: it does not.
 */
extern const char *dbops_backup_text_id(const char *tool, const char *label);
