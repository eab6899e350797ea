/*
 * collect/session.c
 *		What the server's processes do at the moment; see session.h.
 *
 * Every field that is copied is a word that its owner writes whole, so a value is never torn; the
 * counted changes say whether several belong together.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "common/ip.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/proc.h"
#include "utils/memutils.h"

#include "collect/session.h"
#include "core/compat.h"
#include "core/compat_sessions.h"

/* An owner that is interrupted within a change would be waited for in vain. */
#define READ_TRIES 10

#define WAIT_CLASS_MASK 0xFF000000

const char *const dbops_session_state_words[] = {
    [SESSION_STARTING] = "starting",
    [SESSION_ACTIVE] = "active",
    [SESSION_IDLE] = "idle",
    [SESSION_IDLE_IN_TRANSACTION] = "idle in transaction",
    [SESSION_IDLE_ABORTED] = "idle in transaction (aborted)",
    [SESSION_FASTPATH] = "fastpath function call",
    [SESSION_DISABLED] = "disabled",
    [SESSION_BLOCKED] = "blocked",
    [SESSION_PREPARED] = "prepared transaction",
    [SESSION_BACKGROUND_WORKER] = "background worker",
    [SESSION_LOGICAL_WORKER] = "logical replication worker",
    [SESSION_AUTOVACUUM_LAUNCHER] = "autovacuum launcher",
    [SESSION_AUTOVACUUM_WORKER] = "autovacuum worker",
    [SESSION_WALSENDER] = "walsender",
    [SESSION_WALRECEIVER] = "walreceiver",
    [SESSION_STARTUP] = "startup",
    [SESSION_CHECKPOINTER] = "checkpointer",
    [SESSION_BACKGROUND_WRITER] = "background writer",
    [SESSION_WALWRITER] = "walwriter",
    [SESSION_ARCHIVER] = "archiver",
    [SESSION_WALSUMMARIZER] = "walsummarizer",
    [SESSION_SLOTSYNC_WORKER] = "slotsync worker",
    [SESSION_IO_WORKER] = "io worker",
    [SESSION_STATES] = NULL,
};

int
dbops_session_slots(void)
{
	return dbops_compat_status_slots();
}

static inline volatile PgBackendStatus *
entry_at(int slot)
{
	return &dbops_compat_status_array()[slot];
}

static bool
begins_with(const char *word, const char *beginning)
{
	return strncmp(word, beginning, strlen(beginning)) == 0;
}

/* What kind of background worker it is; false while the server does not know it by its pid. */
static bool
identify_worker(SessionProcess *process)
{
	const char *type = GetBackgroundWorkerTypeByPid(process->pid);

	if (type == NULL)
		return false;
	process->kind = SESSION_SERVER;
	process->server_state = SESSION_BACKGROUND_WORKER;
	if (begins_with(type, "dbops "))
		process->kind = SESSION_OWN;
	else if (strcmp(type, "parallel worker") == 0)
		process->kind = SESSION_PARALLEL;
	else if (begins_with(type, "logical replication"))
		process->server_state = SESSION_LOGICAL_WORKER;
	return true;
}

/* Types without a word of their own, of a later version, count as background workers. */
static SessionState
find_server_state(BackendType type)
{
	const char *description = GetBackendTypeDesc(type);

	for (int state = SESSION_BACKGROUND_WORKER; state < SESSION_STATES; state++)
	{
		if (strcmp(dbops_session_state_words[state], description) == 0)
			return state;
	}
	return SESSION_BACKGROUND_WORKER;
}

static PGPROC *
find_proc(int slot, int pid)
{
	PGPROC *proc = dbops_compat_proc_of_status(slot);

	if (proc != NULL)
		return proc->pid == pid ? proc : NULL;
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		int own_slot;

		proc = &ProcGlobal->allProcs[i];
		own_slot = dbops_compat_status_of_proc(proc);
		if (proc->pid == pid && (own_slot == slot || (own_slot < 0 && slot >= MaxBackends)))
			return proc;
	}
	return NULL;
}

static bool
identify(int slot, int pid, TimestampTz started_at, SessionProcess *process)
{
	BackendType type = entry_at(slot)->st_backendType;

	*process = (SessionProcess){.pid = pid, .started_at = started_at, .kind = SESSION_CLIENT};
	process->proc = find_proc(slot, pid);
	if (process->proc == NULL)
		return false;
	if (type == B_BACKEND)
		return true;
	if (type == B_BG_WORKER)
		return identify_worker(process);
	process->kind = SESSION_SERVER;
	process->server_state = find_server_state(type);
	return true;
}

const SessionProcess *
dbops_session_process(int slot)
{
	static SessionProcess *known = NULL;
	volatile PgBackendStatus *entry = entry_at(slot);
	int pid = entry->st_procpid;
	TimestampTz started_at = entry->st_proc_start_timestamp;
	SessionProcess *process;

	if (pid == 0)
		return NULL;
	if (known == NULL)
		known = MemoryContextAllocZero(TopMemoryContext,
		                               sizeof(SessionProcess) * dbops_session_slots());
	process = &known[slot];
	if (process->pid == pid && process->started_at == started_at)
		return process;
	if (identify(slot, pid, started_at, process))
		return process;
	process->pid = 0;
	return NULL;
}

static SessionState
state_of_client(BackendState state)
{
	switch (state)
	{
		case STATE_IDLE:
			return SESSION_IDLE;
		case STATE_RUNNING:
			return SESSION_ACTIVE;
		case STATE_IDLEINTRANSACTION:
			return SESSION_IDLE_IN_TRANSACTION;
		case STATE_IDLEINTRANSACTION_ABORTED:
			return SESSION_IDLE_ABORTED;
		case STATE_FASTPATH:
			return SESSION_FASTPATH;
		case STATE_DISABLED:
			return SESSION_DISABLED;
		default:
			return SESSION_STARTING;
	}
}

/* A worker of somebody's own says what it does as a session, if it says anything. */
static SessionState
find_state(const SessionProcess *process, BackendState state)
{
	switch (process->kind)
	{
		case SESSION_PARALLEL:
			return SESSION_ACTIVE;
		case SESSION_SERVER:
			if (process->server_state == SESSION_BACKGROUND_WORKER && state == STATE_IDLE)
				return SESSION_IDLE;
			return process->server_state;
		default:
			return state_of_client(state);
	}
}

/* A worker that has not been told what it works on does so for its leader's statement. */
static int64
find_leader_queryid(PGPROC *proc)
{
	PGPROC *leader = dbops_session_leader(proc);
	int slot = leader == proc ? -1 : dbops_session_slot_of(leader);

	return slot < 0 ? 0 : (int64) entry_at(slot)->st_query_id;
}

bool
dbops_session_read(int slot, const SessionProcess *process, Session *session)
{
	volatile PgBackendStatus *entry = entry_at(slot);
	BackendState state;
	int before;
	int after;
	int tries = 0;

	do
	{
		pgstat_begin_read_activity(entry, before);
		session->pid = entry->st_procpid;
		session->datid = entry->st_databaseid;
		session->userid = entry->st_userid;
		session->queryid = (int64) entry->st_query_id;
		session->xact_at = entry->st_xact_start_timestamp;
		session->statement_at = entry->st_activity_start_timestamp;
		session->state_at = entry->st_state_start_timestamp;
		state = entry->st_state;
		pgstat_end_read_activity(entry, after);
	} while (!pgstat_read_activity_complete(before, after) && ++tries < READ_TRIES);

	session->slot = slot;
	session->kind = process->kind;
	session->state = find_state(process, state);
	session->proc = process->proc;
	session->wait = ((volatile PGPROC *) process->proc)->wait_event_info;
	if (process->kind == SESSION_PARALLEL && session->queryid == 0)
		session->queryid = find_leader_queryid(process->proc);
	return session->pid == process->pid;
}

bool
dbops_session_rests(const Session *session)
{
	uint32 class = session->wait & WAIT_CLASS_MASK;

	switch (session->state)
	{
		case SESSION_IDLE:
			return true;
		case SESSION_STARTING:
		case SESSION_DISABLED:
			return class == PG_WAIT_CLIENT;
		case SESSION_BACKGROUND_WORKER:
			return class == PG_WAIT_ACTIVITY || class == PG_WAIT_EXTENSION;
		default:
			return class == PG_WAIT_ACTIVITY || session->wait == DBOPS_WAIT_SENDER_IDLE;
	}
}

bool
dbops_session_read_busy(int slot, Session *session)
{
	volatile PgBackendStatus *entry = entry_at(slot);
	const SessionProcess *process;

	/* Most sessions are between transactions, and two words tell. */
	if (entry->st_procpid == 0 ||
	    (entry->st_state == STATE_IDLE && entry->st_backendType == B_BACKEND))
		return false;
	process = dbops_session_process(slot);
	return process != NULL && process->kind != SESSION_OWN &&
	       dbops_session_read(slot, process, session) && !dbops_session_rests(session);
}

int
dbops_session_slot_of(const PGPROC *proc)
{
	int slot;

	if (proc->pid == 0)
		return -1;
	slot = dbops_compat_status_of_proc(proc);
	if (slot >= 0)
		return slot;
	for (slot = MaxBackends; slot < dbops_session_slots(); slot++)
	{
		if (entry_at(slot)->st_procpid == proc->pid)
			return slot;
	}
	return -1;
}

PGPROC *
dbops_session_leader(PGPROC *proc)
{
	PGPROC *leader = ((volatile PGPROC *) proc)->lockGroupLeader;

	return leader == NULL ? proc : leader;
}

/* The address as text; NULL for a local socket and for a process without a client. */
static char *
describe_address(SockAddr *address)
{
	char host[NI_MAXHOST];

	if (address->addr.ss_family != AF_INET && address->addr.ss_family != AF_INET6)
		return NULL;
	if (pg_getnameinfo_all(&address->addr, address->salen, host, sizeof(host), NULL, 0,
	                       NI_NUMERICHOST) != 0)
		return NULL;
	return pstrdup(host);
}

bool
dbops_session_read_texts(const Session *session, SessionTexts *texts)
{
	volatile PgBackendStatus *entry = entry_at(session->slot);
	char *name = palloc(NAMEDATALEN);
	char *statement = palloc(pgstat_track_activity_query_size);
	SockAddr address;
	int pid;
	int before;
	int after;
	int tries = 0;

	do
	{
		pgstat_begin_read_activity(entry, before);
		pid = entry->st_procpid;
		memcpy(&address, unvolatize(SockAddr *, &entry->st_clientaddr), sizeof(address));
		strlcpy(name, (char *) entry->st_appname, NAMEDATALEN);
		strlcpy(statement, (char *) entry->st_activity_raw, pgstat_track_activity_query_size);
		pgstat_end_read_activity(entry, after);
	} while (!pgstat_read_activity_complete(before, after) && ++tries < READ_TRIES);

	texts->application_name = name;
	texts->statement = pgstat_clip_activity(statement);
	texts->client_addr = describe_address(&address);
	return pid == session->pid;
}
