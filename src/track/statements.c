/*
 * track/statements.c
 *		What sessions record about statements; see statements.h.
 *
 * A slot is found by hash chain: an array of chain heads, and in each slot the number of the next.
 * Sessions only ever put a slot at a head, by compare-and-swap, which fails when any other came
 * first, so no key enters a chain twice.  The evictor alone takes slots out; it leaves their link
 * alone, so a session that stands on one finds its way on.  Only after the quarantine are the slot
 * and its pages given to another statement.
 *
 * Invariants: a slot's key and generation are written before it is linked and do not change while
 * it is SLOT_LIVE; whoever holds (slot, generation) in its cache compares the generation before it
 * adds.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "utils/guc.h"

#include "core/clock.h"
#include "core/guc.h"
#include "track/freelist.h"
#include "track/statements.h"

#define DEFAULT_CAPACITY 5000  /* when neither setting says a number */
#define PAGES_PER_STATEMENT 16 /* one call each takes two pages; a busy one about ten */
#define CACHE_ENTRIES 1024     /* 24 kB a session, touched as used */
#define NEARLY_FULL 0.95       /* share of the capacity in use from which on the sampler evicts */
#define EVICT_LEAST 0.05       /* of the capacity, each time */
#define EVICT_MOST 0.20

typedef enum SlotUse
{
	SLOT_FREE,
	SLOT_LIVE,
	SLOT_QUARANTINE,
} SlotUse;

typedef struct Slot
{
	StatementKey key;
	pg_atomic_uint32 generation;
	pg_atomic_uint32 use;
	pg_atomic_uint32 next;  /* in the chain, or in the list of free slots */
	pg_atomic_uint32 epoch; /* of the last change */
	TimestampTz first_seen_at;
	TimestampTz last_seen_at;
	TimestampTz evicted_at;
	pg_atomic_uint64 calls;
	pg_atomic_uint64 rows;
	pg_atomic_uint64 exec_ns;
	pg_atomic_uint64 plans;
	pg_atomic_uint64 plan_ns;
	pg_atomic_uint64 failures[FAILURE_TIMEOUT + 1]; /* FAILURE_ERROR counts all kinds */
	PageDirectory pages[PHASE_EXEC + 1];
} Slot;

typedef struct StatementTable
{
	pg_atomic_uint32 epoch;
	uint32 chains; /* a power of two */
	Freelist free;
	pg_atomic_flag evicting;
	pg_atomic_uint64 evicted;
	pg_atomic_uint64 not_admitted;
	uint64 not_admitted_before; /* at the last eviction; the evictor's */
	uint32 hand;                /* where the last eviction ended; the evictor's */
} StatementTable;

/* What this session knows about a statement it ran. */
typedef struct CacheEntry
{
	uint64 queryid;
	Oid userid;
	uint32 generation;
	uint32 slot; /* 0: empty */
	bool toplevel;
} CacheEntry;

static StatementTable *table = NULL;
static pg_atomic_uint32 *heads = NULL;
static Slot *slots = NULL; /* counted from 1 */
static CacheEntry cache[CACHE_ENTRIES];

/* The settings are all known when shared memory is asked for: every library is loaded. */
static uint32
resolve_capacity(void)
{
	const char *value;

	if (dbops_guc_max_statements >= 0)
		return dbops_guc_max_statements;
	value = GetConfigOption("pg_stat_statements.max", true, false);
	return value != NULL ? (uint32) strtoul(value, NULL, 10) : DEFAULT_CAPACITY;
}

static Size
heads_offset(void)
{
	return CACHELINEALIGN(sizeof(StatementTable));
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

static Size
table_size(uint32 capacity)
{
	return add_size(slots_offset(chains_for(capacity)),
	                mul_size(sizeof(Slot), (Size) capacity + 1));
}

Size
dbops_statements_shmem_size(void)
{
	uint32 capacity = resolve_capacity();

	return add_size(CACHELINEALIGN(table_size(capacity)),
	                dbops_pages_size(capacity * PAGES_PER_STATEMENT));
}

void
dbops_statements_shmem_init(void)
{
	uint32 capacity = resolve_capacity();
	uint32 chains = chains_for(capacity);
	bool found;

	dbops_pages_init(capacity * PAGES_PER_STATEMENT);
	table = ShmemInitStruct("dbops statements", table_size(capacity), &found);
	heads = (pg_atomic_uint32 *) ((char *) table + heads_offset());
	slots = (Slot *) ((char *) table + slots_offset(chains));
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
	for (uint32 i = 0; i < chains; i++)
		pg_atomic_init_u32(&heads[i], 0);
}

static pg_atomic_uint32 *
link_of(uint32 number)
{
	return &slots[number].next;
}

static bool
same_key(const StatementKey *a, const StatementKey *b)
{
	return a->queryid == b->queryid && a->userid == b->userid && a->datid == b->datid &&
	       a->toplevel == b->toplevel;
}

static pg_atomic_uint32 *
head_of(const StatementKey *key)
{
	/* A queryid is a hash already; the others only need to be spread. */
	uint64 hash = key->queryid + (((uint64) key->userid << 32) | key->datid) + key->toplevel;

	hash *= UINT64CONST(0x9e3779b97f4a7c15);
	return &heads[(uint32) (hash >> 32) & (table->chains - 1)];
}

/* The slot of the key in the chain that begins at `number`, or 0. */
static uint32
find_in_chain(uint32 number, const StatementKey *key)
{
	/* The bound keeps a session that slept through a quarantine from walking in a circle. */
	for (uint32 steps = 0; number != 0 && steps < table->free.capacity; steps++)
	{
		if (same_key(&slots[number].key, key) &&
		    pg_atomic_read_u32(&slots[number].use) != SLOT_QUARANTINE)
			return number;
		number = pg_atomic_read_u32(&slots[number].next);
	}
	return 0;
}

static void
prepare_slot(Slot *slot, const StatementKey *key)
{
	/* Again, as a session may have found the slot while it was in quarantine. */
	pg_atomic_fetch_add_u32(&slot->generation, 1);
	slot->key = *key;
	slot->first_seen_at = slot->last_seen_at = dbops_clock_now();
	pg_atomic_write_u32(&slot->epoch, pg_atomic_read_u32(&table->epoch));
	pg_atomic_write_u64(&slot->calls, 0);
	pg_atomic_write_u64(&slot->rows, 0);
	pg_atomic_write_u64(&slot->exec_ns, 0);
	pg_atomic_write_u64(&slot->plans, 0);
	pg_atomic_write_u64(&slot->plan_ns, 0);
	for (int i = 0; i < lengthof(slot->failures); i++)
		pg_atomic_write_u64(&slot->failures[i], 0);
	for (int i = 0; i < lengthof(slot->pages) * HISTOGRAM_OCTAVES; i++)
		pg_atomic_write_u32(&slot->pages[i / HISTOGRAM_OCTAVES].page[i % HISTOGRAM_OCTAVES], 0);
}

/* Finds or admits the statement; 0 when the table is full. */
static uint32
admit(const StatementKey *key)
{
	pg_atomic_uint32 *head = head_of(key);
	uint32 first = pg_atomic_read_u32(head);
	uint32 number = find_in_chain(first, key);
	uint32 mine;

	if (number != 0)
		return number;
	mine = dbops_freelist_pop(&table->free, link_of);
	if (mine == 0)
	{
		pg_atomic_fetch_add_u64(&table->not_admitted, 1);
		return 0;
	}
	prepare_slot(&slots[mine], key);
	for (;;)
	{
		pg_atomic_write_u32(&slots[mine].next, first);
		if (pg_atomic_compare_exchange_u32(head, &first, mine))
		{
			pg_atomic_write_u32(&slots[mine].use, SLOT_LIVE);
			return mine;
		}
		/* Another session put a slot there first: perhaps this very statement. */
		number = find_in_chain(first, key);
		if (number != 0)
		{
			dbops_freelist_push(&table->free, link_of, mine);
			return number;
		}
	}
}

static inline CacheEntry *
cache_entry(uint64 queryid, Oid userid, bool toplevel)
{
	return &cache[((uint32) queryid + userid + toplevel) % CACHE_ENTRIES];
}

/* The slot to add to, or NULL when the statement is not admitted; remembered in the cache. */
static pg_noinline Slot *
find_uncached(uint64 queryid, Oid userid, bool toplevel)
{
	CacheEntry *entry = cache_entry(queryid, userid, toplevel);
	StatementKey key = dbops_statements_key(queryid, userid, toplevel);
	uint32 number = admit(&key);

	if (number == 0)
		return NULL;
	entry->queryid = queryid;
	entry->userid = userid;
	entry->toplevel = toplevel;
	entry->slot = number;
	entry->generation = pg_atomic_read_u32(&slots[number].generation);
	return &slots[number];
}

/* The same if the cache knows it, else NULL.  A session has one database. */
static inline Slot *
find_cached(uint64 queryid, Oid userid, bool toplevel)
{
	CacheEntry *entry = cache_entry(queryid, userid, toplevel);
	Slot *slot = &slots[entry->slot];
	/* An empty entry has queryid 0, which no statement has. */
	bool known = entry->queryid == queryid && entry->userid == userid &&
	             entry->toplevel == toplevel &&
	             entry->generation == pg_atomic_read_u32(&slot->generation);

	return likely(known) ? slot : NULL;
}

static Slot *
find_slot(const StatementKey *key)
{
	Slot *slot = find_cached(key->queryid, key->userid, key->toplevel);

	return slot != NULL ? slot : find_uncached(key->queryid, key->userid, key->toplevel);
}

static pg_noinline void
enter_epoch(Slot *slot)
{
	pg_atomic_write_u32(&slot->epoch, pg_atomic_read_u32(&table->epoch));
	slot->last_seen_at = GetCurrentStatementStartTimestamp();
}

/* After the counters: a scan that missed the change finds the new epoch the next time. */
static inline void
mark_changed(Slot *slot)
{
	if (unlikely(pg_atomic_read_u32(&slot->epoch) != pg_atomic_read_u32(&table->epoch)))
		enter_epoch(slot);
}

/*
 * Every statement runs dbops_statements_add_plan and _add_execution: what is rare in them is a call
 * in tail position, so that what is common needs no stack.
 */
static pg_noinline void
add_new_page(Slot *slot, StatementPhase phase, int64 ns)
{
	dbops_pages_add(&slot->pages[phase], ns);
	mark_changed(slot);
}

static pg_noinline void
add_plan_uncached(uint64 queryid, Oid userid, bool toplevel, int64 ns)
{
	if (find_uncached(queryid, userid, toplevel) != NULL)
		dbops_statements_add_plan(queryid, userid, toplevel, ns);
}

void
dbops_statements_add_plan(uint64 queryid, Oid userid, bool toplevel, int64 ns)
{
	Slot *slot = find_cached(queryid, userid, toplevel);

	if (unlikely(slot == NULL))
	{
		add_plan_uncached(queryid, userid, toplevel, ns);
		return;
	}
	pg_atomic_fetch_add_u64(&slot->plans, 1);
	pg_atomic_fetch_add_u64(&slot->plan_ns, ns);
	if (likely(dbops_pages_add_present(&slot->pages[PHASE_PLAN], ns)))
		mark_changed(slot);
	else
		add_new_page(slot, PHASE_PLAN, ns);
}

static pg_noinline void
add_execution_uncached(uint64 queryid, Oid userid, bool toplevel, int64 ns, uint64 rows)
{
	if (find_uncached(queryid, userid, toplevel) != NULL)
		dbops_statements_add_execution(queryid, userid, toplevel, ns, rows);
}

void
dbops_statements_add_execution(uint64 queryid, Oid userid, bool toplevel, int64 ns, uint64 rows)
{
	Slot *slot = find_cached(queryid, userid, toplevel);

	if (unlikely(slot == NULL))
	{
		add_execution_uncached(queryid, userid, toplevel, ns, rows);
		return;
	}
	pg_atomic_fetch_add_u64(&slot->calls, 1);
	if (rows != 0)
		pg_atomic_fetch_add_u64(&slot->rows, rows);
	pg_atomic_fetch_add_u64(&slot->exec_ns, ns);
	if (likely(dbops_pages_add_present(&slot->pages[PHASE_EXEC], ns)))
		mark_changed(slot);
	else
		add_new_page(slot, PHASE_EXEC, ns);
}

void
dbops_statements_add_rows(const StatementKey *key, uint64 rows)
{
	Slot *slot = find_slot(key);

	if (slot == NULL)
		return;
	pg_atomic_fetch_add_u64(&slot->rows, rows);
	mark_changed(slot);
}

void
dbops_statements_add_failure(const StatementKey *key, FailureKind kind)
{
	Slot *slot = find_slot(key);

	if (slot == NULL)
		return;
	pg_atomic_fetch_add_u64(&slot->failures[FAILURE_ERROR], 1);
	if (kind != FAILURE_ERROR)
		pg_atomic_fetch_add_u64(&slot->failures[kind], 1);
	mark_changed(slot);
}

/* Numbers that may be in use: all that were ever given out. */
static uint32
last_slot(void)
{
	return Min(pg_atomic_read_u32(&table->free.fresh), table->free.capacity);
}

bool
dbops_statements_next(StatementScan *scan, StatementCopy *copy)
{
	uint32 last = last_slot();

	while (scan->next < last)
	{
		uint32 number = ++scan->next;
		Slot *slot = &slots[number];

		if (pg_atomic_read_u32(&slot->use) != SLOT_LIVE ||
		    pg_atomic_read_u32(&slot->epoch) < scan->changed_since)
			continue;
		copy->slot = number;
		copy->epoch = pg_atomic_read_u32(&slot->epoch);
		copy->generation = pg_atomic_read_u32(&slot->generation);
		pg_read_barrier();
		copy->key = slot->key;
		copy->first_seen_at = slot->first_seen_at;
		copy->last_seen_at = slot->last_seen_at;
		copy->calls = pg_atomic_read_u64(&slot->calls);
		copy->rows = pg_atomic_read_u64(&slot->rows);
		copy->exec_ns = pg_atomic_read_u64(&slot->exec_ns);
		copy->plans = pg_atomic_read_u64(&slot->plans);
		copy->plan_ns = pg_atomic_read_u64(&slot->plan_ns);
		copy->errors = pg_atomic_read_u64(&slot->failures[FAILURE_ERROR]);
		copy->cancels = pg_atomic_read_u64(&slot->failures[FAILURE_CANCEL]);
		copy->timeouts = pg_atomic_read_u64(&slot->failures[FAILURE_TIMEOUT]);
		pg_read_barrier();
		/* Evicted while we looked: forget it. */
		if (pg_atomic_read_u32(&slot->generation) == copy->generation)
			return true;
	}
	return false;
}

Histogram *
dbops_statements_histogram(const StatementCopy *copy, StatementPhase phase)
{
	Slot *slot = &slots[copy->slot];
	Histogram *histogram = dbops_pages_copy(&slot->pages[phase]);

	pg_read_barrier();
	return pg_atomic_read_u32(&slot->generation) == copy->generation ? histogram : NULL;
}

uint32
dbops_statements_epoch(void)
{
	return pg_atomic_fetch_add_u32(&table->epoch, 1) + 1;
}

/* Takes the slot out of its chain: heads move under us, links only the evictor changes. */
static void
unlink_slot(uint32 number)
{
	pg_atomic_uint32 *head = head_of(&slots[number].key);
	uint32 next = pg_atomic_read_u32(&slots[number].next);
	uint32 expected = number;
	uint32 before;

	if (pg_atomic_compare_exchange_u32(head, &expected, next))
		return;
	for (before = expected; before != 0; before = pg_atomic_read_u32(&slots[before].next))
	{
		if (pg_atomic_read_u32(&slots[before].next) == number)
		{
			pg_atomic_write_u32(&slots[before].next, next);
			return;
		}
	}
}

static void
evict_slot(uint32 number, TimestampTz now)
{
	Slot *slot = &slots[number];

	pg_atomic_fetch_add_u32(&slot->generation, 1);
	pg_atomic_write_u32(&slot->use, SLOT_QUARANTINE);
	unlink_slot(number);
	slot->evicted_at = now;
	pg_atomic_fetch_add_u64(&table->evicted, 1);
}

static void
end_quarantines(TimestampTz until)
{
	uint32 last = last_slot();

	for (uint32 number = 1; number <= last; number++)
	{
		Slot *slot = &slots[number];

		if (pg_atomic_read_u32(&slot->use) != SLOT_QUARANTINE || slot->evicted_at > until)
			continue;
		for (int phase = 0; phase < lengthof(slot->pages); phase++)
			dbops_pages_release(&slot->pages[phase]);
		pg_atomic_write_u32(&slot->use, SLOT_FREE);
		dbops_freelist_push(&table->free, link_of, number);
	}
}

/* How many live slots changed last in `epoch` or before. */
static int
count_until(uint32 epoch)
{
	uint32 last = last_slot();
	int count = 0;

	for (uint32 number = 1; number <= last; number++)
		count += pg_atomic_read_u32(&slots[number].use) == SLOT_LIVE &&
		         pg_atomic_read_u32(&slots[number].epoch) <= epoch;
	return count;
}

/* The earliest epoch such that `wanted` slots changed last in it or before. */
static uint32
find_threshold(int wanted)
{
	uint32 low = 0;
	uint32 high = pg_atomic_read_u32(&table->epoch);

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (count_until(middle) >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* How many to evict: more when more were turned away since the last time. */
static int
decide_evictions(void)
{
	uint32 capacity = table->free.capacity;
	uint64 not_admitted = pg_atomic_read_u64(&table->not_admitted);
	uint64 turned_away = not_admitted - table->not_admitted_before;

	table->not_admitted_before = not_admitted;
	if (pg_atomic_read_u32(&table->free.used) < capacity * NEARLY_FULL)
		return 0;
	return Max(1, Max(capacity * EVICT_LEAST, Min(capacity * EVICT_MOST, turned_away)));
}

int
dbops_statements_evict(int64 quarantine_us)
{
	TimestampTz now = dbops_clock_now();
	uint32 last = last_slot();
	uint32 threshold;
	int wanted;
	int evicted = 0;

	if (table->free.capacity == 0 || !pg_atomic_test_set_flag(&table->evicting))
		return 0;
	end_quarantines(now - quarantine_us);
	wanted = decide_evictions();
	threshold = wanted > 0 ? find_threshold(wanted) : 0;
	for (uint32 steps = 0; steps < last && evicted < wanted; steps++)
	{
		table->hand = table->hand % last + 1;
		if (pg_atomic_read_u32(&slots[table->hand].use) == SLOT_LIVE &&
		    pg_atomic_read_u32(&slots[table->hand].epoch) <= threshold)
		{
			evict_slot(table->hand, now);
			evicted++;
		}
	}
	dbops_statements_epoch();
	pg_atomic_clear_flag(&table->evicting);
	return evicted;
}

void
dbops_statements_state(StatementsState *state)
{
	PagesState pages;

	state->used = pg_atomic_read_u32(&table->free.used);
	state->capacity = table->free.capacity;
	state->evicted = pg_atomic_read_u64(&table->evicted);
	state->not_admitted = pg_atomic_read_u64(&table->not_admitted);
	dbops_pages_state(&pages);
	state->pages_used = pages.used;
	state->pages_capacity = pages.capacity;
	state->pages_exhausted = pages.exhausted;
}
