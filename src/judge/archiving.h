/*
 * judge/archiving.h
 *		How the archiver fares, as a word, and what tells so.
 *
 * A file of its own because nobody else tells these states apart: a command that hangs counts no
 * failure, one that does nothing counts successes, and an idle server archives nothing for days and
 * is well.
 */
#pragma once

#include "c.h"

/* Stored in the history: it only grows at its end. */
typedef enum ArchivingState
{
	ARCHIVING_UNKNOWN,
	ARCHIVING_OFF,
	ARCHIVING_WORKING,
	ARCHIVING_IDLE,       /* nothing of a user's is missing */
	ARCHIVING_FAILING,    /* the last attempt failed */
	ARCHIVING_HANGING,    /* something waits, and nothing happens */
	ARCHIVING_DISCARDING, /* archive_command does nothing and says it did */
	ARCHIVING_DROPPING,   /* pgBackRest drops WAL and says it is archived */
	ARCHIVING_NO_COMMAND, /* WAL is kept for a command that is not set */
} ArchivingState;

/* As words, in the order of the states, ended by NULL. */
extern const char *const dbops_archiving_states[];

/* FAMILY_NULL (store/family.h) is unknown everywhere. */
typedef struct ArchivingFacts
{
	bool known; /* there is a row of the family "archiver" */
	bool in_recovery;
	int64 mode;   /* words of that family */
	int64 method; /* likewise */
	int64 tool;   /* likewise */
	int64 discards;
	int64 ready;
	int64 ready_others;
	int64 oldest_ready_age_us;
	int64 unarchived_us;
	int64 last_archived_at;
	int64 last_failed_at;
	int64 waits_for; /* words of that family */
	int64 pid;
	int64 same_us;
	int64 spool_errors;
	int64 spool_dropped;
} ArchivingFacts;

typedef struct ArchivingVerdict
{
	ArchivingState state;
	char evidence[256];
} ArchivingVerdict;

/* For longer than this an archive_command does not run that is well. */
#define ARCHIVING_PATIENCE_US (60 * INT64CONST(1000000))

/* A failing archiver rests for a minute between attempts; one that rests for longer is stuck. */
#define ARCHIVING_REST_US (180 * INT64CONST(1000000))

/* Facts from a row of the family "archiver"; NULL for no row. */
extern void dbops_archiving_load(const int64 *values, bool in_recovery, ArchivingFacts *facts);

extern void dbops_archiving_judge(const ArchivingFacts *facts, ArchivingVerdict *verdict);
