/*
 * worker/breaker.c
 *		When a family is left out of a round; see breaker.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "worker/breaker.h"

/* Share of the time between rounds; it binds where rounds follow each other within seconds. */
#define SHARE 0.05

/* In trouble the budget is divided by this. */
#define TROUBLE_DIVISOR 10

/* No family is expensive below this, or the scheduler alone would decide. */
#define LEAST_BUDGET_US INT64CONST(20000)

#define MAX_SKIPS 64

/* However expensive, a family is tried again after this. */
#define MAX_SKIPPED_US USECS_PER_HOUR

/*
 * A machine that is well used has tasks waiting for a CPU at any time; trouble is when the queue is
 * also a multiple of the CPUs.  Without pressure figures the queue alone must be longer.  Of the
 * other resources a full stall counts, in which nobody gets anything done.
 */
#define CPU_PERCENT 80
#define LOAD_PER_CPU 2
#define LOAD_PER_CPU_ALONE 4
#define IO_PERCENT 50
#define MEMORY_PERCENT 10
#define CONNECTIONS_PERCENT 95

Trouble
dbops_breaker_trouble(const TroubleFacts *facts)
{
	double queue = facts->cpu_percent < 0 ? LOAD_PER_CPU_ALONE : LOAD_PER_CPU;

	if (facts->memory_percent >= MEMORY_PERCENT)
		return TROUBLE_MEMORY;
	if (facts->io_percent >= IO_PERCENT)
		return TROUBLE_IO;
	if (facts->load_per_cpu >= queue &&
	    (facts->cpu_percent < 0 || facts->cpu_percent >= CPU_PERCENT))
		return TROUBLE_CPU;
	if ((int64) facts->connections * 100 >= (int64) facts->max_connections * CONNECTIONS_PERCENT)
		return TROUBLE_CONNECTIONS;
	return TROUBLE_NONE;
}

const char *
dbops_breaker_trouble_name(Trouble trouble)
{
	static const char *const names[] = {
	    [TROUBLE_NONE] = NULL,
	    [TROUBLE_CPU] = "the machine is short of CPU",
	    [TROUBLE_IO] = "the machine waits for its disks",
	    [TROUBLE_MEMORY] = "the machine is short of memory",
	    [TROUBLE_CONNECTIONS] = "connections are near max_connections",
	};

	return names[trouble];
}

int64
dbops_breaker_budget_us(int64 interval_us, int64 limit_us, Trouble trouble)
{
	int64 budget_us = Min((int64) (interval_us * SHARE), limit_us);

	if (trouble != TROUBLE_NONE)
		budget_us /= TROUBLE_DIVISOR;
	/* The setting may say less. */
	return Min(Max(budget_us, LEAST_BUDGET_US), limit_us);
}

bool
dbops_breaker_skips(Breaker *breaker)
{
	if (breaker->skips_left == 0)
		return false;
	breaker->skips_left--;
	return true;
}

/* Rounds to leave out, so that what a sample took is within the share of all of them. */
static int
rounds_needed(int64 took_us, int64 budget_us, int64 interval_us)
{
	int64 needed = (took_us - 1) / Max(budget_us, 1);

	return (int) Min(needed, Min(MAX_SKIPS, MAX_SKIPPED_US / Max(interval_us, 1)));
}

BreakerNews
dbops_breaker_note(Breaker *breaker, int64 took_us, int64 budget_us, int64 interval_us)
{
	bool said = breaker->said;
	int64 growing;

	if (took_us <= budget_us)
	{
		*breaker = (Breaker){0};
		return said ? BREAKER_CLOSED : BREAKER_NO_NEWS;
	}
	growing = breaker->strikes == 0 ? 0 : INT64CONST(1) << Min(breaker->strikes - 1, 30);
	breaker->skips_left = (int) Min(growing, rounds_needed(took_us, budget_us, interval_us));
	breaker->strikes++;
	breaker->said = said || breaker->strikes > 1;
	return breaker->said && !said ? BREAKER_OPENED : BREAKER_NO_NEWS;
}
