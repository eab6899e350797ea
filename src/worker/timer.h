/*
 * worker/timer.h
 *		When something that happens every so often is due: at round times of the wall clock.
 */
#pragma once

#include "datatype/timestamp.h"

typedef struct Timer
{
	int64 interval_us; /* 0: never set, due at once */
	TimestampTz due_at;
} Timer;

/*
 * Whether the timer is due; if so it is set to the next multiple of its interval.  A wait longer
 * than the interval means that the clock went back or the setting changed: then it starts anew.
 */
extern bool dbops_timer_is_due(Timer *timer, int interval_s, TimestampTz now);

/* The same for an interval in milliseconds. */
extern bool dbops_timer_is_due_ms(Timer *timer, int interval_ms, TimestampTz now);

/* Milliseconds from now to the timer, 0 .. most. */
extern long dbops_timer_wait_ms(const Timer *timer, TimestampTz now, long most);
