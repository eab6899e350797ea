/*
 * worker/advising.h
 *		A search for indexes in one database: what the keeper and the process that searches share.
 *
 * The keeper makes a segment and starts the process, which connects to the database, searches,
 * writes what it found into the segment, and ends.  Nothing is read before it has ended.
 */
#pragma once

#include "core/tx.h"
#include "storage/dsm.h"

/* Advice is some kB; a database with that much of it loses what saves least. */
#define ADVISING_ROOM (1024 * 1024)

typedef struct AdvisingSegment
{
	Oid datid;
	int limit_s;                     /* for the search */
	int64 took_ms;                   /* written by the process, like all below */
	TaskError error;                 /* why there is nothing in run */
	int32 size;                      /* of run; 0: nothing */
	char run[FLEXIBLE_ARRAY_MEMBER]; /* as advise/recommendation_json.h writes it, in UTF-8 */
} AdvisingSegment;

static inline Size
dbops_advising_segment_size(void)
{
	return offsetof(AdvisingSegment, run) + ADVISING_ROOM;
}

/* Beyond the limit of the search: for reading the workload, one long planning, and writing. */
#define ADVISING_GRACE_S 10
