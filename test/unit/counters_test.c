/*
 * test/unit/counters_test.c
 *		The table of counters when a set of it is full: who is turned away, who goes, who comes.
 *
 * sources: src/track/counters.c
 */
#include "postgres.h"

#include "core/clock.h"
#include "track/counters.h"

#include "tap.h"

#define MINUTE INT64CONST(60000000)

typedef struct Key
{
	int32 number;
	char rest[8]; /* so that the size is not a multiple of 8 */
} Key;

static TimestampTz now = 1000 * MINUTE;

TimestampTz
dbops_clock_now(void)
{
	return now;
}

static Counters
make_counters(int sets)
{
	Counters counters = {.key_size = sizeof(Key), .capacity = sets * COUNTER_WAYS};

	counters.first = palloc0(dbops_counters_size(&counters));
	dbops_counters_init(&counters);
	return counters;
}

static bool
add(const Counters *counters, int number)
{
	Key key = {.number = number};

	return dbops_counters_add(counters, &key);
}

/* How often the key is counted; 0 if it has no counter. */
static int64
count_of(const Counters *counters, int number)
{
	uint32 position = 0;
	const Counter *counter;

	while ((counter = dbops_counters_next(counters, &position)) != NULL)
	{
		const Key *key = dbops_counters_key(counter);

		if (key->number == number)
			return dbops_counters_count(counter);
	}
	return 0;
}

static void
test_counts(void)
{
	Counters counters = make_counters(4);

	ok(add(&counters, 1) && add(&counters, 2) && add(&counters, 1), "keys find their places");
	is_int(count_of(&counters, 1), 2, "what came twice is counted twice");
	is_int(count_of(&counters, 2), 1, "and the other once");
	is_int(count_of(&counters, 3), 0, "what never came has no counter");
	is_int(dbops_counters_used(&counters), 2, "a key takes one place");
}

static void
test_eviction(void)
{
	Counters counters = make_counters(1);
	int added = 0;

	for (int number = 0; number < COUNTER_WAYS; number++)
	{
		added += add(&counters, number);
		now += MINUTE;
	}
	is_int(added, COUNTER_WAYS, "a set takes as many keys as it has places");
	add(&counters, 0);
	ok(!add(&counters, 100), "a full set turns newcomers away");
	ok(add(&counters, 5), "but counts on for those it has");

	dbops_counters_evict(&counters, now - 15 * MINUTE);
	is_int(count_of(&counters, 1), 1, "what was used lately is kept");
	dbops_counters_evict(&counters, now - 14 * MINUTE);
	is_int(count_of(&counters, 1), 0, "what was used longest ago goes");
	is_int(count_of(&counters, 0), 2, "but not what was used again");
	ok(!add(&counters, 100), "its place is not given away at once");

	dbops_counters_evict(&counters, DT_NOEND);
	ok(add(&counters, 100), "only at the next eviction");
	is_int(count_of(&counters, 100), 1, "and the newcomer begins at none");
	is_int(dbops_counters_used(&counters), COUNTER_WAYS, "no second one has gone meanwhile");
}

int
main(void)
{
	test_counts();
	test_eviction();
	return tap_done();
}
