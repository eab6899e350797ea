/*
 * test/unit/visits_test.c
 *		Which database the inspector visits next.
 *
 * sources: src/worker/visits.c
 */
#include "postgres.h"

#include "worker/visits.h"

#define NOW (INT64CONST(1000000) * USECS_PER_SEC)
#define INTERVAL (300 * USECS_PER_SEC)
#define AGO(seconds) (NOW - (seconds) *USECS_PER_SEC)

static int tests = 0;

static void
check(int expected, const VisitFacts *facts, int nfacts, const char *fact)
{
	int got = dbops_visits_next(facts, nfacts, NOW, INTERVAL);

	printf("%s %d - %s\n", got == expected ? "ok" : "not ok", ++tests, fact);
	if (got != expected)
		printf("# expected %d, got %d\n", expected, got);
}

int
main(void)
{
	const VisitFacts never[] = {{1, false, 0, 0, 5, false, 0},
	                            {2, true, AGO(20), 0, 9, false, 0},
	                            {3, true, 0, 0, 0, false, 0}};
	const VisitFacts wanted[] = {{1, true, AGO(900), 0, 0, false, 0},
	                             {2, true, AGO(15), 0, 1, false, 0}};
	const VisitFacts overdue[] = {{1, true, AGO(310), 0, 0, false, 0},
	                              {2, true, AGO(400), 0, 0, false, 0}};
	const VisitFacts gap[] = {{1, true, AGO(9), 0, 7, false, 0}};
	const VisitFacts past_gap[] = {{1, true, AGO(10), 0, 7, false, 0}};
	const VisitFacts rest[] = {{1, true, AGO(299), 0, 0, false, 0}};
	const VisitFacts failed[] = {{1, true, AGO(30), 2, 7, false, 0}};
	const VisitFacts failed_long_ago[] = {{1, true, AGO(40), 2, 7, false, 0}};
	const VisitFacts failing[] = {{1, true, AGO(300), 60, 7, false, 0}};
	const VisitFacts ahead[] = {{1, true, AGO(-50), 0, 0, false, 0}};
	const VisitFacts unfinished[] = {
	    {.datid = 1, .visitable = true, .tried_at = AGO(310)},
	    {.datid = 2, .visitable = true, .tried_at = AGO(10), .unfinished = true},
	};
	const VisitFacts unfinished_gap[] = {
	    {.datid = 1, .visitable = true, .tried_at = AGO(9), .unfinished = true}};
	const VisitFacts taking_turns[] = {
	    {.datid = 1, .visitable = true, .tried_at = AGO(11), .unfinished = true},
	    {.datid = 2, .visitable = true, .tried_at = AGO(12), .wanted = 1},
	};
	const VisitFacts stuck[] = {
	    {.datid = 1, .visitable = true, .tried_at = AGO(19), .failures = 1, .unfinished = true}};
	const VisitFacts large_unfinished[] = {{.datid = 1,
	                                        .visitable = true,
	                                        .tried_at = AGO(10),
	                                        .unfinished = true,
	                                        .cycle_us = 5 * USECS_PER_SEC}};
	const VisitFacts large_early[] = {{.datid = 1,
	                                   .visitable = true,
	                                   .tried_at = AGO(99),
	                                   .wanted = 1,
	                                   .cycle_us = 5 * USECS_PER_SEC}};
	const VisitFacts large_late[] = {{.datid = 1,
	                                  .visitable = true,
	                                  .tried_at = AGO(100),
	                                  .wanted = 1,
	                                  .cycle_us = 5 * USECS_PER_SEC}};
	const VisitFacts huge[] = {{.datid = 1,
	                            .visitable = true,
	                            .tried_at = AGO(300),
	                            .wanted = 1,
	                            .cycle_us = 500 * USECS_PER_SEC}};
	const VisitFacts closed[] = {{1, false, AGO(9000), 0, 3, false, 0}};

	check(2, never, lengthof(never), "a database never visited comes first, if it may be visited");
	check(1, wanted, lengthof(wanted), "wanted relations come before a regular visit");
	check(1, overdue, lengthof(overdue), "of those due, the longest unvisited is next");
	check(-1, gap, 1, "no database is visited twice within the gap");
	check(0, past_gap, 1, "wanted relations are looked for after the gap");
	check(-1, rest, 1, "without wanted relations a visit waits for the interval");
	check(-1, failed, 1, "failures double the gap");
	check(0, failed_long_ago, 1, "the doubled gap ends");
	check(0, failing, 1, "after any number of failures the gap is the interval at most");
	check(0, ahead, 1, "a clock set back does not put off a visit");
	check(1, unfinished, 2, "a database not read to its end comes before a regular visit");
	check(-1, unfinished_gap, 1, "and is gone on with after the gap, not before");
	check(1, taking_turns, 2, "it does not keep others waiting");
	check(-1, stuck, 1, "a visit that failed is gone on with after a longer gap");
	check(0, large_unfinished, 1, "a cycle under way goes on, however long the last one took");
	check(-1, large_early, 1, "a database that takes long is not begun again at once");
	check(0, large_late, 1, "but after twenty times as long");
	check(0, huge, 1, "or after the interval at most");
	check(-1, closed, 1, "a database that must not be visited is never next");
	check(-1, NULL, 0, "no databases, no visit");
	printf("1..%d\n", tests);
	return 0;
}
