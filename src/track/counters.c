/*
 * track/counters.c
 *		Counts by key, in shared memory and without a lock; see counters.h.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "core/clock.h"
#include "track/counters.h"

#define FILLING_SPINS 1000

typedef enum CounterUse
{
	COUNTER_FREE,
	COUNTER_FILLING,
	COUNTER_LIVE,
	COUNTER_QUARANTINE, /* until the next eviction */
} CounterUse;

static Size
counter_size(const Counters *counters)
{
	return sizeof(Counter) + TYPEALIGN(sizeof(uint64), counters->key_size);
}

static Counter *
counter_at(const Counters *counters, uint32 number)
{
	return (Counter *) (counters->first + counter_size(counters) * number);
}

Size
dbops_counters_size(const Counters *counters)
{
	return counter_size(counters) * counters->capacity;
}

void
dbops_counters_init(const Counters *counters)
{
	for (uint32 i = 0; i < counters->capacity; i++)
	{
		Counter *counter = counter_at(counters, i);

		pg_atomic_init_u32(&counter->use, COUNTER_FREE);
		pg_atomic_init_u64(&counter->count, 0);
		counter->last_at = 0;
	}
}

/* Claims a free counter for the key; another session may be faster. */
static bool
claim_counter(const Counters *counters, Counter *counter, const void *key)
{
	uint32 expected = COUNTER_FREE;

	if (!pg_atomic_compare_exchange_u32(&counter->use, &expected, COUNTER_FILLING))
		return false;
	memcpy(counter + 1, key, counters->key_size);
	pg_atomic_write_u64(&counter->count, 0);
	pg_write_barrier();
	pg_atomic_write_u32(&counter->use, COUNTER_LIVE);
	return true;
}

/* Whether the place is, or now becomes, the counter of the key. */
static bool
take_counter(const Counters *counters, Counter *counter, const void *key)
{
	uint32 use = pg_atomic_read_u32(&counter->use);

	if (use == COUNTER_FREE && claim_counter(counters, counter, key))
		return true;
	for (int spins = 0; spins < FILLING_SPINS; spins++)
	{
		use = pg_atomic_read_u32(&counter->use);
		if (use != COUNTER_FILLING)
			break;
	}
	pg_read_barrier();
	return use == COUNTER_LIVE && memcmp(counter + 1, key, counters->key_size) == 0;
}

bool
dbops_counters_add(const Counters *counters, const void *key)
{
	uint32 hash = hash_bytes(key, (int) counters->key_size);
	uint32 set = hash % (counters->capacity / COUNTER_WAYS) * COUNTER_WAYS;

	for (uint32 way = 0; way < COUNTER_WAYS; way++)
	{
		Counter *counter = counter_at(counters, set + way);

		if (take_counter(counters, counter, key))
		{
			counter->last_at = dbops_clock_now();
			pg_atomic_fetch_add_u64(&counter->count, 1);
			return true;
		}
	}
	return false;
}

const Counter *
dbops_counters_next(const Counters *counters, uint32 *position)
{
	while (*position < counters->capacity)
	{
		Counter *counter = counter_at(counters, (*position)++);

		if (pg_atomic_read_u32(&counter->use) != COUNTER_LIVE)
			continue;
		pg_read_barrier();
		if (pg_atomic_read_u64(&counter->count) > 0)
			return counter;
	}
	return NULL;
}

/* The counter of a full set that was used longest ago; NULL while one is free or all are recent. */
static Counter *
find_victim(const Counters *counters, uint32 set, TimestampTz before)
{
	Counter *victim = NULL;

	for (uint32 way = 0; way < COUNTER_WAYS; way++)
	{
		Counter *counter = counter_at(counters, set + way);

		if (pg_atomic_read_u32(&counter->use) != COUNTER_LIVE)
			return NULL;
		if (victim == NULL || counter->last_at < victim->last_at)
			victim = counter;
	}
	return victim->last_at < before ? victim : NULL;
}

void
dbops_counters_evict(const Counters *counters, TimestampTz before)
{
	for (uint32 i = 0; i < counters->capacity; i++)
	{
		uint32 expected = COUNTER_QUARANTINE;

		pg_atomic_compare_exchange_u32(&counter_at(counters, i)->use, &expected, COUNTER_FREE);
	}
	for (uint32 set = 0; set < counters->capacity; set += COUNTER_WAYS)
	{
		Counter *victim = find_victim(counters, set, before);

		if (victim != NULL)
			pg_atomic_write_u32(&victim->use, COUNTER_QUARANTINE);
	}
}

uint32
dbops_counters_used(const Counters *counters)
{
	uint32 used = 0;

	for (uint32 i = 0; i < counters->capacity; i++)
		used += pg_atomic_read_u32(&counter_at(counters, i)->use) != COUNTER_FREE;
	return used;
}
