/*
 * test/unit/timer_test.c
 *		A timer is due at round times of the wall clock, whatever the clock or the setting does.
 *
 * sources: src/worker/timer.c
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "worker/timer.h"

#include "tap.h"

/* A time in seconds, with microseconds that are no round number. */
#define AT(seconds) ((seconds) *USECS_PER_SEC + 123)

/* Some round time; a multiple of 60 s, in the range of real timestamps. */
#define NOON (INT64CONST(840000000) * USECS_PER_SEC)

static void
test_round_times(void)
{
	Timer timer = {0};
	TimestampTz late;

	ok(dbops_timer_is_due(&timer, 10, NOON + AT(3)), "a timer that was never set is due at once");
	is_int(timer.due_at, NOON + 10 * USECS_PER_SEC, "it is next due at a round time");
	ok(!dbops_timer_is_due(&timer, 10, timer.due_at - 1), "it is not due before");
	ok(dbops_timer_is_due(&timer, 10, NOON + 10 * USECS_PER_SEC), "it is due at the very moment");
	is_int(timer.due_at, NOON + 20 * USECS_PER_SEC, "a timer that was due is set an interval on");
	ok(!dbops_timer_is_due(&timer, 10, NOON + AT(10)), "it is due once");

	late = NOON + AT(47);
	ok(dbops_timer_is_due(&timer, 10, late), "a round that is late is taken");
	is_int(timer.due_at, NOON + 50 * USECS_PER_SEC,
	       "the rounds that were missed are not made up for");
}

static void
test_clock_goes_forward(void)
{
	Timer timer = {0};

	dbops_timer_is_due(&timer, 60, NOON);
	ok(dbops_timer_is_due(&timer, 60, NOON + USECS_PER_DAY + AT(5)),
	   "a clock set forward makes one round due");
	is_int(timer.due_at, NOON + USECS_PER_DAY + 60 * USECS_PER_SEC,
	       "and the next one an interval on by the new time");
	ok(!dbops_timer_is_due(&timer, 60, NOON + USECS_PER_DAY + AT(6)), "and no more than one");
}

static void
test_clock_goes_back(void)
{
	Timer timer = {0};
	TimestampTz then = NOON - USECS_PER_DAY;

	dbops_timer_is_due(&timer, 60, NOON);
	ok(!dbops_timer_is_due(&timer, 60, then + AT(5)), "a clock set back makes no round due");
	is_int(timer.due_at, then + 60 * USECS_PER_SEC,
	       "the next one is due within an interval, not a day later");
	ok(dbops_timer_is_due(&timer, 60, then + AT(60)), "and it comes");
}

static void
test_setting_changes(void)
{
	Timer timer = {0};

	dbops_timer_is_due(&timer, 60, NOON + AT(1));
	ok(!dbops_timer_is_due(&timer, 10, NOON + AT(2)), "a shorter interval starts anew");
	is_int(timer.due_at, NOON + 10 * USECS_PER_SEC, "and need not wait for the end of the longer");
	ok(!dbops_timer_is_due(&timer, 300, NOON + AT(11)),
	   "nor does a longer one end with the shorter");
	is_int(timer.due_at, NOON + 300 * USECS_PER_SEC, "it is due at its own round time");
}

static void
test_waiting(void)
{
	Timer timer = {.interval_us = 10 * USECS_PER_SEC, .due_at = NOON};

	is_int(dbops_timer_wait_ms(&timer, NOON - 1500 * 1000, 5000), 1500,
	       "the wait is until it is due");
	is_int(dbops_timer_wait_ms(&timer, NOON - 1, 5000), 1,
	       "the wait is rounded up, so that it does not wake up too early");
	is_int(dbops_timer_wait_ms(&timer, NOON - 9 * USECS_PER_SEC, 5000), 5000, "it has a limit");
	is_int(dbops_timer_wait_ms(&timer, NOON, 5000), 0, "there is none when it is due");
	is_int(dbops_timer_wait_ms(&timer, NOON + USECS_PER_DAY, 5000), 0, "nor when it is overdue");
}

static void
test_milliseconds(void)
{
	Timer timer = {0};

	ok(dbops_timer_is_due_ms(&timer, 10, NOON + 3000), "an interval may be milliseconds");
	is_int(timer.due_at, NOON + 10000, "it is due at a multiple of them");
	ok(!dbops_timer_is_due_ms(&timer, 10, NOON + 9999), "not before");
	ok(dbops_timer_is_due_ms(&timer, 10, NOON + 10001), "but then");
	is_int(dbops_timer_wait_ms(&timer, NOON + 10001, 5000), 10, "and so on");
}

int
main(void)
{
	StaticAssertStmt(NOON % (300 * USECS_PER_SEC) == 0, "a round time");
	test_round_times();
	test_clock_goes_forward();
	test_clock_goes_back();
	test_setting_changes();
	test_waiting();
	test_milliseconds();
	return tap_done();
}
