/*
 * track/counters.h
 *		Counts of what happens seldom, by key, in shared memory and without a lock.
 *
 * What failures of statements and failed logins have in common: unlike the keys of slots.h theirs
 * are made up by whoever fails, and a count and an instant is all there is to keep.  Counters stand
 * in sets of COUNTER_WAYS, chosen by hash: a full set turns newcomers away until the sampler drops
 * the counter used longest ago.
 *
 * A counter is claimed by compare-and-swap, filled, and only then open to others; who meets one
 * that is being filled waits a moment, then goes on to the next place, so that a session stopped in
 * the middle holds up nobody.  Nothing here allocates or fails.
 */
#pragma once

#include "datatype/timestamp.h"
#include "port/atomics.h"

#define COUNTER_WAYS 16

/* The key follows right behind it. */
typedef struct Counter
{
	pg_atomic_uint32 use;
	pg_atomic_uint64 count;
	TimestampTz last_at;
} Counter;

typedef struct Counters
{
	Size key_size;   /* keys are compared as bytes, so they have no padding */
	uint32 capacity; /* a multiple of COUNTER_WAYS */
	char *first;     /* dbops_counters_size bytes, aligned to 8 */
} Counters;

extern Size dbops_counters_size(const Counters *counters);

/* For whoever made the shared memory, before it is used. */
extern void dbops_counters_init(const Counters *counters);

static inline const void *
dbops_counters_key(const Counter *counter)
{
	return counter + 1;
}

/* Counts once more; false if there is no place for the key. */
extern bool dbops_counters_add(const Counters *counters, const void *key);

/* The next counter in use, of *position (begins as 0) or after it; NULL at the end. */
extern const Counter *dbops_counters_next(const Counters *counters, uint32 *position);

static inline int64
dbops_counters_count(const Counter *counter)
{
	return (int64) pg_atomic_read_u64((pg_atomic_uint64 *) &counter->count);
}

/* Makes room in sets that are full, of what was last used before the instant. */
extern void dbops_counters_evict(const Counters *counters, TimestampTz before);

extern uint32 dbops_counters_used(const Counters *counters);
