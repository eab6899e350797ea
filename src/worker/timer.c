/*
 * worker/timer.c
 *		When something that happens every so often is due; see timer.h.
 */
#include "postgres.h"

#include "worker/timer.h"

bool
dbops_timer_is_due(Timer *timer, int interval_s, TimestampTz now)
{
	int64 interval_us = interval_s * USECS_PER_SEC;
	bool changed = timer->interval_us != interval_us || timer->due_at - now > interval_us;
	bool due = timer->interval_us == 0 || (!changed && now >= timer->due_at);

	if (due || changed)
	{
		timer->interval_us = interval_us;
		timer->due_at = now - now % interval_us + interval_us;
	}
	return due;
}

long
dbops_timer_wait_ms(const Timer *timer, TimestampTz now, long most)
{
	int64 ms = timer->due_at > now ? (timer->due_at - now + 999) / 1000 : 0;

	return (long) Min(ms, most);
}
