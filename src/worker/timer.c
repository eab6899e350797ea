/*
 * worker/timer.c
 *		When something that happens every so often is due; see timer.h.
 */
#include "postgres.h"

#include "worker/timer.h"

static bool
is_due(Timer *timer, int64 interval_us, TimestampTz now)
{
	bool changed = timer->interval_us != interval_us || timer->due_at - now > interval_us;
	bool due = timer->interval_us == 0 || (!changed && now >= timer->due_at);

	if (due || changed)
	{
		timer->interval_us = interval_us;
		timer->due_at = now - now % interval_us + interval_us;
	}
	return due;
}

bool
dbops_timer_is_due(Timer *timer, int interval_s, TimestampTz now)
{
	return is_due(timer, interval_s * USECS_PER_SEC, now);
}

bool
dbops_timer_is_due_ms(Timer *timer, int interval_ms, TimestampTz now)
{
	return is_due(timer, interval_ms * INT64CONST(1000), now);
}

long
dbops_timer_wait_ms(const Timer *timer, TimestampTz now, long most)
{
	int64 ms = timer->due_at > now ? (timer->due_at - now + 999) / 1000 : 0;

	return (long) Min(ms, most);
}
