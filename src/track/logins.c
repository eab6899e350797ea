/*
 * track/logins.c
 *		Failed logins; see logins.h.
 *
 * A file of its own because it runs before there is a session, and knows clients by name instead of
 * by OID.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/postmaster.h"

#include "core/clock.h"
#include "core/guc.h"
#include "core/port.h"
#include "track/counters.h"
#include "track/logins.h"

#define COUNTERS 256

/* A counter keeps its place for that long: by then the history has what it counted. */
#define KEPT_US USECS_PER_HOUR

/* What a counter counts; compared as bytes, so without padding and filled up with zeros. */
typedef struct LoginKey
{
	int32 reason;
	int32 sqlerrcode;
	char rolname[LOGIN_NAME_BYTES];
	char datname[LOGIN_NAME_BYTES];
	char address[LOGIN_ADDRESS_BYTES];
} LoginKey;

/* What found no place, by reason. */
typedef struct Remainder
{
	pg_atomic_uint64 count;
	TimestampTz last_at;
} Remainder;

typedef struct LoginTable
{
	Remainder remainders[LOGIN_REASONS];
} LoginTable;

/* The first rule that fits decides.  NULL and 0 fit anything. */
typedef struct ReasonRule
{
	int sqlerrcode;
	const char *beginning; /* of the untranslated message */
	LoginReason reason;
} ReasonRule;

static const ReasonRule rules[] = {
    {ERRCODE_INVALID_PASSWORD, NULL, LOGIN_PASSWORD},
    {0, "no pg_hba.conf entry for ", LOGIN_NO_HBA_ENTRY},
    {0, "pg_hba.conf rejects ", LOGIN_HBA_REJECT},
    {0, "role \"%s\" does not exist", LOGIN_UNKNOWN_ROLE},
    {0, "role with OID %u does not exist", LOGIN_UNKNOWN_ROLE},
    {0, "role \"%s\" is not permitted to log in", LOGIN_ROLE_NOT_ALLOWED},
    {0, "connection requires a valid client certificate", LOGIN_ENCRYPTION},
    {0, "could not accept SSL connection", LOGIN_ENCRYPTION},
    {0, "could not accept GSSAPI", LOGIN_ENCRYPTION},
    {0, "no PostgreSQL user name specified in startup packet", LOGIN_PROTOCOL},
    {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, NULL, LOGIN_AUTHENTICATION},
    {ERRCODE_UNDEFINED_DATABASE, NULL, LOGIN_UNKNOWN_DATABASE},
    {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, NULL, LOGIN_DATABASE_NOT_ALLOWED},
    {ERRCODE_INSUFFICIENT_PRIVILEGE, NULL, LOGIN_NO_PRIVILEGE},
    {ERRCODE_TOO_MANY_CONNECTIONS, "too many connections for role", LOGIN_ROLE_LIMIT},
    {ERRCODE_TOO_MANY_CONNECTIONS, "too many connections for database", LOGIN_DATABASE_LIMIT},
    {ERRCODE_TOO_MANY_CONNECTIONS, NULL, LOGIN_TOO_MANY_CONNECTIONS},
    {ERRCODE_CANNOT_CONNECT_NOW, "the database system is shutting down", LOGIN_SHUTTING_DOWN},
    {ERRCODE_CANNOT_CONNECT_NOW, NULL, LOGIN_STARTING_UP},
    {ERRCODE_ADMIN_SHUTDOWN, NULL, LOGIN_SHUTTING_DOWN},
    {ERRCODE_QUERY_CANCELED, NULL, LOGIN_TIMEOUT},
    {ERRCODE_PROTOCOL_VIOLATION, NULL, LOGIN_PROTOCOL},
    {ERRCODE_FEATURE_NOT_SUPPORTED, NULL, LOGIN_PROTOCOL},
    {ERRCODE_INVALID_PARAMETER_VALUE, NULL, LOGIN_SETTING},
    {ERRCODE_UNDEFINED_OBJECT, NULL, LOGIN_SETTING},
    {ERRCODE_CANT_CHANGE_RUNTIME_PARAM, NULL, LOGIN_SETTING},
    {ERRCODE_SYNTAX_ERROR, NULL, LOGIN_SETTING},
};

const char *const dbops_login_reasons[] = {
    [LOGIN_OTHER] = "other",
    [LOGIN_PASSWORD] = "password",
    [LOGIN_AUTHENTICATION] = "authentication",
    [LOGIN_NO_HBA_ENTRY] = "no pg_hba entry",
    [LOGIN_HBA_REJECT] = "pg_hba reject",
    [LOGIN_UNKNOWN_ROLE] = "unknown role",
    [LOGIN_ROLE_NOT_ALLOWED] = "role may not log in",
    [LOGIN_UNKNOWN_DATABASE] = "unknown database",
    [LOGIN_DATABASE_NOT_ALLOWED] = "database closed",
    [LOGIN_NO_PRIVILEGE] = "no privilege",
    [LOGIN_TOO_MANY_CONNECTIONS] = "too many connections",
    [LOGIN_ROLE_LIMIT] = "role's connection limit",
    [LOGIN_DATABASE_LIMIT] = "database's connection limit",
    [LOGIN_STARTING_UP] = "starting up",
    [LOGIN_SHUTTING_DOWN] = "shutting down",
    [LOGIN_ENCRYPTION] = "encryption",
    [LOGIN_PROTOCOL] = "protocol",
    [LOGIN_TIMEOUT] = "timeout",
    [LOGIN_SETTING] = "setting",
    [LOGIN_REASONS] = NULL,
};

static LoginTable *table = NULL;
static Counters counters = {.key_size = sizeof(LoginKey), .capacity = COUNTERS};

Size
dbops_logins_shmem_size(void)
{
	return MAXALIGN(sizeof(LoginTable)) + dbops_counters_size(&counters);
}

void
dbops_logins_shmem_init(void)
{
	bool found;

	table = ShmemInitStruct("dbops logins", dbops_logins_shmem_size(), &found);
	counters.first = (char *) table + MAXALIGN(sizeof(LoginTable));
	if (found)
		return;
	memset(table, 0, sizeof(LoginTable));
	for (int i = 0; i < LOGIN_REASONS; i++)
		pg_atomic_init_u64(&table->remainders[i].count, 0);
	dbops_counters_init(&counters);
}

LoginReason
dbops_logins_reason(int sqlerrcode, const char *message_id)
{
	for (int i = 0; i < lengthof(rules); i++)
	{
		const ReasonRule *rule = &rules[i];

		if (rule->sqlerrcode != 0 && rule->sqlerrcode != sqlerrcode)
			continue;
		if (rule->beginning == NULL ||
		    (message_id != NULL &&
		     strncmp(message_id, rule->beginning, strlen(rule->beginning)) == 0))
			return rule->reason;
	}
	return LOGIN_OTHER;
}

/*
 * Names come from a client that nobody has vouched for, in an encoding that nobody knows: only
 * printable ASCII is kept.
 */
static void
copy_name(char *to, const char *from, int size)
{
	for (int i = 0; from != NULL && from[i] != '\0' && i < size - 1; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
}

static void
count_login(const LoginKey *key)
{
	Remainder *remainder = &table->remainders[key->reason];

	if (dbops_counters_add(&counters, key))
		return;
	remainder->last_at = dbops_clock_now();
	pg_atomic_fetch_add_u64(&remainder->count, 1);
}

/*
 * Until the first command of a client the process is in the mode of starting up.  Failures to
 * encrypt, and what is no start-up packet, end with a message that only goes to the log.
 */
static bool
is_failed_login(const ErrorData *edata)
{
	if (MyProcPort == NULL || (edata->elevel != FATAL && edata->elevel != COMMERROR))
		return false;
	return ClientAuthInProgress || (!IsNormalProcessingMode() && edata->elevel == FATAL);
}

void
dbops_logins_note_log(const ErrorData *edata)
{
	LoginKey key;

	if (!dbops_guc_enabled || !IsUnderPostmaster || table == NULL || !is_failed_login(edata))
		return;
	memset(&key, 0, sizeof(key));
	key.reason = dbops_logins_reason(edata->sqlerrcode, edata->message_id);
	key.sqlerrcode = edata->sqlerrcode;
	copy_name(key.rolname, MyProcPort->user_name, LOGIN_NAME_BYTES);
	copy_name(key.datname, MyProcPort->database_name, LOGIN_NAME_BYTES);
	copy_name(key.address, MyProcPort->remote_host, LOGIN_ADDRESS_BYTES);
	count_login(&key);
}

static bool
copy_counter(const Counter *counter, LoginCopy *copy)
{
	const LoginKey *key;

	if (counter == NULL)
		return false;
	key = dbops_counters_key(counter);
	copy->reason = (LoginReason) key->reason;
	copy->sqlerrcode = key->sqlerrcode;
	memcpy(copy->rolname, key->rolname, LOGIN_NAME_BYTES);
	memcpy(copy->datname, key->datname, LOGIN_NAME_BYTES);
	memcpy(copy->address, key->address, LOGIN_ADDRESS_BYTES);
	copy->count = dbops_counters_count(counter);
	copy->last_at = counter->last_at;
	return true;
}

static bool
copy_remainder(int reason, LoginCopy *copy)
{
	Remainder *remainder = &table->remainders[reason];

	memset(copy, 0, sizeof(*copy));
	copy->reason = (LoginReason) reason;
	copy->count = (int64) pg_atomic_read_u64(&remainder->count);
	copy->last_at = remainder->last_at;
	return copy->count > 0;
}

/* Positions below LOGIN_REASONS are remainders. */
bool
dbops_logins_next(uint32 *position, LoginCopy *copy)
{
	uint32 counter;
	bool found;

	if (table == NULL)
		return false;
	while (*position < LOGIN_REASONS)
	{
		if (copy_remainder((int) (*position)++, copy))
			return true;
	}
	counter = *position - LOGIN_REASONS;
	found = copy_counter(dbops_counters_next(&counters, &counter), copy);
	*position = LOGIN_REASONS + counter;
	return found;
}

void
dbops_logins_evict(void)
{
	dbops_counters_evict(&counters, dbops_clock_now() - KEPT_US);
}
