/*
 * worker/advise_schedule.c
 *		For which database advice is computed next; see advise_schedule.h.
 */
#include "postgres.h"

#include "worker/advise_schedule.h"

#define DOUBLINGS_MAX 16

/* For how long it has been due; negative: it is not. */
static int64
due_for(const AdviseFacts *facts, TimestampTz now, AdviseTerms terms)
{
	TimestampTz since = facts->tried_at;
	int64 wait_us = terms.interval_us;

	if (facts->tried_at == 0)
	{
		since = facts->seen_at;
		wait_us = Min(terms.interval_us, ADVISE_FIRST_US);
	}
	else if (facts->failures > 0)
		wait_us = Min(ADVISE_GAP_US << Min(facts->failures - 1, DOUBLINGS_MAX), wait_us);
	if (terms.trouble)
		wait_us += terms.interval_us;
	/* A clock set back must not put it off. */
	if (now < since)
		return 0;
	return now - since - wait_us;
}

int
dbops_advise_next(const AdviseFacts *facts, int nfacts, TimestampTz now, AdviseTerms terms)
{
	int64 longest_us = -1;
	int next = -1;

	for (int i = 0; i < nfacts; i++)
	{
		int64 due_us;

		if (!facts[i].visitable)
			continue;
		if (facts[i].asked)
			return i;
		if (terms.interval_us <= 0)
			continue;
		due_us = due_for(&facts[i], now, terms);
		if (due_us <= longest_us)
			continue;
		longest_us = due_us;
		next = i;
	}
	return next;
}
