/*
 * collect/archive_watch.h
 *		What can be known of archiving only by having looked all the time.
 *
 * The sampler looks every second, and once more before it takes in changed settings; what it
 * remembers lies in shared memory, for sessions that ask.  It remembers
 *
 * - when nothing of a user's was last missing from the archive.  An idle server has WAL that is not
 *   archived, as checkpoints and dbops itself write some, and nobody would miss it.  What matters
 *   is whether transactions have ended since all of WAL was last archived;
 * - holes: WAL that the archiver was told is safe and that is nowhere, as archive_command did
 *   nothing, or as pgBackRest dropped it;
 * - since when the archiver has got nowhere.
 *
 * The holes are kept over restarts in dbops.archive_hole, see collect/archive_holes.h.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

/* Stored in the history: it only grows at its end. */
typedef enum ArchiveHoleKind
{
	HOLE_NONE,
	HOLE_DISCARDED, /* archive_command does nothing */
	HOLE_DROPPED,   /* dropped by pgBackRest */
} ArchiveHoleKind;

/* As words, in the order of the kinds, ended by NULL. */
extern const char *const dbops_archive_hole_kinds[];

typedef struct ArchiveHole
{
	ArchiveHoleKind kind;
	TimeLineID timeline;
	XLogRecPtr start;  /* first WAL that is missing */
	XLogRecPtr end;    /* WAL from here on is archived; invalid while the hole grows */
	TimestampTz since; /* when nothing of a user's was in it yet */
} ArchiveHole;

typedef struct ArchiveWatch
{
	/* With archiving or without: when transactions of users last ended. */
	uint64 transactions;     /* those that had ended at the latest look */
	XLogRecPtr ended_before; /* all of them are in WAL before this; invalid before the first look */

	bool looked;               /* nothing below means anything before */
	XLogRecPtr archived;       /* where the archiver had got to, see archive_status.h */
	XLogRecPtr first_archived; /* likewise, at the first look since the start */
	TimestampTz clean_at;      /* nothing of a user's was missing then; 0: never seen so */
	uint64 clean_transactions; /* transactions of users that had ended by then; 0: none known */
	ArchiveHole hole;          /* the latest */

	/* The archiver has been at this since then. */
	int64 archived_count;
	int64 failed_count;
	bool busy;
	TimestampTz same_since;
} ArchiveWatch;

extern Size dbops_archive_watch_shmem_size(void);
extern void dbops_archive_watch_shmem_init(void);

/* Looks; for the sampler.  Needs no transaction. */
extern void dbops_archive_watch_look(void);

/* What is remembered; false before the first look since the start. */
extern bool dbops_archive_watch_read(ArchiveWatch *watch);

/* Whether no transaction of a user has ended behind the position; false if that is not known. */
extern bool dbops_archive_watch_nothing_since(const ArchiveWatch *watch, XLogRecPtr lsn);

/*
 * Transactions of users that have ended since the start, those without an id left out.  False if
 * that cannot be told, as a worker of dbops takes long to end its own.
 */
extern bool dbops_archive_watch_transactions(uint64 *count);

/* Whether nothing of a user's has been missing from the archive since `clean_at`. */
extern bool dbops_archive_watch_is_clean(const ArchiveWatch *watch);

/*
 * Notes what the archiver is at, and returns since when it has been at it.  Only the sampler's word
 * is kept; to others it tells what the sampler knows.
 */
extern TimestampTz
dbops_archive_watch_progress(int64 archived_count, int64 failed_count, bool busy);

/*
 * Takes up a hole that grew when the server went down.  If it still grows it is the one that is
 * watched from here on; if not, it is given its end.  False before the first look.
 */
extern bool dbops_archive_watch_resume(ArchiveHole *stored);

/* Before the server went down nothing of a user's was missing then behind this position. */
extern void dbops_archive_watch_recall(TimestampTz clean_at, XLogRecPtr archived);
