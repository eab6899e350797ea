/*
 * track/logins.h
 *		Failed logins: how often, why, by whom and from where.
 *
 * Counted by (reason, SQLSTATE, role, database, address), the names as the client gave them, which
 * need not exist.  Nothing here locks, allocates or fails: most of it runs in a process that has no
 * identity in shared memory yet.  Whoever tries ever new names cannot push out the sums: what finds
 * no place is counted by its reason alone, without names.
 */
#pragma once

#include "datatype/timestamp.h"
#include "storage/shmem.h"

/* The history stores these numbers; dbops_login_reasons has their words. */
typedef enum LoginReason
{
	LOGIN_OTHER,
	LOGIN_PASSWORD,
	LOGIN_AUTHENTICATION, /* by another method */
	LOGIN_NO_HBA_ENTRY,
	LOGIN_HBA_REJECT,
	LOGIN_UNKNOWN_ROLE,
	LOGIN_ROLE_NOT_ALLOWED,
	LOGIN_UNKNOWN_DATABASE,
	LOGIN_DATABASE_NOT_ALLOWED,
	LOGIN_NO_PRIVILEGE,
	LOGIN_TOO_MANY_CONNECTIONS,
	LOGIN_ROLE_LIMIT,
	LOGIN_DATABASE_LIMIT,
	LOGIN_STARTING_UP,
	LOGIN_SHUTTING_DOWN,
	LOGIN_ENCRYPTION,
	LOGIN_PROTOCOL,
	LOGIN_TIMEOUT,
	LOGIN_SETTING,
	LOGIN_REASONS
} LoginReason;

extern const char *const dbops_login_reasons[];

#define LOGIN_NAME_BYTES 64
#define LOGIN_ADDRESS_BYTES 48

/* A counter as it stood when copied; texts are empty where unknown, or not kept. */
typedef struct LoginCopy
{
	LoginReason reason;
	int sqlerrcode;
	char rolname[LOGIN_NAME_BYTES];
	char datname[LOGIN_NAME_BYTES];
	char address[LOGIN_ADDRESS_BYTES];
	int64 count;
	TimestampTz last_at;
} LoginCopy;

extern Size dbops_logins_shmem_size(void);
extern void dbops_logins_shmem_init(void);

/* A message goes to the log; counts it if a login failed with it. */
extern void dbops_logins_note_log(const ErrorData *edata);

/* Why a login fails that ends with this untranslated message. */
extern LoginReason dbops_logins_reason(int sqlerrcode, const char *message_id);

/* Copies the counter after *position (begins as 0); false at the end. */
extern bool dbops_logins_next(uint32 *position, LoginCopy *copy);

/* Makes room where counters are crowded and old: for the sampler, once per wide interval. */
extern void dbops_logins_evict(void);
