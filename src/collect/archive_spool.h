/*
 * collect/archive_spool.h
 *		What pgBackRest's asynchronous push leaves in its spool: errors, and WAL that it dropped.
 *
 * A file of its own because it knows a tool's files.  Above archive-push-queue-max pgBackRest drops
 * WAL and reports success; the only trace is the text of a status file:
 * <spool>/archive/<stanza>/out/<segment>.ok.  A <segment>.error or global.error tells why a push
 * fails.
 */
#pragma once

#include "access/xlogdefs.h"

typedef struct ArchiveSpool
{
	bool known;              /* there is a spool, and it could be read */
	int errors;              /* files *.error */
	int dropped;             /* segments that were dropped */
	XLogRecPtr dropped_from; /* start of the first of them; invalid if there is none */
	XLogRecPtr dropped_to;   /* end of the last */
	TimeLineID timeline;     /* of the first */
} ArchiveSpool;

/* Reads the folder "out" of a stanza with segments of that size. */
extern void dbops_archive_spool_scan(const char *folder, int segment_size, ArchiveSpool *spool);

/*
 * spool-path of a pgBackRest configuration for a stanza, as archive-push reads it: the most special
 * section that has it.  False if none has.
 */
extern bool
dbops_archive_spool_configured(const char *content, const char *stanza, char *path, Size size);

/* What is in the spool of the pgBackRest that archive_command calls; unknown for other commands. */
extern void dbops_archive_spool_look(const char *command, ArchiveSpool *spool);
