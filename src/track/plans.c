/*
 * track/plans.c
 *		What sessions record about plans; see plans.h.
 *
 * What a plan carries is its shape, or as many bits of it as the server's version has room for
 * (core/compat.h): it lies in the plan itself, is copied with it and goes with it, so no address
 * that is used again can be mistaken for another plan.  Two shapes of one statement that agree in
 * 27 bits, which are all there is up to 17, would be one to a session that has met both.
 *
 * A session finds the slot of the plan by which a statement ran last beside the statement, and the
 * slots of other plans of it in a cache of its own.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/shmem.h"

#include "core/compat.h"
#include "core/encoding.h"
#include "track/plan_shape.h"
#include "track/plan_text.h"
#include "track/plans.h"
#include "track/text_cells.h"

#define PLANS_PER_STATEMENT 2
#define CELLS_PER_PLAN 2   /* half a kilobyte: a plan of ten nodes */
#define CACHE_ENTRIES 1024 /* 40 kB a session, touched as used */

/* What a slot is found by; lies behind its head. */
typedef struct PlanKey
{
	StatementKey statement;
	uint64 shape;
} PlanKey;

typedef enum TextUse
{
	TEXT_NONE,
	TEXT_CLAIMED, /* by the session that prints it */
	TEXT_DONE,    /* planid is set, and the text if there was room */
} TextUse;

typedef struct Slot
{
	SlotHead head;
	PlanKey key;
	pg_atomic_uint64 calls;
	pg_atomic_uint64 exec_ns;
	PageDirectory pages;
	pg_atomic_uint32 text_use;
	uint32 text; /* number of the first cell, or 0 */
	int text_length;
	int encoding;
	uint64 planid;
} Slot;

/* What this session knows about a plan it ran, by as much of the shape as a plan carries. */
typedef struct CacheEntry
{
	StatementKey statement;
	PlanMemo memo;
} CacheEntry;

static pg_atomic_uint32 *link_of(uint32 number);
static uint64 hash_key(const void *key);
static bool same_key(const void *a, const void *b);
static void begin_slot(SlotHead *head, const void *key);
static void end_slot(SlotHead *head);

static Slots table = {.name = "dbops plans",
                      .slot_size = sizeof(Slot),
                      .link = link_of,
                      .hash = hash_key,
                      .same = same_key,
                      .begin = begin_slot,
                      .end = end_slot};
static Slot *slots = NULL; /* counted from 1 */
static CacheEntry cache[CACHE_ENTRIES];

static uint32
plans_capacity(void)
{
	return dbops_statements_capacity() * PLANS_PER_STATEMENT;
}

Size
dbops_plans_shmem_size(void)
{
	uint32 capacity = plans_capacity();

	return add_size(CACHELINEALIGN(dbops_slots_size(&table, capacity)),
	                CACHELINEALIGN(dbops_text_cells_size(capacity * CELLS_PER_PLAN)));
}

void
dbops_plans_shmem_init(void)
{
	uint32 capacity = plans_capacity();

	dbops_text_cells_init(capacity * CELLS_PER_PLAN);
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
	const PlanKey *left = a;
	const PlanKey *right = b;

	return left->shape == right->shape &&
	       dbops_statements_same_key(&left->statement, &right->statement);
}

static uint64
hash_key(const void *key)
{
	const PlanKey *plan = key;

	return dbops_statements_hash_key(&plan->statement) ^ plan->shape;
}

static void
begin_slot(SlotHead *head, const void *key)
{
	Slot *slot = (Slot *) head;

	slot->key = *(const PlanKey *) key;
	pg_atomic_write_u64(&slot->calls, 0);
	pg_atomic_write_u64(&slot->exec_ns, 0);
	dbops_pages_clear(&slot->pages);
	pg_atomic_write_u32(&slot->text_use, TEXT_NONE);
	slot->text = 0;
	slot->planid = 0;
}

static void
end_slot(SlotHead *head)
{
	Slot *slot = (Slot *) head;

	dbops_pages_release(&slot->pages);
	dbops_text_cells_release(slot->text);
	slot->text = 0;
}

/* Prints the plan, if it is the first execution of its shape. */
static void
print_text(Slot *slot, const QueryDesc *desc)
{
	uint32 none = TEXT_NONE;
	const PlanText *words;

	if (!pg_atomic_compare_exchange_u32(&slot->text_use, &none, TEXT_CLAIMED))
		return;
	words = dbops_plan_text_print(desc);
	slot->text_length = words->length;
	slot->encoding = GetDatabaseEncoding();
	slot->planid = words->planid;
	slot->text = dbops_text_cells_put(words->bytes, words->length);
	pg_write_barrier();
	pg_atomic_write_u32(&slot->text_use, TEXT_DONE);
}

/* The slot of the plan, admitted if need be; 0 when the table is full. */
static uint32
find_slot(const QueryDesc *desc, const StatementKey *statement)
{
	PlanKey key = {.statement = *statement,
	               .shape = dbops_compat_plan_shape_whole(desc->plannedstmt)};
	uint32 number;

	if (key.shape == 0)
		key.shape = dbops_plan_shape(desc->plannedstmt);
	number = dbops_slots_admit(&table, &key);
	if (number != 0)
		print_text(&slots[number], desc);
	return number;
}

static CacheEntry *
cache_entry(const StatementKey *statement, uint64 shape)
{
	/* Of the shape the upper bits, which a cached plan is sure to carry. */
	return &cache[((uint32) statement->queryid + (uint32) (shape >> 48) + statement->userid +
	               statement->toplevel) %
	              CACHE_ENTRIES];
}

static bool
is_of(const CacheEntry *entry, const StatementKey *statement, uint64 shape)
{
	/* An empty entry has queryid 0, which no statement has. */
	return entry->statement.queryid == statement->queryid &&
	       dbops_statements_same_key(&entry->statement, statement) && entry->memo.shape == shape &&
	       entry->memo.generation == pg_atomic_read_u32(&slots[entry->memo.slot].head.generation);
}

void
dbops_plans_add_execution(const QueryDesc *desc, uint64 queryid, Oid userid, bool toplevel,
                          int64 ns)
{
	const StatementKey statement = dbops_statements_key(queryid, userid, toplevel);
	uint64 shape = dbops_compat_plan_shape(desc->plannedstmt);
	CacheEntry *entry;
	Slot *slot;

	if (shape == 0)
	{
		dbops_compat_set_plan_shape(desc->plannedstmt, dbops_plan_shape(desc->plannedstmt));
		shape = dbops_compat_plan_shape(desc->plannedstmt);
	}
	entry = cache_entry(&statement, shape);
	if (!is_of(entry, &statement, shape))
	{
		uint32 number = find_slot(desc, &statement);

		if (number == 0)
			return;
		entry->statement = statement;
		entry->memo.shape = shape;
		entry->memo.slot = number;
		entry->memo.generation = pg_atomic_read_u32(&slots[number].head.generation);
	}
	if (dbops_statements_memo != NULL)
		*dbops_statements_memo = entry->memo;
	slot = &slots[entry->memo.slot];
	pg_atomic_fetch_add_u64(&slot->calls, 1);
	pg_atomic_fetch_add_u64(&slot->exec_ns, ns);
	dbops_pages_add(&slot->pages, ns);
	dbops_slots_mark_changed(&table, &slot->head);
}

/* Every statement runs this: without a call, it needs no stack. */
bool
dbops_plans_add_again(const QueryDesc *desc, int64 ns)
{
	PlannedStmt *stmt = desc->plannedstmt;
	const PlanMemo *memo = dbops_statements_memo;
	uint64 shape = dbops_compat_plan_shape(stmt);
	Slot *slot;

	if (shape == 0)
	{
		shape = dbops_plan_shape_line(stmt) & DBOPS_PLAN_SHAPE_CARRIED;
		if (unlikely(shape == 0))
			return false;
		dbops_compat_set_plan_shape(stmt, shape);
	}
	if (unlikely(memo == NULL || memo->shape != shape))
		return false;
	slot = &slots[memo->slot];
	if (unlikely(pg_atomic_read_u32(&slot->head.generation) != memo->generation ||
	             pg_atomic_read_u32(&slot->head.epoch) != pg_atomic_read_u32(&table.table->epoch) ||
	             !dbops_pages_add_present(&slot->pages, ns)))
		return false;
	pg_atomic_fetch_add_u64(&slot->calls, 1);
	pg_atomic_fetch_add_u64(&slot->exec_ns, ns);
	return true;
}

bool
dbops_plans_next(PlanScan *scan, PlanCopy *copy)
{
	while ((copy->slot = dbops_slots_next(&table, scan->next, scan->changed_since)) != 0)
	{
		Slot *slot = &slots[copy->slot];

		scan->next = copy->slot;
		copy->epoch = pg_atomic_read_u32(&slot->head.epoch);
		copy->generation = pg_atomic_read_u32(&slot->head.generation);
		/* Not printed yet, in the moment of its first execution. */
		if (pg_atomic_read_u32(&slot->text_use) != TEXT_DONE)
			continue;
		pg_read_barrier();
		copy->statement = slot->key.statement;
		copy->planid = slot->planid;
		copy->first_seen_at = slot->head.first_seen_at;
		copy->last_seen_at = slot->head.last_seen_at;
		copy->calls = pg_atomic_read_u64(&slot->calls);
		copy->exec_ns = pg_atomic_read_u64(&slot->exec_ns);
		pg_read_barrier();
		/* Evicted while we looked: forget it. */
		if (pg_atomic_read_u32(&slot->head.generation) == copy->generation)
			return true;
	}
	return false;
}

static bool
is_still(const PlanCopy *copy)
{
	pg_read_barrier();
	return pg_atomic_read_u32(&slots[copy->slot].head.generation) == copy->generation;
}

Histogram *
dbops_plans_histogram(const PlanCopy *copy)
{
	Histogram *histogram = dbops_pages_copy(&slots[copy->slot].pages);

	return is_still(copy) ? histogram : NULL;
}

char *
dbops_plans_text(const PlanCopy *copy)
{
	const Slot *slot = &slots[copy->slot];
	uint32 first = slot->text;
	int length = slot->text_length;
	int encoding = slot->encoding;
	char *words;

	if (first == 0 || length > PLAN_TEXT_MAX)
		return NULL;
	words = palloc(length + 1);
	dbops_text_cells_copy(first, words, length);
	words[length] = '\0';
	if (!is_still(copy))
		return NULL;
	dbops_encoding_fit(words, encoding);
	return words;
}

uint32
dbops_plans_epoch(void)
{
	return dbops_slots_epoch(&table);
}

void
dbops_plans_note_read(int64 begun_us)
{
	dbops_slots_note_read(&table, begun_us);
}

int
dbops_plans_evict(int64 quarantine_us)
{
	return dbops_slots_evict(&table, quarantine_us);
}

void
dbops_plans_state(PlansState *state)
{
	TextCellsState texts;

	dbops_slots_state(&table, &state->slots);
	dbops_text_cells_state(&texts);
	state->texts_exhausted = texts.exhausted;
}
