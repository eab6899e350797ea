/*
 * core/clock.h
 *		The only place that asks for the time.
 *
 * Wall-clock time stamps what is stored; the monotonic clock measures how long things took, so a
 * clock set back never yields a negative span.
 */
#pragma once

#include "datatype/timestamp.h"

/* Now, by the wall clock. */
extern TimestampTz dbops_clock_now(void);

/* Microseconds on the monotonic clock; only differences mean anything. */
extern int64 dbops_clock_monotonic_us(void);
