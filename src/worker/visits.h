/*
 * worker/visits.h
 *		Which database the inspector visits next.
 *
 * A pure function of what is known about each database and the time, so that it runs without a
 * server.
 */
#pragma once

#include "datatype/timestamp.h"

/* No database is visited more often than this. */
#define VISIT_GAP_US (10 * USECS_PER_SEC)

typedef struct VisitFacts
{
	Oid datid;
	bool visitable;       /* no template, allows connections */
	TimestampTz tried_at; /* start of the last visit; 0: none yet */
	int failures;         /* visits in a row that did not finish */
	int wanted;           /* relations for which a new cycle is wanted */
	bool unfinished;      /* the last visit has not read to the end: the next one goes on */
	int64 cycle_us;       /* connected during the last whole cycle */
} VisitFacts;

/* A cycle begun for wanted relations waits so many times as long as the last one took. */
#define VISIT_REST 20

/*
 * The position of the database to visit now, or -1.  First those never visited, then those not read
 * to their end and those with wanted relations, then the one whose visit is longest ago, if that is
 * interval_us.  Failures double the gap, up to the interval; a database that takes long is not
 * begun again at once, so that one that makes tables all the time is not read all the time.
 */
extern int
dbops_visits_next(const VisitFacts *facts, int nfacts, TimestampTz now, int64 interval_us);
