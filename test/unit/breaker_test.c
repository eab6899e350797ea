/*
 * test/unit/breaker_test.c
 *		What costs more than its share is left out, for longer and longer, but never for good.
 *
 * sources: src/worker/breaker.c
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "worker/breaker.h"

#include "tap.h"

#define MINUTE USECS_PER_MINUTE
#define MS INT64CONST(1000)

/* Rounds that are left out until the next sample. */
static int
count_skips(Breaker *breaker)
{
	int skips = 0;

	while (dbops_breaker_skips(breaker))
		skips++;
	return skips;
}

static void
test_cheap(void)
{
	Breaker breaker = {0};
	bool skipped = false;

	for (int i = 0; i < 100; i++)
	{
		skipped |= dbops_breaker_skips(&breaker);
		dbops_breaker_note(&breaker, 500 * MS, 500 * MS, MINUTE);
	}
	ok(!skipped, "what stays within its share is never left out");
}

static void
test_expensive(void)
{
	Breaker breaker = {0};
	int expected[] = {0, 1, 2, 4, 8, 16, 19, 19, 19};
	int news = 0;

	for (int i = 0; i < lengthof(expected); i++)
	{
		BreakerNews said = dbops_breaker_note(&breaker, 20 * 500 * MS, 500 * MS, MINUTE);

		news += said == BREAKER_OPENED;
		if (i == 0)
			is_int(said, BREAKER_NO_NEWS, "one sample that takes long may be an accident");
		is_int(count_skips(&breaker), expected[i],
		       psprintf("after %d that took 20 times too long", i + 1));
	}
	is_int(news, 1, "the log has it once");
	is_int(dbops_breaker_note(&breaker, 400 * MS, 500 * MS, MINUTE), BREAKER_CLOSED,
	       "one within its share ends it, and the log has that");
	ok(!dbops_breaker_skips(&breaker), "then it is in the next round");
	is_int(dbops_breaker_note(&breaker, 400 * MS, 500 * MS, MINUTE), BREAKER_NO_NEWS,
	       "of which nothing more is to be said");
}

static void
test_bounds(void)
{
	Breaker breaker = {0};
	int most = 0;

	for (int i = 0; i < 40; i++)
	{
		dbops_breaker_note(&breaker, USECS_PER_HOUR, 20 * MS, MINUTE);
		most = count_skips(&breaker);
	}
	is_int(most, 60, "however long it takes, it is tried again within the hour");
	breaker = (Breaker){0};
	for (int i = 0; i < 40; i++)
	{
		dbops_breaker_note(&breaker, USECS_PER_HOUR, 20 * MS, USECS_PER_SEC);
		most = count_skips(&breaker);
	}
	is_int(most, 64, "or after 64 rounds");
	breaker = (Breaker){0};
	for (int i = 0; i < 9; i++)
		dbops_breaker_note(&breaker, USECS_PER_HOUR, 20 * MS, USECS_PER_DAY);
	ok(!dbops_breaker_skips(&breaker), "what is sampled once a day is never left out");
	breaker = (Breaker){0};
	for (int i = 0; i < 10; i++)
	{
		dbops_breaker_note(&breaker, 510 * MS, 500 * MS, MINUTE);
		most = count_skips(&breaker);
	}
	is_int(most, 1, "a little too long costs every other round, and no more");
}

static void
test_budget(void)
{
	is_int(dbops_breaker_budget_us(MINUTE, 500 * MS, TROUBLE_NONE), 500 * MS,
	       "a sample may take what the setting says");
	is_int(dbops_breaker_budget_us(2 * USECS_PER_SEC, 500 * MS, TROUBLE_NONE), 100 * MS,
	       "or a twentieth of the time between rounds, if that is less");
	is_int(dbops_breaker_budget_us(MINUTE, 500 * MS, TROUBLE_IO), 50 * MS,
	       "in trouble it may take a tenth");
	is_int(dbops_breaker_budget_us(USECS_PER_SEC, 500 * MS, TROUBLE_CPU), 20 * MS,
	       "but what is cheap stays");
	is_int(dbops_breaker_budget_us(USECS_PER_SEC, 1 * MS, TROUBLE_CPU), 1 * MS,
	       "unless the setting says less");
}

static void
test_trouble(void)
{
	const TroubleFacts calm = {.cpu_percent = 30,
	                           .io_percent = 5,
	                           .memory_percent = 0,
	                           .load_per_cpu = 0.8,
	                           .connections = 20,
	                           .max_connections = 100};
	const TroubleFacts unknown = {.cpu_percent = -1,
	                              .io_percent = -1,
	                              .memory_percent = -1,
	                              .load_per_cpu = -1,
	                              .max_connections = 100};
	TroubleFacts facts = calm;

	is_int(dbops_breaker_trouble(&calm), TROUBLE_NONE, "a server at work is in no trouble");
	is_int(dbops_breaker_trouble(&unknown), TROUBLE_NONE, "nor is one of which nothing is known");
	facts.cpu_percent = 99;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_NONE, "nor one that uses its CPUs well");
	facts.load_per_cpu = 3;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_CPU, "with a queue before them it is");
	facts = unknown;
	facts.load_per_cpu = 3;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_NONE, "if only the queue is known,");
	facts.load_per_cpu = 5;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_CPU, "it must be longer");
	facts = calm;
	facts.io_percent = 70;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_IO, "so is one that waits for its disks");
	facts = calm;
	facts.memory_percent = 12;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_MEMORY, "or for memory");
	facts = calm;
	facts.connections = 95;
	is_int(dbops_breaker_trouble(&facts), TROUBLE_CONNECTIONS,
	       "or has nearly all connections in use");
	for (Trouble trouble = TROUBLE_CPU; trouble <= TROUBLE_CONNECTIONS; trouble++)
		ok(dbops_breaker_trouble_name(trouble) != NULL, "each trouble has a name");
}

int
main(void)
{
	test_cheap();
	test_expensive();
	test_bounds();
	test_budget();
	test_trouble();
	return tap_done();
}
