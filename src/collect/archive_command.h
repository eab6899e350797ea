/*
 * collect/archive_command.h
 *		What archive_command says of itself: which tool it calls, and whether it keeps anything.
 *
 * A file of its own because it reads text and nothing else.  A command that does nothing and
 * succeeds looks perfect in every counter of the server while all WAL is thrown away; the text is
 * the only trace of it.
 */
#pragma once

#include "c.h"

/* Stored in the history: it only grows at its end. */
typedef enum ArchiveTool
{
	ARCHIVE_TOOL_NONE,
	ARCHIVE_TOOL_OTHER,
	ARCHIVE_TOOL_PGBACKREST,
	ARCHIVE_TOOL_BARMAN,
	ARCHIVE_TOOL_WAL_G,
	ARCHIVE_TOOL_WAL_E,
	ARCHIVE_TOOL_PROBACKUP,
	ARCHIVE_TOOL_CNPG,
	ARCHIVE_TOOL_COPY,
	ARCHIVE_TOOL_RSYNC,
	ARCHIVE_TOOL_CLOUD_COPY,
	ARCHIVE_TOOL_LIBRARY,
} ArchiveTool;

/* As people write them, in the order of ArchiveTool, ended by NULL. */
extern const char *const dbops_archive_tools[];

/* The tool that a command calls, as far as its words tell. */
extern ArchiveTool dbops_archive_command_tool(const char *command);

/*
 * Whether the command succeeds without keeping the file: true, :, exit 0, cd ., echo, a copy to
 * /dev/null, alone or one after the other.  Whatever is not known to do nothing counts as keeping.
 */
extern bool dbops_archive_command_discards(const char *command);

/*
 * The value of a long option, --name=value or --name value, without its quotes.  False if it is not
 * there or longer than `size`.
 */
extern bool
dbops_archive_command_option(const char *command, const char *name, char *value, Size size);
