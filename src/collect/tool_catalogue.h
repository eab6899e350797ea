/*
 * collect/tool_catalogue.h
 *		What backup tools say of the backups they keep, whichever tool it is.
 *
 * A file of its own as the parsers of the tools' formats make it and the writers of tables take it.
 * Its memory is the one that was current when it was begun.  What a tool does not tell is NULL, 0
 * for times and positions, -1 for numbers.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef enum ToolBackupStatus
{
	TOOL_BACKUP_OK,
	TOOL_BACKUP_RUNNING,
	TOOL_BACKUP_FAILED,
} ToolBackupStatus;

typedef enum ToolBackupKind
{
	TOOL_BACKUP_BASE,
	TOOL_BACKUP_DIFFERENTIAL,
	TOOL_BACKUP_INCREMENTAL,
} ToolBackupKind;

typedef struct ToolBackup
{
	const char *label;
	const char *prior;      /* label of the one it builds on */
	const char *server;     /* what the tool calls the server it is of */
	const char *repository; /* where it lies */
	const char *evidence;   /* what the tool says against it */
	ToolBackupKind kind;
	ToolBackupStatus status;
	bool erroneous; /* it is there, and the tool found errors in it */
	TimestampTz started_at;
	TimestampTz ended_at;
	XLogRecPtr start_lsn;
	XLogRecPtr stop_lsn;
	int64 timeline;
	int64 size_bytes;   /* of the cluster */
	int64 stored_bytes; /* that it adds to its repository */
	int64 system_identifier;
} ToolBackup;

typedef struct ToolRepository
{
	const char *server;
	const char *name;
	int status_code;       /* 0: the tool finds nothing wrong */
	const char *status;    /* its words for it */
	const char *retention; /* its rule, where it tells */
	const char *cipher;    /* NULL: none */
	const char *first_wal; /* names of the first and last segment kept */
	const char *last_wal;
	int64 system_identifier;
	bool busy;  /* a backup runs */
	bool whole; /* all backups in it are listed, so what is not is gone */
} ToolRepository;

typedef struct ToolCatalogue
{
	const char *tool; /* as dbops.backup has it */
	ToolBackup *backups;
	int nbackups;
	ToolRepository *repositories;
	int nrepositories;
} ToolCatalogue;

/*
 * Reads what a program printed, in UTF-8; the tool is known by the shape of it.  Errors: it is no
 * JSON, has values of another type than the tool's, or is of no tool that is known.
 */
extern ToolCatalogue *dbops_tool_catalogue_read(const char *words, Size size);

/* For the parsers: a new one of each, with nothing known. */
extern ToolBackup *dbops_tool_catalogue_add_backup(ToolCatalogue *catalogue);
extern ToolRepository *dbops_tool_catalogue_add_repository(ToolCatalogue *catalogue);

/* NULL when there is none of that name. */
extern ToolRepository *
dbops_tool_catalogue_find(const ToolCatalogue *catalogue, const char *server, const char *name);

/* Seconds since 1970 as a time; -1 is none. */
extern TimestampTz dbops_tool_catalogue_time(int64 seconds);

/* A position as `0/2000028`; none when it is NULL, an error when it is something else. */
extern XLogRecPtr dbops_tool_catalogue_lsn(const char *words);

/* The timeline in the name of a segment; -1 when there is none. */
extern int64 dbops_tool_catalogue_timeline(const char *segment);
