/*
 * worker/breaker.h
 *		When a family is left out of a round, because sampling it costs more than its share.
 *
 * A file of its own because it decides and reads nothing.  Only wide families have a breaker: the
 * narrow ones are cheap, and a bad night is when they matter most.  A family whose samples go on
 * being too expensive after the first, which may be an accident, is left out of 1, 2, 4, ...
 * rounds, until it is back within its share; then the number stays, and one sample that is cheap
 * again ends it.  While the machine or the server is in trouble the share is a tenth.
 */
#pragma once

#include "datatype/timestamp.h"

/* What keeps the machine or the server from doing its work. */
typedef enum Trouble
{
	TROUBLE_NONE,
	TROUBLE_CPU,
	TROUBLE_IO,
	TROUBLE_MEMORY,
	TROUBLE_CONNECTIONS,
} Trouble;

/* What a machine does not tell is negative. */
typedef struct TroubleFacts
{
	double cpu_percent;    /* of the last ten seconds in which some task waited for a CPU */
	double io_percent;     /* in which all tasks waited for a device */
	double memory_percent; /* in which all tasks waited for memory */
	double load_per_cpu;   /* tasks that ran or waited, mean of the last minute */
	int connections;
	int max_connections;
} TroubleFacts;

extern Trouble dbops_breaker_trouble(const TroubleFacts *facts);

/* As status() shows it: "the machine is short of CPU"; NULL for none. */
extern const char *dbops_breaker_trouble_name(Trouble trouble);

/* What one sample may take, given the time between rounds and the setting. */
extern int64 dbops_breaker_budget_us(int64 interval_us, int64 limit_us, Trouble trouble);

typedef struct Breaker
{
	int strikes;    /* samples in a row that took too long */
	int skips_left; /* rounds still to be left out */
	bool said;      /* the log has it */
} Breaker;

typedef enum BreakerNews
{
	BREAKER_NO_NEWS,
	BREAKER_OPENED, /* for the log: not the first sample that took too long, so no accident */
	BREAKER_CLOSED,
} BreakerNews;

/* Whether to leave the family out of this round, which is counted. */
extern bool dbops_breaker_skips(Breaker *breaker);

/* What a sample took. */
extern BreakerNews
dbops_breaker_note(Breaker *breaker, int64 took_us, int64 budget_us, int64 interval_us);
