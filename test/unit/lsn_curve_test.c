/*
 * test/unit/lsn_curve_test.c
 *		The curve of LSN over time: what is seen is found again, rest is not smeared, old points are
 *		thinned by their age, and no clock and no failover brings it out of order.
 *
 * sources: src/store/lsn_curve.c
 */
#include "postgres.h"

#include "store/lsn_curve.h"

#include "tap.h"

#define NOON (INT64CONST(840000000) * USECS_PER_SEC)
#define AT(seconds) (NOON + (int64) ((seconds) *USECS_PER_SEC))

static LsnCurve curve;

static void
see_on(TimeLineID timeline, XLogRecPtr lsn, TimestampTz at)
{
	LsnPoint point = {.lsn = lsn, .first_at = at, .last_at = at, .timeline = timeline};

	dbops_lsn_curve_add(&curve, &point, 0);
}

static void
see(XLogRecPtr lsn, TimestampTz at)
{
	see_on(1, lsn, at);
}

/* The answer, or 0. */
static TimestampTz
ask(XLogRecPtr lsn, LsnQuestion question)
{
	LsnBracket bracket = {.lsn = lsn, .question = question};
	TimestampTz at;

	dbops_lsn_curve_find(&curve, &bracket);
	return dbops_lsn_bracket_answer(&bracket, &at) ? at : 0;
}

static bool
is_in_order(void)
{
	for (int i = 0; i < curve.count; i++)
	{
		const LsnPoint *point = &curve.points[i];

		if (point->last_at < point->first_at ||
		    (i > 0 && (point->lsn <= point[-1].lsn || point->first_at < point[-1].last_at)))
			return false;
	}
	return true;
}

static void
test_look_up(void)
{
	curve.count = 0;
	is_int(ask(100, LSN_REACHED), 0, "an empty curve knows nothing");
	see(1000, AT(0));
	is_int(ask(1000, LSN_REACHED), AT(0), "one point knows its own time");
	is_int(ask(999, LSN_REACHED), 0, "but not what was before");
	is_int(ask(1001, LSN_REACHED), 0, "nor what comes after");
	see(2000, AT(1));
	see(4000, AT(2));
	is_int(ask(2000, LSN_REACHED), AT(1), "a point that was seen is found at its time");
	is_int(ask(3000, LSN_REACHED), AT(1.5), "between two points time is in proportion to bytes");
	is_int(ask(3000, LSN_PASSED), AT(1.5), "and what was reached in passing was left at once");
	is_int(ask(4000, LSN_REACHED), AT(2), "the latest is found");
	is_int(ask(4000, LSN_PASSED), AT(2), "and was the latest when it was last seen");
	is_int(ask(4001, LSN_REACHED), 0, "what is ahead of it is not");
}

static void
test_rest(void)
{
	curve.count = 0;
	see(1000, AT(0));
	for (int second = 1; second <= 600; second++)
		see(2000, AT(second));
	see(3000, AT(601));
	is_int(curve.count, 3, "a server at rest takes one point");
	is_int(ask(2000, LSN_REACHED), AT(1), "it was reached when the rest began");
	is_int(ask(2000, LSN_PASSED), AT(600), "and stopped being the latest when the rest ended");
	is_int(ask(2001, LSN_REACHED), AT(600.001), "what follows was written after the rest");
	is_int(ask(1999, LSN_PASSED), AT(0.999), "and what precedes before it");
}

static void
test_clock_set_back(void)
{
	LsnPoint point = {.lsn = 3000, .first_at = AT(-3597), .last_at = AT(-3597), .timeline = 1};

	curve.count = 0;
	see(1000, AT(0));
	see(2000, AT(2));
	/* An hour back, one second after the last sample. */
	dbops_lsn_curve_add(&curve, &point, USECS_PER_HOUR);
	is_int(ask(1000, LSN_REACHED), AT(-3600), "points move with a clock that is set back");
	is_int(ask(3000, LSN_REACHED), AT(-3597), "so that the next is after them");
	ok(is_in_order(), "and all is in order");

	see(4000, AT(-3597.5));
	is_int(ask(4000, LSN_REACHED), AT(-3597), "a step back that nobody told of brings no disorder");
	ok(is_in_order(), "nor does it by chance");
	see(5000, AT(3600));
	is_int(ask(5000, LSN_REACHED), AT(3600), "a clock set forward counts as time that passed");
}

static void
test_timelines(void)
{
	curve.count = 0;
	see(1000, AT(0));
	see(2000, AT(1));
	see(3000, AT(2));
	see(2500, AT(3));
	is_int(ask(2500, LSN_REACHED), AT(1.5), "a position behind the latest is no news");
	is_int(curve.count, 3, "and takes no point");

	see_on(2, 2200, AT(4));
	is_int(ask(3000, LSN_REACHED), 0, "a new timeline forgets what the old one had beyond it");
	is_int(ask(2200, LSN_REACHED), AT(4), "it goes on from where it left");
	is_int(ask(1500, LSN_REACHED), AT(0.5), "and shares what was before");
	see_on(2, 3000, AT(5));
	is_int(ask(3000, LSN_REACHED), AT(5), "the same position now has another time");
	see_on(3, 3000, AT(6));
	is_int(curve.points[curve.count - 1].timeline, 3,
	       "a timeline may begin where the last one ended");
	ok(is_in_order(), "all is in order");
}

/* A point a second for `seconds`, 1,000 bytes each. */
static void
run_for(int seconds)
{
	curve.count = 0;
	for (int second = 0; second < seconds; second++)
		see(1000 + (XLogRecPtr) second * 1000, AT(second));
}

static void
test_thinning(void)
{
	int days = 40;
	int seconds = days * 24 * 3600;
	int64 recent_worst = 0;
	int64 old_worst = 0;

	run_for(seconds);
	ok(curve.count <= LSN_CURVE_POINTS, "the curve never has more points than it has room for");
	ok(is_in_order(), "and stays in order as it is thinned");
	is_int(curve.points[0].lsn, 1000, "the very first point is kept for weeks");
	for (int i = 1; i < curve.count; i++)
	{
		int64 gap_us = curve.points[i].first_at - curve.points[i - 1].last_at;
		int64 age_us = AT(seconds - 1) - curve.points[i].last_at;

		if (age_us <= 2 * USECS_PER_HOUR)
			recent_worst = Max(recent_worst, gap_us);
		else
			old_worst = Max(old_worst, gap_us * 128 / age_us);
	}
	is_int(recent_worst, USECS_PER_SEC, "no second of the last two hours is missing");
	ok(old_worst <= 1, "of older ones no more than 1/128 of their age");
	is_int(ask(1000 + INT64CONST(500) * seconds, LSN_REACHED), AT(seconds * 0.5),
	       "the time of half the WAL is halfway still");
}

/* A long rest is worth its point however old it is. */
static void
test_thinning_keeps_rest(void)
{
	curve.count = 0;
	for (int second = 0; second < 3600; second++)
		see(1000 + second, AT(second));
	for (int second = 3600; second < 2 * 3600; second++)
		see(5000, AT(second));
	for (int second = 2 * 3600; second < 12 * 3600; second++)
		see(10000 + second, AT(second));
	ok(curve.points[0].lsn == 1000 && curve.count < LSN_CURVE_POINTS, "the curve was thinned");
	is_int(ask(5000, LSN_REACHED), AT(3600), "the beginning of a rest is not forgotten");
	is_int(ask(5000, LSN_PASSED), AT(2 * 3600 - 1), "nor is its end");
}

/* Points too many for their age, as after clock changes: the oldest give way. */
static void
test_full(void)
{
	curve.count = 0;
	for (int i = 0; i < 3 * LSN_CURVE_POINTS; i++)
		see(1000 + i, AT(i * 0.1));
	ok(curve.count <= LSN_CURVE_POINTS, "where all points are young, the oldest go");
	ok(is_in_order(), "in order");
	is_int(ask(1000 + 3 * LSN_CURVE_POINTS - 1, LSN_REACHED), AT((3 * LSN_CURVE_POINTS - 1) * 0.1),
	       "and the latest is there");
}

static void
test_bracket(void)
{
	LsnBracket bracket = {.lsn = 2500, .question = LSN_REACHED};
	LsnPoint near_low = {.lsn = 2400, .first_at = AT(10), .last_at = AT(20)};
	LsnPoint same_low = {.lsn = 2400, .first_at = AT(15), .last_at = AT(25)};
	LsnPoint far_low = {.lsn = 1000, .first_at = AT(30), .last_at = AT(40)};
	LsnPoint high = {.lsn = 2600, .first_at = AT(27), .last_at = AT(28)};
	TimestampTz at;

	dbops_lsn_bracket_narrow(&bracket, &near_low);
	dbops_lsn_bracket_narrow(&bracket, &far_low);
	ok(!dbops_lsn_bracket_answer(&bracket, &at), "one side is no answer");
	dbops_lsn_bracket_narrow(&bracket, &same_low);
	dbops_lsn_bracket_narrow(&bracket, &high);
	ok(dbops_lsn_bracket_answer(&bracket, &at) && at == AT(26),
	   "of points of several sources the nearest count, the later of the same position");
}

static void
see_important(XLogRecPtr lsn, XLogRecPtr important, uint64 next_xid, TimestampTz at)
{
	LsnPoint point = {.lsn = lsn,
	                  .important = important,
	                  .first_at = at,
	                  .last_at = at,
	                  .next_xid = next_xid,
	                  .timeline = 1};

	dbops_lsn_curve_add(&curve, &point, 0);
}

/* The server rests, but for what it writes to show that it lives. */
static void
test_unimportant(void)
{
	TimestampTz at = 0;

	curve.count = 0;
	see(500, AT(0));
	see_important(1000, 900, 10, AT(10));
	see_important(1100, 900, 10, AT(20));
	see_important(1200, 900, 10, AT(30));
	see_important(2000, 1300, 20, AT(40));
	ok(dbops_lsn_curve_unimportant_until(&curve, 1000, &at) && at == AT(30),
	   "what does not matter moves nobody back");
	ok(dbops_lsn_curve_unimportant_until(&curve, 1300, &at) && at == AT(30),
	   "a record that begins at a position is beyond it");
	ok(dbops_lsn_curve_unimportant_until(&curve, 1301, &at) && at == AT(40),
	   "one that begins before is not");
	ok(!dbops_lsn_curve_unimportant_until(&curve, 900, &at),
	   "before points that tell what matters nothing is said");
	curve.count = 0;
	ok(!dbops_lsn_curve_unimportant_until(&curve, 900, &at), "nor by no points");
}

static int64
ask_xid(XLogRecPtr lsn)
{
	LsnBracket bracket = {.lsn = lsn, .question = LSN_PASSED};
	uint64 next_xid;

	dbops_lsn_curve_find(&curve, &bracket);
	return dbops_lsn_bracket_xid(&bracket, &next_xid) ? (int64) next_xid : -1;
}

static void
test_xids(void)
{
	curve.count = 0;
	see(500, AT(0));
	see_important(1000, 900, 10, AT(10));
	see_important(2000, 1900, 30, AT(20));
	is_int(ask_xid(1000), 10, "the next transaction id at a point is known");
	is_int(ask_xid(1500), 20, "between two it is in proportion");
	is_int(ask_xid(700), -1, "where a point does not know it, it is not");
	is_int(ask_xid(2500), -1, "nor is what is to come");
}

int
main(void)
{
	test_unimportant();
	test_xids();
	test_look_up();
	test_rest();
	test_clock_set_back();
	test_timelines();
	test_thinning();
	test_thinning_keeps_rest();
	test_full();
	test_bracket();
	return tap_done();
}
