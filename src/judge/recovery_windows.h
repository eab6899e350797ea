/*
 * judge/recovery_windows.h
 *		Times that can be gone back to: from which backups up to which WAL position, and why no further.
 *
 * A backup leads as far as WAL that is kept elsewhere follows on it without a gap.  WAL is kept in
 * pieces: what the archive has of a timeline, less its holes, and what a receiver took in one go.
 * Where a server was promoted, the new timeline begins with a copy of the segment in which the old
 * one was left, so a backup of the old one leads on if all before that segment is kept.  What the
 * old server wrote behind the promotion is a branch: it can be gone to, but not together with what
 * came after.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

/* WAL of one timeline that is kept without a gap. */
typedef struct WalPiece
{
	TimeLineID timeline;
	XLogRecPtr start;
	XLogRecPtr end;
	bool archived; /* by the archiver: holes of the archive are holes in it */
	bool grows;    /* a receiver is connected; not asked of an archive */
} WalPiece;

typedef struct WalHole
{
	TimeLineID timeline;
	XLogRecPtr start;
	XLogRecPtr end;   /* invalid: it grows */
	const char *kind; /* as dbops.archive_hole has it */
} WalHole;

/* A timeline that was left for the next one in the list, or at last for the current one. */
typedef struct LeftTimeline
{
	TimeLineID timeline;
	XLogRecPtr at;
} LeftTimeline;

typedef struct KeptBackup
{
	TimeLineID timeline;
	XLogRecPtr stop;
	TimestampTz ended_at;
} KeptBackup;

typedef struct WindowFacts
{
	TimeLineID timeline;      /* the current one */
	int segment_size;         /* bytes */
	const LeftTimeline *left; /* those before it, the oldest first */
	int nleft;
	const WalPiece *pieces;
	int npieces;
	const WalHole *holes;
	int nholes;
	const KeptBackup *backups;
	int nbackups;
} WindowFacts;

typedef enum WindowEnd
{
	WINDOW_GOES_ON,
	WINDOW_HOLE,    /* of the archive: see `kind` */
	WINDOW_GAP,     /* other WAL is kept behind it, and none that follows on it */
	WINDOW_NO_WAL,  /* none is kept */
	WINDOW_STOPPED, /* a receiver kept it, and is gone */
	WINDOW_UNKNOWN, /* a timeline was left, and it is not known that all of it was archived */
	WINDOW_BRANCH,  /* a timeline was left, and this lies behind */
} WindowEnd;

typedef struct RecoveryWindow
{
	TimeLineID timeline; /* at its end */
	XLogRecPtr from;
	XLogRecPtr to;
	TimestampTz from_at; /* end of the first backup; 0: it begins where the timeline was left */
	TimestampTz last_backup_at; /* likewise */
	int backups;
	WindowEnd end;
	const char *kind; /* of the hole */
} RecoveryWindow;

/* In the current context, in the order of where they end; *count tells how many. */
extern RecoveryWindow *dbops_recovery_windows_find(const WindowFacts *facts, int *count);
