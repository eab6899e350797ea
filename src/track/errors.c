/*
 * track/errors.c
 *		Failures of statements and of sessions; see errors.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/shmem.h"

#include "core/clock.h"
#include "core/encoding.h"
#include "track/counters.h"
#include "track/errors.h"

#define COUNTERS 4096

/* What a counter counts; compared as bytes, so without padding. */
typedef struct ErrorKey
{
	uint64 queryid;
	Oid datid;
	Oid userid;
	int32 sqlerrcode;
	uint16 kind;
	uint16 toplevel;
} ErrorKey;

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
static Counters counters = {.key_size = sizeof(ErrorKey), .capacity = COUNTERS};

Size
dbops_errors_shmem_size(void)
{
	return MAXALIGN(sizeof(ErrorTable)) + dbops_counters_size(&counters);
}

void
dbops_errors_shmem_init(void)
{
	bool found;

	table = ShmemInitStruct("dbops errors", dbops_errors_shmem_size(), &found);
	counters.first = (char *) table + MAXALIGN(sizeof(ErrorTable));
	if (found)
		return;
	pg_atomic_init_u64(&table->not_counted, 0);
	pg_atomic_init_u64(&table->recent, 0);
	for (int i = 0; i < RECENT_ERRORS; i++)
		pg_atomic_init_u64(&table->ring[i].number, 0);
	dbops_counters_init(&counters);
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

void
dbops_errors_count(const StatementKey *key, int sqlerrcode, ErrorKind kind)
{
	ErrorKey wanted = {.queryid = key->queryid,
	                   .datid = key->datid,
	                   .userid = key->userid,
	                   .sqlerrcode = sqlerrcode,
	                   .kind = kind,
	                   .toplevel = key->toplevel};

	if (!dbops_counters_add(&counters, &wanted))
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
	const Counter *counter = dbops_counters_next(&counters, position);
	const ErrorKey *key;

	if (counter == NULL)
		return false;
	key = dbops_counters_key(counter);
	copy->key.datid = key->datid;
	copy->key.userid = key->userid;
	copy->key.queryid = key->queryid;
	copy->key.toplevel = key->toplevel;
	copy->sqlerrcode = key->sqlerrcode;
	copy->kind = key->kind;
	copy->count = dbops_counters_count(counter);
	copy->last_at = counter->last_at;
	return true;
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

void
dbops_errors_evict(void)
{
	dbops_counters_evict(&counters, DT_NOEND);
}

void
dbops_errors_state(ErrorsState *state)
{
	state->used = dbops_counters_used(&counters);
	state->capacity = COUNTERS;
	state->not_counted = pg_atomic_read_u64(&table->not_counted);
}
