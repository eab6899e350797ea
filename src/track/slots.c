/*
 * track/slots.c
 *		A table in shared memory that many sessions write to without a lock; see slots.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "port/pg_bitutils.h"
#include "storage/shmem.h"

#include "core/clock.h"
#include "track/slots.h"

#define PATIENCE 30      /* quarantines to wait for a reader */
#define NEARLY_FULL 0.95 /* share of the capacity in use from which on the sampler evicts */
#define EVICT_LEAST 0.05 /* of the capacity, each time */
#define EVICT_MOST 0.20

static Size
heads_offset(void)
{
	return CACHELINEALIGN(sizeof(SlotTable));
}

static Size
slots_offset(uint32 chains)
{
	return heads_offset() + CACHELINEALIGN(mul_size(sizeof(pg_atomic_uint32), chains));
}

static uint32
chains_for(uint32 capacity)
{
	return pg_nextpower2_32(Max(capacity, 1));
}

Size
dbops_slots_size(const Slots *slots, uint32 capacity)
{
	return add_size(slots_offset(chains_for(capacity)),
	                mul_size(slots->slot_size, (Size) capacity + 1));
}

void
dbops_slots_init(Slots *slots, uint32 capacity)
{
	uint32 chains = chains_for(capacity);
	SlotTable *table;
	bool found;

	table = ShmemInitStruct(slots->name, dbops_slots_size(slots, capacity), &found);
	slots->table = table;
	slots->heads = (pg_atomic_uint32 *) ((char *) table + heads_offset());
	slots->slots = (char *) table + slots_offset(chains);
	if (found)
		return;

	/* Slots beyond those given out stay untouched: fresh shared memory is zero, so SLOT_FREE. */
	pg_atomic_init_u32(&table->epoch, 1);
	table->chains = chains;
	dbops_freelist_init(&table->free, capacity);
	pg_atomic_init_flag(&table->evicting);
	pg_atomic_init_u64(&table->evicted, 0);
	pg_atomic_init_u64(&table->not_admitted, 0);
	table->not_admitted_before = 0;
	table->hand = 0;
	pg_atomic_init_u64(&table->read_us, 0);
	table->mark_us = 0;
	table->mark_epoch = 0;
	table->read_epoch = 0;
	for (uint32 i = 0; i < chains; i++)
		pg_atomic_init_u32(&slots->heads[i], 0);
}

static pg_atomic_uint32 *
head_of(const Slots *slots, uint64 hash)
{
	hash *= UINT64CONST(0x9e3779b97f4a7c15);
	return &slots->heads[(uint32) (hash >> 32) & (slots->table->chains - 1)];
}

/* The slot of the key in the chain that begins at `number`, or 0. */
static uint32
find_in_chain(const Slots *slots, uint32 number, const void *key)
{
	/* The bound keeps a session that slept through a quarantine from walking in a circle. */
	for (uint32 steps = 0; number != 0 && steps < slots->table->free.capacity; steps++)
	{
		SlotHead *slot = dbops_slots_at(slots, number);

		if (slots->same(slot + 1, key) && pg_atomic_read_u32(&slot->use) != SLOT_QUARANTINE)
			return number;
		number = pg_atomic_read_u32(&slot->next);
	}
	return 0;
}

static void
begin_slot(const Slots *slots, SlotHead *slot, const void *key)
{
	/* Again, as a session may have found the slot while it was in quarantine. */
	pg_atomic_fetch_add_u32(&slot->generation, 1);
	slot->first_seen_at = slot->last_seen_at = dbops_clock_now();
	pg_atomic_write_u32(&slot->epoch, pg_atomic_read_u32(&slots->table->epoch));
	slots->begin(slot, key);
}

uint32
dbops_slots_admit(Slots *slots, const void *key)
{
	SlotTable *table = slots->table;
	pg_atomic_uint32 *head = head_of(slots, slots->hash(key));
	uint32 first = pg_atomic_read_u32(head);
	uint32 number = find_in_chain(slots, first, key);
	uint32 mine;

	if (number != 0)
		return number;
	mine = dbops_freelist_pop(&table->free, slots->link);
	if (mine == 0)
	{
		pg_atomic_fetch_add_u64(&table->not_admitted, 1);
		return 0;
	}
	begin_slot(slots, dbops_slots_at(slots, mine), key);
	for (;;)
	{
		pg_atomic_write_u32(slots->link(mine), first);
		if (pg_atomic_compare_exchange_u32(head, &first, mine))
		{
			pg_atomic_write_u32(&dbops_slots_at(slots, mine)->use, SLOT_LIVE);
			return mine;
		}
		/* Another session put a slot there first: perhaps this very key. */
		number = find_in_chain(slots, first, key);
		if (number != 0)
		{
			dbops_freelist_push(&table->free, slots->link, mine);
			return number;
		}
	}
}

void
dbops_slots_enter_epoch(const Slots *slots, SlotHead *slot)
{
	pg_atomic_write_u32(&slot->epoch, pg_atomic_read_u32(&slots->table->epoch));
	/* The statement that is the first to have the key began before it had. */
	slot->last_seen_at = Max(slot->first_seen_at, GetCurrentStatementStartTimestamp());
}

/* Numbers that may be in use: all that were ever given out. */
static uint32
last_slot(const Slots *slots)
{
	return Min(pg_atomic_read_u32(&slots->table->free.fresh), slots->table->free.capacity);
}

uint32
dbops_slots_next(const Slots *slots, uint32 number, uint32 changed_since)
{
	uint32 last = last_slot(slots);

	while (++number <= last)
	{
		SlotHead *slot = dbops_slots_at(slots, number);

		if (pg_atomic_read_u32(&slot->use) == SLOT_LIVE &&
		    pg_atomic_read_u32(&slot->epoch) >= changed_since)
			return number;
	}
	return 0;
}

uint32
dbops_slots_epoch(Slots *slots)
{
	return pg_atomic_fetch_add_u32(&slots->table->epoch, 1) + 1;
}

/* Takes the slot out of its chain: heads move under us, links only the evictor changes. */
static void
unlink_slot(const Slots *slots, uint32 number)
{
	pg_atomic_uint32 *head = head_of(slots, slots->hash(dbops_slots_at(slots, number) + 1));
	uint32 next = pg_atomic_read_u32(slots->link(number));
	uint32 expected = number;
	uint32 before;

	if (pg_atomic_compare_exchange_u32(head, &expected, next))
		return;
	for (before = expected; before != 0; before = pg_atomic_read_u32(slots->link(before)))
	{
		if (pg_atomic_read_u32(slots->link(before)) == number)
		{
			pg_atomic_write_u32(slots->link(before), next);
			return;
		}
	}
}

static void
evict_slot(Slots *slots, uint32 number, TimestampTz now)
{
	SlotHead *slot = dbops_slots_at(slots, number);

	pg_atomic_fetch_add_u32(&slot->generation, 1);
	pg_atomic_write_u32(&slot->use, SLOT_QUARANTINE);
	unlink_slot(slots, number);
	slot->evicted_at = now;
	pg_atomic_fetch_add_u64(&slots->table->evicted, 1);
}

static void
end_quarantines(Slots *slots, TimestampTz until)
{
	uint32 last = last_slot(slots);

	for (uint32 number = 1; number <= last; number++)
	{
		SlotHead *slot = dbops_slots_at(slots, number);

		if (pg_atomic_read_u32(&slot->use) != SLOT_QUARANTINE || slot->evicted_at > until)
			continue;
		slots->end(slot);
		pg_atomic_write_u32(&slot->use, SLOT_FREE);
		dbops_freelist_push(&slots->table->free, slots->link, number);
	}
}

/* How many live slots changed last in `epoch` or before. */
static int
count_until(const Slots *slots, uint32 epoch)
{
	uint32 last = last_slot(slots);
	int count = 0;

	for (uint32 number = 1; number <= last; number++)
	{
		SlotHead *slot = dbops_slots_at(slots, number);

		count += pg_atomic_read_u32(&slot->use) == SLOT_LIVE &&
		         pg_atomic_read_u32(&slot->epoch) <= epoch;
	}
	return count;
}

/* The earliest epoch such that `wanted` slots changed last in it or before. */
static uint32
find_threshold(const Slots *slots, int wanted)
{
	uint32 low = 0;
	uint32 high = pg_atomic_read_u32(&slots->table->epoch);

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (count_until(slots, middle) >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* How many to evict: more when more were turned away since the last time. */
static int
decide_evictions(SlotTable *table)
{
	uint32 capacity = table->free.capacity;
	uint64 not_admitted = pg_atomic_read_u64(&table->not_admitted);
	uint64 turned_away = not_admitted - table->not_admitted_before;

	table->not_admitted_before = not_admitted;
	if (pg_atomic_read_u32(&table->free.used) < capacity * NEARLY_FULL)
		return 0;
	return Max(1, Max(capacity * EVICT_LEAST, Min(capacity * EVICT_MOST, turned_away)));
}

void
dbops_slots_note_read(const Slots *slots, int64 begun_us)
{
	pg_atomic_write_u64(&slots->table->read_us, (uint64) begun_us);
}

/*
 * The last epoch of which nothing would be lost.  A reader that stays away for long does not keep
 * newcomers out.
 */
static uint32
find_read_epoch(SlotTable *table, int64 patience_us)
{
	uint64 read_us = pg_atomic_read_u64(&table->read_us);

	if (read_us == 0 || dbops_clock_monotonic_us() - (int64) read_us > patience_us)
		return PG_UINT32_MAX;
	if (read_us > table->mark_us)
		table->read_epoch = table->mark_epoch;
	return table->read_epoch;
}

/* Remembers where the epochs stand now, once the mark before has been passed by a scan. */
static void
set_mark(SlotTable *table, uint32 epoch)
{
	if (pg_atomic_read_u64(&table->read_us) <= table->mark_us)
		return;
	table->mark_epoch = epoch;
	table->mark_us = (uint64) dbops_clock_monotonic_us();
}

int
dbops_slots_evict(Slots *slots, int64 quarantine_us)
{
	SlotTable *table = slots->table;
	TimestampTz now = dbops_clock_now();
	uint32 last = last_slot(slots);
	uint32 threshold;
	uint32 read_epoch;
	int wanted;
	int evicted = 0;

	if (table->free.capacity == 0 || !pg_atomic_test_set_flag(&table->evicting))
		return 0;
	end_quarantines(slots, now - quarantine_us);
	wanted = decide_evictions(table);
	read_epoch = find_read_epoch(table, quarantine_us * PATIENCE);
	threshold = wanted > 0 ? Min(find_threshold(slots, wanted), read_epoch) : 0;
	for (uint32 steps = 0; steps < last && evicted < wanted; steps++)
	{
		SlotHead *slot;

		table->hand = table->hand % last + 1;
		slot = dbops_slots_at(slots, table->hand);
		if (pg_atomic_read_u32(&slot->use) == SLOT_LIVE &&
		    pg_atomic_read_u32(&slot->epoch) <= threshold)
		{
			evict_slot(slots, table->hand, now);
			evicted++;
		}
	}
	set_mark(table, dbops_slots_epoch(slots) - 1);
	pg_atomic_clear_flag(&table->evicting);
	return evicted;
}

void
dbops_slots_state(const Slots *slots, SlotsState *state)
{
	state->used = pg_atomic_read_u32(&slots->table->free.used);
	state->capacity = slots->table->free.capacity;
	state->evicted = pg_atomic_read_u64(&slots->table->evicted);
	state->not_admitted = pg_atomic_read_u64(&slots->table->not_admitted);
}
