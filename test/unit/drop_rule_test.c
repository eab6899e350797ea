/*
 * test/unit/drop_rule_test.c
 *		Which indexes may be dropped: duties, use in a window, who is known to use them.
 *
 * sources: src/advise/drop_rule.c
 */
#include "postgres.h"

#include <math.h>

#include "advise/drop_rule.h"

#include "tap.h"

typedef struct Case
{
	DropFacts facts;
	DropCondition expected;
	const char *what;
} Case;

static const Case cases[] = {
    {{.days = 30}, DROP_UNUSED, "what nobody used may go"},
    {{.duty = INDEX_UNIQUE, .days = 30}, DROP_NEVER, "unless it has a duty"},
    {{.duty = INDEX_UNIQUE, .given = true}, DROP_NEVER, "whatever the workload"},
    {{.days = 30, .given = true}, DROP_COVERED, "a given workload does not know of other uses"},
    {{.days = 0}, DROP_COVERED, "nothing was seen, as nobody looked"},
    {{.days = 30, .scans = NAN}, DROP_COVERED, "how often it was used is not known"},
    {{.days = 30, .scans = 1}, DROP_COVERED, "one scan by who is not known"},
    {{.days = 30, .scans = 100, .known_scans = 89}, DROP_COVERED, "too few scans are known"},
    {{.days = 30, .scans = 100, .known_scans = 90}, DROP_KNOWN, "enough scans are known"},
};

static void
test_conditions(void)
{
	for (int i = 0; i < lengthof(cases); i++)
		is_int(dbops_drop_judge(&cases[i].facts), cases[i].expected, cases[i].what);
}

static void
is_confidence(double days, int standbys, DropCondition because, const char *expected,
              const char *what)
{
	const DropFacts facts = {.days = days, .standbys_unknown = standbys};

	is_str(dbops_drop_confidence(&facts, because), expected, what);
}

static void
test_confidence(void)
{
	is_confidence(6.9, 0, DROP_UNUSED, "low", "less than a week is not much");
	is_confidence(7, 0, DROP_UNUSED, "medium", "a week has all that runs weekly");
	is_confidence(30.9, 0, DROP_UNUSED, "medium", "but not what runs monthly");
	is_confidence(31, 0, DROP_UNUSED, "high", "which a month has");
	is_confidence(31, 1, DROP_UNUSED, "medium", "a standby nobody knows of lowers it");
	is_confidence(7, 2, DROP_UNUSED, "low", "at any level");
	is_confidence(1, 2, DROP_UNUSED, "low", "of which there is a lowest");
	is_confidence(31, 0, DROP_KNOWN, "medium", "that plans are as good is what the planner thinks");
	is_confidence(0, 3, DROP_COVERED, "high", "the other index is on standbys, too");
}

static void
test_phrases(void)
{
	ok(dbops_index_duty_phrase(INDEX_NO_DUTY) == NULL, "no duty, nothing to say");
	for (int duty = INDEX_NO_DUTY + 1; duty < INDEX_NDUTIES; duty++)
		ok(dbops_index_duty_phrase(duty) != NULL, "each duty has words");
	is_str(dbops_drop_unused_phrase(&(DropFacts){.days = 0.05}),
	       "not used in the 72 minutes that are known", "a short time");
	is_str(
	    dbops_drop_unused_phrase(&(DropFacts){.days = 1.5, .standbys_unknown = 1}),
	    "not used in the 36 hours that are known; 1 standby may use it, of which nothing is known",
	    "who was not asked");
	is_str(
	    dbops_drop_unused_phrase(&(DropFacts){.days = 12, .standbys_unknown = 2}),
	    "not used in the 12 days that are known; 2 standbys may use it, of which nothing is known",
	    "days");
}

int
main(void)
{
	test_conditions();
	test_confidence();
	test_phrases();
	return tap_done();
}
