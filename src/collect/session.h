/*
 * collect/session.h
 *		What the server's processes do at the moment, straight from shared memory.
 *
 * A place in the server's array of session states is looked at without a lock, without copying more
 * than asked for and without allocating, so that a look at all sessions can be taken a hundred
 * times a second.  What is read of a session belongs together, by the server's protocol of counted
 * changes, unless its owner is being interrupted in the middle of a change.
 *
 * Works in any process with shared memory that is no auxiliary one.
 */
#pragma once

#include "datatype/timestamp.h"
#include "storage/lock.h"
#include "utils/backend_status.h"

/* What a session is doing, or which process of the server it is.  The numbers are stored. */
typedef enum SessionState
{
	SESSION_STARTING,
	SESSION_ACTIVE,
	SESSION_IDLE,
	SESSION_IDLE_IN_TRANSACTION,
	SESSION_IDLE_ABORTED,
	SESSION_FASTPATH,
	SESSION_DISABLED, /* track_activities is off */
	SESSION_BLOCKED,  /* active, waiting for a lock */
	SESSION_PREPARED, /* no session, but a transaction that one has prepared */
	SESSION_BACKGROUND_WORKER,
	SESSION_LOGICAL_WORKER,
	SESSION_AUTOVACUUM_LAUNCHER,
	SESSION_AUTOVACUUM_WORKER,
	SESSION_WALSENDER,
	SESSION_WALRECEIVER,
	SESSION_STARTUP,
	SESSION_CHECKPOINTER,
	SESSION_BACKGROUND_WRITER,
	SESSION_WALWRITER,
	SESSION_ARCHIVER,
	SESSION_WALSUMMARIZER,
	SESSION_SLOTSYNC_WORKER,
	SESSION_IO_WORKER,
	SESSION_STATES
} SessionState;

/* A word for each, as pg_stat_activity has them; ends with NULL. */
extern const char *const dbops_session_state_words[SESSION_STATES + 1];

typedef enum SessionKind
{
	SESSION_CLIENT,
	SESSION_PARALLEL, /* works for the session that leads its group */
	SESSION_SERVER,   /* does work of the server's own */
	SESSION_OWN,      /* a worker of dbops */
} SessionKind;

/* What of a process stays as it is. */
typedef struct SessionProcess
{
	int pid;
	TimestampTz started_at; /* with the pid, tells it from any other in its place */
	SessionKind kind;
	SessionState server_state; /* of SESSION_SERVER */
	PGPROC *proc;
} SessionProcess;

typedef struct Session
{
	int slot;
	int pid;
	SessionKind kind;
	SessionState state;
	Oid datid;
	Oid userid;
	int64 queryid; /* of the statement that runs or, between statements, of the last; 0 unknown */
	uint32 wait;   /* as in PGPROC; 0 when it waits for nothing */
	TimestampTz xact_at; /* this and the next are 0 when there is none */
	TimestampTz statement_at;
	TimestampTz state_at;
	PGPROC *proc;
} Session;

/* Places in the array; those in use are anywhere among them. */
extern int dbops_session_slots(void);

/*
 * The process in a place; NULL when there is none, or it is starting and cannot be told yet.  Found
 * out once and remembered, in memory that the first call allocates for good.
 */
extern const SessionProcess *dbops_session_process(int slot);

/* What the process does; false if it has ended. */
extern bool dbops_session_read(int slot, const SessionProcess *process, Session *session);

/*
 * Whether it does nothing that anybody waits for: a client between transactions, a process of the
 * server until the next thing to do.
 */
extern bool dbops_session_rests(const Session *session);

/*
 * Reads what the process in a place does, if it is one that does not rest and is none of dbops:
 * all in one, for looks at every place there is.
 */
extern bool dbops_session_read_busy(int slot, Session *session);

/* The place of a process in the array, or -1. */
extern int dbops_session_slot_of(const PGPROC *proc);

/* The leader of the process's parallel group; itself if it has none. */
extern PGPROC *dbops_session_leader(PGPROC *proc);

/* What people want to see of a session besides. */
typedef struct SessionTexts
{
	char *application_name;
	char *statement;   /* as far as track_activity_query_size goes */
	char *client_addr; /* NULL unless it came over a network */
} SessionTexts;

/* In the current context; false if the process has ended. */
extern bool dbops_session_read_texts(const Session *session, SessionTexts *texts);

/* Whether the wait is for a heavyweight lock. */
static inline bool
dbops_session_waits_for_lock(const Session *session)
{
	return (session->wait & 0xFF000000) == 0x03000000;
}
