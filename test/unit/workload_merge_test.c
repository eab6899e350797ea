/*
 * test/unit/workload_merge_test.c
 *		Counters of users and levels become ranked statements; which source answers for a window.
 *
 * sources: src/advise/workload_merge.c
 */
#include "postgres.h"

#include "advise/workload_merge.h"

#include "tap.h"

#define ALICE 10
#define BOB 20

static void
test_merge(void)
{
	TimedRow rows[] = {
	    {7, BOB, true, 1, 5},     {8, ALICE, true, 2, 100}, {7, ALICE, true, 10, 3},
	    {7, ALICE, false, 20, 4}, {9, BOB, false, 1, 50},   {6, BOB, true, 0, 0},
	};
	int count;
	const TimedStatement *merged = dbops_workload_merge(rows, lengthof(rows), &count);

	is_int(count, 3, "one for each queryid, without what did nothing");
	is_int(merged[0].queryid, 8, "the dearest first");
	is_int(merged[1].queryid, 9, "what functions run has its place by its own time");
	is_int(merged[2].queryid, 7, "and the cheapest last");
	is_near(merged[2].calls, 31, 0, "calls of all users and levels are summed");
	is_near(merged[2].ms, 12, 0, "as is their time");
	is_near(merged[2].toplevel_ms, 8, 0, "of which that of clients is known");
	is_int(merged[2].userid, ALICE, "the user is the one with most time, of both levels");
	is_near(merged[1].toplevel_ms, 0, 0, "a function's statement has none of clients");
}

static void
test_edges(void)
{
	TimedRow only_calls[] = {{1, BOB, true, 3, 0}, {2, BOB, true, 3, 0}, {3, ALICE, true, 4, 0}};
	TimedRow reversed[] = {{3, ALICE, true, 4, 0}, {2, BOB, true, 3, 0}, {1, BOB, true, 3, 0}};
	TimedRow same_user[] = {{1, ALICE, true, 1, 2}, {1, BOB, true, 1, 2}};
	int count;
	const TimedStatement *merged;

	merged = dbops_workload_merge(NULL, 0, &count);
	is_int(count, 0, "of nothing comes nothing");
	merged = dbops_workload_merge(only_calls, 3, &count);
	is_int(count, 3, "too quick for any time to be seen is no reason to be missing");
	is_int(merged[0].queryid, 3, "of equal times the one called more often is first");
	is_int(merged[0].userid, ALICE, "its user is known without any time");
	is_int(merged[1].queryid, 1, "of equal calls too the order is fixed");
	merged = dbops_workload_merge(reversed, 3, &count);
	is_int(merged[1].queryid, 1, "however the rows come");
	merged = dbops_workload_merge(same_user, 2, &count);
	is_int(merged[0].userid, ALICE, "of two users with the same time the older role");
}

static void
test_source(void)
{
	const int64 day = USECS_PER_DAY;
	static const struct
	{
		int64 window;
		int64 history;
		int64 counters;
		bool prefers;
		const char *why;
	} cases[] = {
	    {7, 7, 100, true, "a history as long as the window answers"},
	    {8, 4, 100, true, "and one of half of it"},
	    {8, 3, 100, false, "a shorter one does not, if the server runs for longer"},
	    {8, 3, 6, true, "it does if counters are not much older"},
	    {8, 2, 6, false, "but not if they are"},
	    {8, 0, 0, false, "no history answers nothing, even with no counters"},
	    {8, 1, 0, true, "after a start the history that is there knows more"},
	};

	for (int i = 0; i < lengthof(cases); i++)
		is_int(dbops_workload_prefers_history(cases[i].window * day, cases[i].history * day,
		                                      cases[i].counters * day),
		       cases[i].prefers, "%s", cases[i].why);
}

static void
test_step(void)
{
	is_int(dbops_workload_step(7 * USECS_PER_DAY), USECS_PER_HOUR, "a week is read by hours");
	is_int(dbops_workload_step(2 * USECS_PER_DAY), USECS_PER_HOUR, "so are two days");
	is_int(dbops_workload_step(2 * USECS_PER_DAY - 1), 10 * USECS_PER_MINUTE,
	       "less by ten minutes");
	is_int(dbops_workload_step(8 * USECS_PER_HOUR - 1), USECS_PER_MINUTE,
	       "less than eight hours by minutes");
	is_int(dbops_workload_step(48 * USECS_PER_MINUTE), USECS_PER_MINUTE, "48 minutes too");
	is_int(dbops_workload_step(48 * USECS_PER_MINUTE - 1), 0, "and less as it is stored");
}

int
main(void)
{
	test_merge();
	test_edges();
	test_source();
	test_step();
	return tap_done();
}
