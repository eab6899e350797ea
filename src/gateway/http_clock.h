/*
 * gateway/http_clock.h
 *		Time as the gateway measures it: from no particular moment, and never set back.
 *
 * A file of its own because the gateway shares no code with dbops.so, core/clock.h included.
 */
#pragma once

#include "portability/instr_time.h"

static inline int64
dbops_http_clock_us(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}
