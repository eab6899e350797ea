/*
 * core/clock.c
 *		The only place that asks for the time; see clock.h.
 */
#include "postgres.h"

#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "core/clock.h"

TimestampTz
dbops_clock_now(void)
{
	return GetCurrentTimestamp();
}

int64
dbops_clock_monotonic_us(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}
