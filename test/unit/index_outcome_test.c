/*
 * test/unit/index_outcome_test.c
 *		What is said of an index from the times of statements before and after.
 *
 * sources: src/advise/index_outcome.c
 */
#include "postgres.h"

#include <math.h>

#include "advise/index_outcome.h"
#include "tap.h"

#define MANY 1000

/* A statement that was called often on both sides, by its means. */
#define READS(before, after)                             \
	{                                                    \
		false, MANY, MANY *(before), MANY, MANY *(after) \
	}
#define WRITES(before, after)                           \
	{                                                   \
		true, MANY, MANY *(before), MANY, MANY *(after) \
	}

typedef struct Case
{
	const char *fact;
	OutcomeKind kind;
	double saved_ratio;
	double hours_before;
	double hours_after;
	int n;
	OutcomeStatement statements[3];
} Case;

static const Case cases[] = {
    {"half the time is confirmed", OUTCOME_CONFIRMED, 0.5, 0, 0, 1, {READS(10, 5)}},
    {"a tenth less is confirmed", OUTCOME_CONFIRMED, 0.10, 0, 0, 1, {READS(10, 9)}},
    {"a little less than a tenth is neutral", OUTCOME_NEUTRAL, 0.099, 0, 0, 1, {READS(10, 9.01)}},
    {"the same is neutral", OUTCOME_NEUTRAL, 0, 0, 0, 1, {READS(10, 10)}},
    {"almost a tenth more is neutral", OUTCOME_NEUTRAL, -0.099, 0, 0, 1, {READS(10, 10.99)}},
    {"a tenth more is regressed", OUTCOME_REGRESSED, -0.10, 0, 0, 1, {READS(10, 11)}},
    {"so small a time is in the noise", OUTCOME_NEUTRAL, 0.5, 0, 0, 1, {READS(0.0198, 0.0099)}},
    {"even if it grows", OUTCOME_NEUTRAL, -0.5, 0, 0, 1, {READS(0.0198, 0.0297)}},
    {"a little more is not", OUTCOME_CONFIRMED, 0.5, 0, 0, 1, {READS(0.0202, 0.0101)}},
    {"either way", OUTCOME_REGRESSED, -0.5, 0, 0, 1, {READS(0.0202, 0.0303)}},
    {"what one wins another may lose",
     OUTCOME_REGRESSED,
     -0.25,
     0,
     0,
     2,
     {READS(10, 5), READS(10, 20)}},
    {"dearer writes are set against it",
     OUTCOME_REGRESSED,
     -0.5,
     0,
     0,
     2,
     {READS(10, 5), WRITES(10, 20)}},
    {"writes in the noise are not",
     OUTCOME_CONFIRMED,
     0.5,
     0,
     0,
     2,
     {READS(1, 0.5), WRITES(100, 109.9)}},
    {"writes at its edge are", OUTCOME_REGRESSED, -9.5, 0, 0, 2, {READS(1, 0.5), WRITES(100, 110)}},
    {"cheaper writes count as well",
     OUTCOME_CONFIRMED,
     0.5,
     0,
     0,
     2,
     {READS(10, 10), WRITES(10, 5)}},
    {"a hundred calls are enough", OUTCOME_CONFIRMED, 0.5, 0, 0, 1, {{false, 100, 1000, 100, 500}}},
    {"ninety-nine before are not", OUTCOME_PENDING, NAN, 0, 0, 1, {{false, 99, 990, 100, 500}}},
    {"ninety-nine after are not", OUTCOME_PENDING, NAN, 0, 0, 1, {{false, 100, 1000, 99, 500}}},
    {"but in an hour on both sides", OUTCOME_CONFIRMED, 0.5, 1, 1, 1, {{false, 2, 20, 2, 10}}},
    {"not in an hour on one", OUTCOME_PENDING, NAN, 20, 0.99, 1, {{false, 2, 20, 2, 10}}},
    {"nor on the other", OUTCOME_PENDING, NAN, 0.99, 20, 1, {{false, 2, 20, 2, 10}}},
    {"nothing from before is pending", OUTCOME_PENDING, NAN, 5, 5, 1, {{false, 0, 0, MANY, MANY}}},
    {"nothing since is pending", OUTCOME_PENDING, NAN, 5, 5, 1, {{false, MANY, MANY, 0, 0}}},
    {"different ones are pending",
     OUTCOME_PENDING,
     NAN,
     5,
     5,
     2,
     {{false, MANY, MANY, 0, 0}, {false, 0, 0, MANY, MANY}}},
    {"no statement is pending", OUTCOME_PENDING, NAN, 5, 5, 0, {{0}}},
    {"no time is pending", OUTCOME_PENDING, NAN, 5, 5, 1, {{false, MANY, 0, MANY, 0}}},
    {"writes alone are pending", OUTCOME_PENDING, NAN, 5, 5, 1, {WRITES(1, 2)}},
    {"another mixture is no change",
     OUTCOME_NEUTRAL,
     0,
     0,
     0,
     2,
     {{false, 1000, 1000, 100, 100}, {false, 100, 10000, 1000, 100000}}},
    {"few writes say nothing",
     OUTCOME_CONFIRMED,
     0.5,
     0,
     0,
     2,
     {READS(10, 5), {true, 99, 99, 99, 99000}}},
};

int
main(void)
{
	OutcomeVerdict verdict;

	for (int i = 0; i < lengthof(cases); i++)
	{
		const Case *c = &cases[i];
		const OutcomeFacts facts = {c->hours_before, c->hours_after, c->n, c->statements};

		dbops_index_outcome_judge(&facts, &verdict);
		ok(verdict.kind == c->kind, "%s", c->fact);
		is_near(verdict.saved_ratio, c->saved_ratio, 1e-9, "%s, by that", c->fact);
		ok((verdict.reason != NULL) == (c->kind == OUTCOME_PENDING), "%s, and why", c->fact);
	}
	dbops_index_outcome_judge(
	    &(OutcomeFacts){0, 0, 2, (OutcomeStatement[]){READS(10, 5), WRITES(4, 5)}}, &verdict);
	is_near(verdict.mean_before, 10, 1e-9, "mean before");
	is_near(verdict.mean_after, 5, 1e-9, "mean after");
	is_near(verdict.write_ratio, 0.25, 1e-9, "how much dearer writes are");
	is_str(dbops_index_outcome_name(OUTCOME_PENDING), "created", "pending is called created");
	is_str(dbops_index_outcome_name(OUTCOME_REGRESSED), "regressed", "the rest as it is");
	return tap_done();
}
