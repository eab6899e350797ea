/*
 * track/slots.h
 *		A table in shared memory that many sessions write to without a lock: keys, and a slot each.
 *
 * What statements and their plans have in common.  A slot is found by hash chain: an array of chain
 * heads, and in each slot the number of the next.  Sessions only ever put a slot at a head, by
 * compare-and-swap, which fails when any other came first, so no key enters a chain twice.  The
 * evictor alone takes slots out; it leaves their link alone, so a session that stands on one finds
 * its way on.  Only after the quarantine is the slot given to another key.
 *
 * Invariants: a slot's key and generation are written before it is linked and do not change while
 * it is SLOT_LIVE; whoever holds (number, generation) in a cache compares the generation before it
 * adds.
 */
#pragma once

#include "datatype/timestamp.h"
#include "port/atomics.h"

#include "track/freelist.h"

typedef enum SlotUse
{
	SLOT_FREE,
	SLOT_LIVE,
	SLOT_QUARANTINE,
} SlotUse;

/* At the head of each slot; the key follows right behind it. */
typedef struct SlotHead
{
	pg_atomic_uint32 generation; /* changes when the slot is given to another key */
	pg_atomic_uint32 use;
	pg_atomic_uint32 next;  /* in the chain, or in the list of free slots */
	pg_atomic_uint32 epoch; /* of the last change */
	TimestampTz first_seen_at;
	TimestampTz last_seen_at; /* to within an epoch */
	TimestampTz evicted_at;
} SlotHead;

typedef struct SlotTable
{
	pg_atomic_uint32 epoch;
	uint32 chains; /* a power of two */
	Freelist free;
	pg_atomic_flag evicting;
	pg_atomic_uint64 evicted;
	pg_atomic_uint64 not_admitted;
	uint64 not_admitted_before; /* at the last eviction; the evictor's */
	uint32 hand;                /* where the last eviction ended; the evictor's */
	pg_atomic_uint64 read_us;   /* when the reader's latest scan began; 0: nobody reads */
	uint64 mark_us;             /* the evictor's, as the next two: ... */
	uint32 mark_epoch;          /* what changed until mark_us has this epoch or an earlier one */
	uint32 read_epoch;          /* what changed until here has been read since */
} SlotTable;

/* A table as a process knows it; the module that owns it fills in the first part. */
typedef struct Slots
{
	const char *name; /* of the shared memory */
	Size slot_size;
	FreelistLink link; /* dbops_slots_at(…)->next */
	uint64 (*hash)(const void *key);
	bool (*same)(const void *a, const void *b);     /* keys */
	void (*begin)(SlotHead *slot, const void *key); /* sets the key, and the values to 0 */
	void (*end)(SlotHead *slot); /* gives back what the slot holds; nobody uses it any more */

	SlotTable *table; /* the rest is dbops_slots_init's */
	pg_atomic_uint32 *heads;
	char *slots; /* counted from 1 */
} Slots;

typedef struct SlotsState
{
	int used;
	int capacity;
	int64 evicted;
	int64 not_admitted;
} SlotsState;

extern Size dbops_slots_size(const Slots *slots, uint32 capacity);

/* Makes or attaches the table; under AddinShmemInitLock. */
extern void dbops_slots_init(Slots *slots, uint32 capacity);

static inline SlotHead *
dbops_slots_at(const Slots *slots, uint32 number)
{
	return (SlotHead *) (slots->slots + slots->slot_size * number);
}

/* Finds or admits the key; 0 when the table is full.  Takes no lock, never fails. */
extern uint32 dbops_slots_admit(Slots *slots, const void *key);

extern void dbops_slots_enter_epoch(const Slots *slots, SlotHead *slot);

/* After the values: a scan that missed the change finds the new epoch the next time. */
static inline void
dbops_slots_mark_changed(const Slots *slots, SlotHead *slot)
{
	if (unlikely(pg_atomic_read_u32(&slot->epoch) != pg_atomic_read_u32(&slots->table->epoch)))
		dbops_slots_enter_epoch(slots, slot);
}

/*
 * The next live slot after `number` that changed in the epoch or after it; 0 at the end.  It may be
 * evicted meanwhile: its generation, read before its key and after its values, tells.
 */
extern uint32 dbops_slots_next(const Slots *slots, uint32 number, uint32 changed_since);

/* Begins a new epoch and returns its number: what changes from here on has it. */
extern uint32 dbops_slots_epoch(Slots *slots);

/*
 * A scan that began at this monotonic time has reached the end, and what it found is kept; 0 says
 * that nobody reads the table regularly.
 */
extern void dbops_slots_note_read(const Slots *slots, int64 begun_us);

/*
 * Makes room when the table is nearly full; returns how many were evicted.  For the sampler.  What
 * has changed since it was read is not evicted, while somebody reads.
 */
extern int dbops_slots_evict(Slots *slots, int64 quarantine_us);

extern void dbops_slots_state(const Slots *slots, SlotsState *state);
