/*
 * track/errors.c
 *		Failures of statements and of sessions; see errors.h.
 *
 * Counters stand in sets of 16, chosen by hash: a full set turns newcomers away until the sampler
 * drops the one that failed longest ago.  A counter is claimed by compare-and-swap, filled, and
 * only then open to others; who meets one that is being filled waits a moment, then goes on to the
 * next place, so that a session stopped in the middle holds up nobody.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/shmem.h"

#include "core/clock.h"
#include "core/encoding.h"
#include "track/errors.h"

#define COUNTERS 4096
#define WAYS 16
#define SETS (COUNTERS / WAYS)
#define FILLING_SPINS 1000

typedef enum CounterUse
{
	COUNTER_FREE,
	COUNTER_FILLING,
	COUNTER_LIVE,
	COUNTER_QUARANTINE, /* until the next eviction */
} CounterUse;

typedef struct Counter
{
	uint64 queryid;
	Oid datid;
	Oid userid;
	int sqlerrcode;
	uint8 kind;
	bool toplevel;
	pg_atomic_uint32 use;
	pg_atomic_uint64 count;
	TimestampTz last_at;
} Counter;

/* A record is whole when `number` is its position before and after it was copied. */
typedef struct RecentSlot
{
	pg_atomic_uint64 number;
	RecentError error;
} RecentSlot;

typedef struct ErrorTable
{
	pg_atomic_uint64 not_counted;
	pg_atomic_uint64 recent; /* failures ever remembered */
	RecentSlot ring[RECENT_ERRORS];
	Counter counters[COUNTERS];
} ErrorTable;

/* SQLSTATEs whose kind is their own, and those told apart by the message. */
typedef struct KindRule
{
	int sqlerrcode;
	const char *message_id; /* NULL: any */
	ErrorKind kind;
} KindRule;

#define ERRCODE_OF_TRANSACTION_TIMEOUT MAKE_SQLSTATE('2', '5', 'P', '0', '4') /* from 17 on */

static const KindRule kind_rules[] = {
    {ERRCODE_QUERY_CANCELED, "canceling statement due to statement timeout",
     ERROR_KIND_STATEMENT_TIMEOUT},
    {ERRCODE_QUERY_CANCELED, "canceling authentication due to timeout",
     ERROR_KIND_STATEMENT_TIMEOUT},
    {ERRCODE_QUERY_CANCELED, "canceling statement due to conflict with recovery",
     ERROR_KIND_CONFLICT},
    {ERRCODE_QUERY_CANCELED, "canceling autovacuum task", ERROR_KIND_AUTOVACUUM},
    {ERRCODE_QUERY_CANCELED, NULL, ERROR_KIND_CANCEL},
    {ERRCODE_LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout",
     ERROR_KIND_LOCK_TIMEOUT},
    {ERRCODE_T_R_SERIALIZATION_FAILURE, "canceling statement due to conflict with recovery",
     ERROR_KIND_CONFLICT},
    {ERRCODE_T_R_SERIALIZATION_FAILURE, "terminating connection due to conflict with recovery",
     ERROR_KIND_CONFLICT},
    {ERRCODE_DATABASE_DROPPED, "terminating connection due to conflict with recovery",
     ERROR_KIND_CONFLICT},
    {ERRCODE_IDLE_IN_TRANSACTION_SESSION_TIMEOUT, NULL, ERROR_KIND_IDLE_TIMEOUT},
    {ERRCODE_IDLE_SESSION_TIMEOUT, NULL, ERROR_KIND_SESSION_TIMEOUT},
    {ERRCODE_OF_TRANSACTION_TIMEOUT, NULL, ERROR_KIND_TRANSACTION_TIMEOUT},
    {ERRCODE_ADMIN_SHUTDOWN, NULL, ERROR_KIND_SHUTDOWN},
    {ERRCODE_CRASH_SHUTDOWN, NULL, ERROR_KIND_SHUTDOWN},
};

typedef struct KindTrait
{
	const char *name;
	FailureKind failure;
} KindTrait;

static const KindTrait kind_traits[] = {
    [ERROR_KIND_PLAIN] = {"error", FAILURE_ERROR},
    [ERROR_KIND_CANCEL] = {"cancel", FAILURE_CANCEL},
    [ERROR_KIND_CONFLICT] = {"recovery conflict", FAILURE_CANCEL},
    [ERROR_KIND_STATEMENT_TIMEOUT] = {"statement timeout", FAILURE_TIMEOUT},
    [ERROR_KIND_LOCK_TIMEOUT] = {"lock timeout", FAILURE_TIMEOUT},
    [ERROR_KIND_TRANSACTION_TIMEOUT] = {"transaction timeout", FAILURE_TIMEOUT},
    [ERROR_KIND_IDLE_TIMEOUT] = {"idle in transaction timeout", FAILURE_TIMEOUT},
    [ERROR_KIND_SESSION_TIMEOUT] = {"idle session timeout", FAILURE_TIMEOUT},
    [ERROR_KIND_SHUTDOWN] = {"shutdown", FAILURE_CANCEL},
    [ERROR_KIND_AUTOVACUUM] = {"autovacuum cancel", FAILURE_CANCEL},
};

static ErrorTable *table = NULL;

Size
dbops_errors_shmem_size(void)
{
	return sizeof(ErrorTable);
}

void
dbops_errors_shmem_init(void)
{
	bool found;

	table = ShmemInitStruct("dbops errors", sizeof(ErrorTable), &found);
	if (found)
		return;
	pg_atomic_init_u64(&table->not_counted, 0);
	pg_atomic_init_u64(&table->recent, 0);
	for (int i = 0; i < RECENT_ERRORS; i++)
		pg_atomic_init_u64(&table->ring[i].number, 0);
	for (int i = 0; i < COUNTERS; i++)
	{
		pg_atomic_init_u32(&table->counters[i].use, COUNTER_FREE);
		pg_atomic_init_u64(&table->counters[i].count, 0);
	}
}

ErrorKind
dbops_errors_kind(int sqlerrcode, const char *message_id)
{
	for (int i = 0; i < lengthof(kind_rules); i++)
	{
		const KindRule *rule = &kind_rules[i];

		if (rule->sqlerrcode == sqlerrcode &&
		    (rule->message_id == NULL ||
		     (message_id != NULL && strcmp(rule->message_id, message_id) == 0)))
			return rule->kind;
	}
	return ERROR_KIND_PLAIN;
}

bool
dbops_errors_kind_needs_message(int sqlerrcode)
{
	/* Serialization failures may be frequent, and conflict with recovery only on a standby. */
	if (sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE)
		return RecoveryInProgress();
	for (int i = 0; i < lengthof(kind_rules); i++)
	{
		if (kind_rules[i].sqlerrcode == sqlerrcode && kind_rules[i].message_id != NULL)
			return true;
	}
	return false;
}

const char *
dbops_errors_kind_name(ErrorKind kind)
{
	return kind_traits[kind].name;
}

FailureKind
dbops_errors_failure_kind(ErrorKind kind)
{
	return kind_traits[kind].failure;
}

static bool
same_counter(const Counter *a, const Counter *b)
{
	return a->queryid == b->queryid && a->datid == b->datid && a->userid == b->userid &&
	       a->sqlerrcode == b->sqlerrcode && a->kind == b->kind && a->toplevel == b->toplevel;
}

/* Claims a free counter for `wanted`; another session may be faster. */
static bool
claim_counter(Counter *counter, const Counter *wanted)
{
	uint32 expected = COUNTER_FREE;

	if (!pg_atomic_compare_exchange_u32(&counter->use, &expected, COUNTER_FILLING))
		return false;
	counter->queryid = wanted->queryid;
	counter->datid = wanted->datid;
	counter->userid = wanted->userid;
	counter->sqlerrcode = wanted->sqlerrcode;
	counter->kind = wanted->kind;
	counter->toplevel = wanted->toplevel;
	pg_atomic_write_u64(&counter->count, 0);
	pg_write_barrier();
	pg_atomic_write_u32(&counter->use, COUNTER_LIVE);
	return true;
}

/* Whether the place is, or now becomes, the counter wanted. */
static bool
take_counter(Counter *counter, const Counter *wanted)
{
	uint32 use = pg_atomic_read_u32(&counter->use);

	if (use == COUNTER_FREE && claim_counter(counter, wanted))
		return true;
	for (int spins = 0; spins < FILLING_SPINS; spins++)
	{
		use = pg_atomic_read_u32(&counter->use);
		if (use != COUNTER_FILLING)
			break;
	}
	pg_read_barrier();
	return use == COUNTER_LIVE && same_counter(counter, wanted);
}

void
dbops_errors_count(const StatementKey *key, int sqlerrcode, ErrorKind kind)
{
	Counter wanted = {.queryid = key->queryid,
	                  .datid = key->datid,
	                  .userid = key->userid,
	                  .sqlerrcode = sqlerrcode,
	                  .kind = kind,
	                  .toplevel = key->toplevel};
	uint64 hash = key->queryid + (((uint64) key->userid << 32) | key->datid) +
	              ((uint64) sqlerrcode << 16) + kind + key->toplevel;
	Counter *set;

	hash *= UINT64CONST(0x9e3779b97f4a7c15);
	set = &table->counters[(hash >> 40) % SETS * WAYS];
	for (int way = 0; way < WAYS; way++)
	{
		if (take_counter(&set[way], &wanted))
		{
			set[way].last_at = dbops_clock_now();
			pg_atomic_fetch_add_u64(&set[way].count, 1);
			return;
		}
	}
	pg_atomic_fetch_add_u64(&table->not_counted, 1);
}

static void
copy_clipped(char *to, const char *from, int size)
{
	int length = dbops_encoding_clip(from, strlen(from), size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

void
dbops_errors_remember(const StatementKey *key, int sqlerrcode, ErrorKind kind, const char *message,
                      const char *query)
{
	uint64 number = pg_atomic_fetch_add_u64(&table->recent, 1) + 1;
	RecentSlot *slot = &table->ring[number % RECENT_ERRORS];

	pg_atomic_write_u64(&slot->number, 0);
	pg_write_barrier();
	slot->error.at = dbops_clock_now();
	slot->error.key = *key;
	slot->error.sqlerrcode = sqlerrcode;
	slot->error.kind = kind;
	slot->error.pid = MyProcPid;
	slot->error.encoding = GetDatabaseEncoding();
	copy_clipped(slot->error.message, message, RECENT_MESSAGE_BYTES);
	copy_clipped(slot->error.query, query != NULL ? query : "", RECENT_QUERY_BYTES);
	pg_write_barrier();
	pg_atomic_write_u64(&slot->number, number);
}

bool
dbops_errors_next(uint32 *position, ErrorCopy *copy)
{
	while (*position < COUNTERS)
	{
		Counter *counter = &table->counters[(*position)++];

		if (pg_atomic_read_u32(&counter->use) != COUNTER_LIVE)
			continue;
		pg_read_barrier();
		copy->key.datid = counter->datid;
		copy->key.userid = counter->userid;
		copy->key.queryid = counter->queryid;
		copy->key.toplevel = counter->toplevel;
		copy->sqlerrcode = counter->sqlerrcode;
		copy->kind = counter->kind;
		copy->count = pg_atomic_read_u64(&counter->count);
		copy->last_at = counter->last_at;
		if (copy->count > 0)
			return true;
	}
	return false;
}

bool
dbops_errors_recent(int back, RecentError *copy)
{
	uint64 latest = pg_atomic_read_u64(&table->recent);
	uint64 number = latest - back;
	RecentSlot *slot = &table->ring[number % RECENT_ERRORS];

	if (back >= RECENT_ERRORS || back >= latest)
		return false;
	if (pg_atomic_read_u64(&slot->number) != number)
		return false;
	pg_read_barrier();
	*copy = slot->error;
	pg_read_barrier();
	copy->message[RECENT_MESSAGE_BYTES - 1] = '\0';
	copy->query[RECENT_QUERY_BYTES - 1] = '\0';
	return pg_atomic_read_u64(&slot->number) == number;
}

/* The counter of a full set that failed longest ago; NULL while there is a free one. */
static Counter *
find_victim(Counter *set)
{
	Counter *victim = NULL;

	for (int way = 0; way < WAYS; way++)
	{
		if (pg_atomic_read_u32(&set[way].use) != COUNTER_LIVE)
			return NULL;
		if (victim == NULL || set[way].last_at < victim->last_at)
			victim = &set[way];
	}
	return victim;
}

void
dbops_errors_evict(void)
{
	for (int i = 0; i < COUNTERS; i++)
	{
		uint32 expected = COUNTER_QUARANTINE;

		pg_atomic_compare_exchange_u32(&table->counters[i].use, &expected, COUNTER_FREE);
	}
	for (int set = 0; set < SETS; set++)
	{
		Counter *victim = find_victim(&table->counters[set * WAYS]);

		if (victim != NULL)
			pg_atomic_write_u32(&victim->use, COUNTER_QUARANTINE);
	}
}

void
dbops_errors_state(ErrorsState *state)
{
	state->used = 0;
	state->capacity = COUNTERS;
	for (int i = 0; i < COUNTERS; i++)
		state->used += pg_atomic_read_u32(&table->counters[i].use) != COUNTER_FREE;
	state->not_counted = pg_atomic_read_u64(&table->not_counted);
}
