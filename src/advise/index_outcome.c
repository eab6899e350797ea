/*
 * advise/index_outcome.c
 *		Whether an index does what it was meant to; see index_outcome.h.
 *
 * Each statement counts as often as it was called after the creation, at its mean time on either
 * side: so that a mixture of statements that has changed is no change of their times.
 */
#include "postgres.h"

#include <math.h>

#include "advise/index_outcome.h"

typedef struct Sums
{
	double calls_before; /* of statements known on both sides */
	double calls_after;
	double expected_ms; /* what the calls after would have taken before */
	double ms;          /* what they took */
} Sums;

static Sums
sum_up(const OutcomeFacts *facts, bool writes)
{
	Sums sums = {0};

	for (int i = 0; i < facts->nstatements; i++)
	{
		const OutcomeStatement *statement = &facts->statements[i];

		if (statement->writes != writes || statement->calls_before <= 0 ||
		    statement->calls_after <= 0)
			continue;
		sums.calls_before += statement->calls_before;
		sums.calls_after += statement->calls_after;
		sums.expected_ms += statement->ms_before / statement->calls_before * statement->calls_after;
		sums.ms += statement->ms_after;
	}
	return sums;
}

static bool
is_enough(const OutcomeFacts *facts, const Sums *sums)
{
	bool many = sums->calls_before >= OUTCOME_CALLS && sums->calls_after >= OUTCOME_CALLS;
	bool long_enough = facts->hours_before >= OUTCOME_HOURS && facts->hours_after >= OUTCOME_HOURS;

	return sums->expected_ms > 0 && (many || long_enough);
}

static bool
was_called(const OutcomeFacts *facts, bool after)
{
	for (int i = 0; i < facts->nstatements; i++)
	{
		const OutcomeStatement *statement = &facts->statements[i];

		if (!statement->writes && (after ? statement->calls_after : statement->calls_before) > 0)
			return true;
	}
	return false;
}

static const char *
explain_pending(const OutcomeFacts *facts, const Sums *sums)
{
	if (!was_called(facts, false))
		return "the history has no calls of these statements from before";
	if (!was_called(facts, true))
		return "these statements have not been called since";
	if (sums->calls_after <= 0)
		return "none of these statements was called before and since";
	if (sums->expected_ms <= 0)
		return "these statements took no time that can be measured";
	return "too few calls yet: 100 are needed before and since, or an hour of history";
}

/* By how much writing became dearer; nothing is concluded from a few calls. */
static double
find_write_ratio(const OutcomeFacts *facts, const Sums *writes)
{
	if (!is_enough(facts, writes))
		return NAN;
	return writes->ms / writes->expected_ms - 1;
}

static OutcomeKind
name_change(double ratio, double ms)
{
	if (fabs(ratio) < OUTCOME_NOTABLE || fabs(ms) < OUTCOME_NOTABLE_MS)
		return OUTCOME_NEUTRAL;
	return ratio > 0 ? OUTCOME_CONFIRMED : OUTCOME_REGRESSED;
}

void
dbops_index_outcome_judge(const OutcomeFacts *facts, OutcomeVerdict *verdict)
{
	const Sums reads = sum_up(facts, false);
	const Sums writes = sum_up(facts, true);
	double saved;

	*verdict = (OutcomeVerdict){.calls_before = reads.calls_before,
	                            .calls_after = reads.calls_after,
	                            .mean_before = NAN,
	                            .mean_after = NAN,
	                            .saved_ratio = NAN,
	                            .write_ratio = find_write_ratio(facts, &writes)};
	if (reads.calls_after > 0)
	{
		verdict->mean_before = reads.expected_ms / reads.calls_after;
		verdict->mean_after = reads.ms / reads.calls_after;
	}
	if (!is_enough(facts, &reads))
	{
		verdict->reason = explain_pending(facts, &reads);
		return;
	}
	saved = reads.expected_ms - reads.ms;
	if (fabs(verdict->write_ratio) >= OUTCOME_NOTABLE)
		saved -= writes.ms - writes.expected_ms;
	verdict->saved_ratio = saved / reads.expected_ms;
	verdict->kind = name_change(verdict->saved_ratio, saved / reads.calls_after);
}

const char *
dbops_index_outcome_name(OutcomeKind kind)
{
	static const char *const names[] = {
	    [OUTCOME_PENDING] = "created",
	    [OUTCOME_CONFIRMED] = "confirmed",
	    [OUTCOME_NEUTRAL] = "neutral",
	    [OUTCOME_REGRESSED] = "regressed",
	};

	return names[kind];
}
