/*
 * worker/visits.c
 *		Which database the inspector visits next; see visits.h.
 */
#include "postgres.h"

#include "worker/visits.h"

#define DOUBLINGS_MAX 10

typedef enum Urgency
{
	URGENCY_NONE,
	URGENCY_REGULAR,
	URGENCY_WANTED,
	URGENCY_FIRST,
} Urgency;

static Urgency
judge(const VisitFacts *facts, TimestampTz now, int64 interval_us)
{
	int64 gap_us =
	    Min(VISIT_GAP_US << Min(facts->failures, DOUBLINGS_MAX), Max(interval_us, VISIT_GAP_US));
	int64 since_us = now - facts->tried_at;

	if (!facts->visitable)
		return URGENCY_NONE;
	if (facts->tried_at == 0)
		return URGENCY_FIRST;
	/* A clock set back must not put off the visit. */
	if (since_us < 0)
		return URGENCY_REGULAR;
	if (since_us < gap_us)
		return URGENCY_NONE;
	if (facts->unfinished)
		return URGENCY_WANTED;
	if (facts->wanted > 0 && since_us >= Min(VISIT_REST * facts->cycle_us, interval_us))
		return URGENCY_WANTED;
	return since_us >= interval_us ? URGENCY_REGULAR : URGENCY_NONE;
}

int
dbops_visits_next(const VisitFacts *facts, int nfacts, TimestampTz now, int64 interval_us)
{
	Urgency best_urgency = URGENCY_NONE;
	int best = -1;

	for (int i = 0; i < nfacts; i++)
	{
		Urgency urgency = judge(&facts[i], now, interval_us);

		if (urgency == URGENCY_NONE || urgency < best_urgency)
			continue;
		if (urgency == best_urgency && facts[i].tried_at >= facts[best].tried_at)
			continue;
		best = i;
		best_urgency = urgency;
	}
	return best;
}
