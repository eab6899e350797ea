/*
 * track/statements.c
 *		What sessions record about statements; see statements.h.
 *
 * The slots lie in a table of track/slots.h; here is what a statement's slot counts, and the cache
 * by which a session finds the slots of what it runs.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "core/guc.h"
#include "track/slots.h"
#include "track/statements.h"

#define DEFAULT_CAPACITY 5000  /* when neither setting says a number */
#define PAGES_PER_STATEMENT 32 /* one call each takes two, a busy one ten; its plans as many */
#define CACHE_ENTRIES 1024     /* 40 kB a session, touched as used */

typedef struct Slot
{
	SlotHead head;
	StatementKey key;
	pg_atomic_uint64 calls;
	pg_atomic_uint64 rows;
	pg_atomic_uint64 exec_ns;
	CaptureSlot capture; /* begins with what each execution reads */
	pg_atomic_uint64 plans;
	pg_atomic_uint64 plan_ns;
	pg_atomic_uint64 failures[FAILURE_TIMEOUT + 1]; /* FAILURE_ERROR counts all kinds */
	PageDirectory pages[PHASE_EXEC + 1];
} Slot;

/* What this session knows about a statement it ran. */
typedef struct CacheEntry
{
	uint64 queryid;
	Oid userid;
	uint32 generation;
	uint32 slot; /* 0: empty */
	bool toplevel;
	PlanMemo memo;
} CacheEntry;

static pg_atomic_uint32 *link_of(uint32 number);
static uint64 hash_key(const void *key);
static bool same_key(const void *a, const void *b);
static void begin_slot(SlotHead *head, const void *key);
static void end_slot(SlotHead *head);

static Slots table = {.name = "dbops statements",
                      .slot_size = sizeof(Slot),
                      .link = link_of,
                      .hash = hash_key,
                      .same = same_key,
                      .begin = begin_slot,
                      .end = end_slot};
static Slot *slots = NULL; /* counted from 1 */
static CacheEntry cache[CACHE_ENTRIES];

PlanMemo *dbops_statements_memo = NULL;

uint32
dbops_statements_capacity(void)
{
	const char *value;

	if (dbops_guc_max_statements >= 0)
		return dbops_guc_max_statements;
	value = GetConfigOption("pg_stat_statements.max", true, false);
	return value != NULL ? (uint32) strtoul(value, NULL, 10) : DEFAULT_CAPACITY;
}

Size
dbops_statements_shmem_size(void)
{
	uint32 capacity = dbops_statements_capacity();

	return add_size(CACHELINEALIGN(dbops_slots_size(&table, capacity)),
	                dbops_pages_size(capacity * PAGES_PER_STATEMENT));
}

void
dbops_statements_shmem_init(void)
{
	uint32 capacity = dbops_statements_capacity();

	dbops_pages_init(capacity * PAGES_PER_STATEMENT);
	dbops_slots_init(&table, capacity);
	slots = (Slot *) table.slots;
}

static pg_atomic_uint32 *
link_of(uint32 number)
{
	return &slots[number].head.next;
}

static bool
same_key(const void *a, const void *b)
{
	return dbops_statements_same_key(a, b);
}

static uint64
hash_key(const void *key)
{
	return dbops_statements_hash_key(key);
}

static void
begin_slot(SlotHead *head, const void *key)
{
	Slot *slot = (Slot *) head;

	slot->key = *(const StatementKey *) key;
	pg_atomic_write_u64(&slot->calls, 0);
	pg_atomic_write_u64(&slot->rows, 0);
	pg_atomic_write_u64(&slot->exec_ns, 0);
	dbops_capture_slot_begin(&slot->capture);
	pg_atomic_write_u64(&slot->plans, 0);
	pg_atomic_write_u64(&slot->plan_ns, 0);
	for (int i = 0; i < lengthof(slot->failures); i++)
		pg_atomic_write_u64(&slot->failures[i], 0);
	for (int i = 0; i < lengthof(slot->pages); i++)
		dbops_pages_clear(&slot->pages[i]);
}

static void
end_slot(SlotHead *head)
{
	Slot *slot = (Slot *) head;

	dbops_capture_slot_drop(&slot->capture);
	for (int phase = 0; phase < lengthof(slot->pages); phase++)
		dbops_pages_release(&slot->pages[phase]);
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
	uint32 number = dbops_slots_admit(&table, &key);

	dbops_statements_memo = NULL;
	if (number == 0)
		return NULL;
	entry->memo.shape = 0;
	entry->queryid = queryid;
	entry->userid = userid;
	entry->toplevel = toplevel;
	entry->slot = number;
	entry->generation = pg_atomic_read_u32(&slots[number].head.generation);
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
	             entry->generation == pg_atomic_read_u32(&slot->head.generation);

	return likely(known) ? slot : NULL;
}

static Slot *
find_slot(const StatementKey *key)
{
	Slot *slot = find_cached(key->queryid, key->userid, key->toplevel);

	return slot != NULL ? slot : find_uncached(key->queryid, key->userid, key->toplevel);
}

static inline bool
is_first_of_epoch(Slot *slot)
{
	return pg_atomic_read_u32(&slot->head.epoch) != pg_atomic_read_u32(&table.table->epoch);
}

static inline void
mark_changed(Slot *slot)
{
	dbops_slots_mark_changed(&table, &slot->head);
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

static pg_noinline bool
add_execution_uncached(uint64 queryid, Oid userid, bool toplevel, int64 ns, uint64 rows)
{
	return find_uncached(queryid, userid, toplevel) != NULL &&
	       dbops_statements_add_execution(queryid, userid, toplevel, ns, rows);
}

static pg_noinline bool
add_execution_rarely(Slot *slot, int64 ns, bool counted)
{
	if (!counted)
		dbops_pages_add(&slot->pages[PHASE_EXEC], ns);
	mark_changed(slot);
	return dbops_capture_slot_is_due(&slot->capture, ns);
}

bool
dbops_statements_add_execution(uint64 queryid, Oid userid, bool toplevel, int64 ns, uint64 rows)
{
	Slot *slot = find_cached(queryid, userid, toplevel);
	bool counted;

	if (unlikely(slot == NULL))
		return add_execution_uncached(queryid, userid, toplevel, ns, rows);
	dbops_statements_memo = &cache_entry(queryid, userid, toplevel)->memo;
	pg_atomic_fetch_add_u64(&slot->calls, 1);
	if (rows != 0)
		pg_atomic_fetch_add_u64(&slot->rows, rows);
	pg_atomic_fetch_add_u64(&slot->exec_ns, ns);
	counted = dbops_pages_add_present(&slot->pages[PHASE_EXEC], ns);
	if (unlikely(!counted || is_first_of_epoch(slot)))
		return add_execution_rarely(slot, ns, counted);
	return dbops_capture_slot_is_due(&slot->capture, ns);
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

CaptureSlot *
dbops_statements_capture(const StatementKey *key)
{
	Slot *slot = find_slot(key);

	return slot == NULL ? NULL : &slot->capture;
}

bool
dbops_statements_next(StatementScan *scan, StatementCopy *copy)
{
	while ((copy->slot = dbops_slots_next(&table, scan->next, scan->changed_since)) != 0)
	{
		Slot *slot = &slots[copy->slot];

		scan->next = copy->slot;
		copy->epoch = pg_atomic_read_u32(&slot->head.epoch);
		copy->generation = pg_atomic_read_u32(&slot->head.generation);
		pg_read_barrier();
		copy->key = slot->key;
		copy->capture = &slot->capture;
		copy->first_seen_at = slot->head.first_seen_at;
		copy->last_seen_at = slot->head.last_seen_at;
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
		if (pg_atomic_read_u32(&slot->head.generation) == copy->generation)
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
	return pg_atomic_read_u32(&slot->head.generation) == copy->generation ? histogram : NULL;
}

uint32
dbops_statements_epoch(void)
{
	return dbops_slots_epoch(&table);
}

void
dbops_statements_note_read(int64 begun_us)
{
	dbops_slots_note_read(&table, begun_us);
}

int
dbops_statements_evict(int64 quarantine_us)
{
	return dbops_slots_evict(&table, quarantine_us);
}

void
dbops_statements_state(StatementsState *state)
{
	PagesState pages;
	SlotsState entries;

	dbops_slots_state(&table, &entries);
	state->used = entries.used;
	state->capacity = entries.capacity;
	state->evicted = entries.evicted;
	state->not_admitted = entries.not_admitted;
	dbops_pages_state(&pages);
	state->pages_used = pages.used;
	state->pages_capacity = pages.capacity;
	state->pages_exhausted = pages.exhausted;
}
