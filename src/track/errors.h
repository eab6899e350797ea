/*
 * track/errors.h
 *		Failures of statements and of sessions: how often which SQLSTATE, and the latest in full.
 *
 * Counted by (database, user, queryid, toplevel, SQLSTATE, kind); queryid 0 is what belongs to no
 * statement: syntax errors, logins, terminated sessions.  Like statements.h nothing here locks,
 * allocates or fails; all of it may run in a process that is out of memory or not logged in yet.
 */
#pragma once

#include "datatype/timestamp.h"

#include "track/statements.h"

/* What the SQLSTATE alone does not tell. */
typedef enum ErrorKind
{
	ERROR_KIND_PLAIN,
	ERROR_KIND_CANCEL,   /* by the user */
	ERROR_KIND_CONFLICT, /* with recovery, on a standby */
	ERROR_KIND_STATEMENT_TIMEOUT,
	ERROR_KIND_LOCK_TIMEOUT,
	ERROR_KIND_TRANSACTION_TIMEOUT,
	ERROR_KIND_IDLE_TIMEOUT,    /* idle in a transaction */
	ERROR_KIND_SESSION_TIMEOUT, /* idle without one */
	ERROR_KIND_SHUTDOWN,        /* terminated by an administrator, or the server stops */
	ERROR_KIND_AUTOVACUUM,      /* an autovacuum worker gave way to somebody's lock */
} ErrorKind;

/* A counter as it stood when copied. */
typedef struct ErrorCopy
{
	StatementKey key;
	int sqlerrcode;
	ErrorKind kind;
	int64 count;
	TimestampTz last_at;
} ErrorCopy;

#define RECENT_ERRORS 256
#define RECENT_MESSAGE_BYTES 960
#define RECENT_QUERY_BYTES 1024

/* One of the latest failures that reached a client or the server's log. */
typedef struct RecentError
{
	TimestampTz at;
	StatementKey key;
	int sqlerrcode;
	ErrorKind kind;
	int pid;
	int encoding; /* of the texts */
	char message[RECENT_MESSAGE_BYTES];
	char query[RECENT_QUERY_BYTES]; /* empty when the failure belongs to a statement */
} RecentError;

typedef struct ErrorsState
{
	int64 used;
	int64 capacity;
	int64 not_counted; /* failures that found no counter */
} ErrorsState;

extern Size dbops_errors_shmem_size(void);
extern void dbops_errors_shmem_init(void);

/* message_id is the untranslated message, for the kinds that share a SQLSTATE; may be NULL. */
extern ErrorKind dbops_errors_kind(int sqlerrcode, const char *message_id);

/* Whether the kind depends on the message. */
extern bool dbops_errors_kind_needs_message(int sqlerrcode);

extern const char *dbops_errors_kind_name(ErrorKind kind);

/* How a statement's own counters class the kind. */
extern FailureKind dbops_errors_failure_kind(ErrorKind kind);

extern void dbops_errors_count(const StatementKey *key, int sqlerrcode, ErrorKind kind);

/* Puts a failure into the ring of recent ones, texts clipped; `query` may be NULL. */
extern void dbops_errors_remember(const StatementKey *key, int sqlerrcode, ErrorKind kind,
                                  const char *message, const char *query);

/* Copies the counter after *position (begins as 0); false at the end. */
extern bool dbops_errors_next(uint32 *position, ErrorCopy *copy);

/* Copies recent failure number `back` (0 = latest); false if there is none or it is being written.
 */
extern bool dbops_errors_recent(int back, RecentError *copy);

/* Makes room where counters are crowded: for the sampler, once per wide interval. */
extern void dbops_errors_evict(void);

extern void dbops_errors_state(ErrorsState *state);
