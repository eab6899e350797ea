/*
 * collect/archive_status.h
 *		What waits to be archived: the .ready files in pg_wal/archive_status.
 *
 * A file of its own because it is the only witness that survives a crash: the server wipes its
 * statistics, these files stay.  A file name.ready is made before a segment counts as flushed, and
 * becomes name.done when the archiver was told that it succeeded.
 *
 * Reading the folder costs about 30 ms when 100,000 files wait.  A process that looks often reads
 * the whole of it again only when that takes no more than 1/500 of its time; between, it follows
 * the oldest file.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef struct ArchiveStatus
{
	bool known;            /* the folder could be read */
	int64 ready;           /* segments that wait */
	int64 others;          /* histories of timelines and backups, and partial segments, that wait */
	XLogRecPtr oldest;     /* start of the first segment that waits; invalid if none does */
	TimeLineID timeline;   /* of that segment */
	TimestampTz oldest_at; /* when it was complete */
} ArchiveStatus;

/* Reads the folder with segments of that size; for `dbops_archive_status_look` and its test. */
extern void dbops_archive_status_scan(const char *folder, int segment_size, ArchiveStatus *status);

/*
 * Up to where the archiver has been through WAL, of which `flushed` was flushed before the status
 * was read: the start of the first segment that waits, or else of the one that is being written.
 */
extern XLogRecPtr
dbops_archive_status_position(const ArchiveStatus *status, XLogRecPtr flushed, int segment_size);

/*
 * What waits now.  At most 1/500 of the process's time goes into reading the whole folder; between
 * two readings `ready` may be too small by what was added.
 */
extern void dbops_archive_status_look(ArchiveStatus *status);
