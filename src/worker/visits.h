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
	int unknown;          /* relations seen in the statistics that no visit has looked for */
} VisitFacts;

/*
 * The position of the database to visit now, or -1.  First those never visited, then those with
 * unknown relations, then the one whose visit is longest ago, if that is interval_us.  Failures
 * double the gap, up to the interval.
 */
extern int
dbops_visits_next(const VisitFacts *facts, int nfacts, TimestampTz now, int64 interval_us);
