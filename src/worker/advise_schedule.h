/*
 * worker/advise_schedule.h
 *		For which database advice is computed next.
 *
 * A pure function of what is known about each database and the time, so that it runs without a
 * server.
 */
#pragma once

#include "datatype/timestamp.h"

/* A database is given this long for a workload to be seen before the first search. */
#define ADVISE_FIRST_US (SECS_PER_HOUR * USECS_PER_SEC)

/* After a failure no search begins earlier; failures double it, up to the interval. */
#define ADVISE_GAP_US (60 * USECS_PER_SEC)

typedef struct AdviseFacts
{
	Oid datid;
	bool visitable;       /* no template, allows connections */
	bool asked;           /* somebody waits for it */
	TimestampTz seen_at;  /* when the database was first seen */
	TimestampTz tried_at; /* start of the last search; 0: none yet */
	int failures;         /* searches in a row that failed */
} AdviseFacts;

typedef struct AdviseTerms
{
	int64 interval_us; /* 0: none by itself */
	bool trouble;      /* of the machine: what is due waits for one more interval */
} AdviseTerms;

/*
 * The position of the database to search for now, or -1.  Those somebody waits for come first,
 * whatever the terms; then the one that has been due for the longest time.
 */
extern int
dbops_advise_next(const AdviseFacts *facts, int nfacts, TimestampTz now, AdviseTerms terms);
