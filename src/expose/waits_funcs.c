/*
 * expose/waits_funcs.c
 *		dbops._sessions() and dbops._blocking(): what sessions do and who blocks whom, at this moment.
 *
 * Both read shared memory alone, so they work on a standby and wait for nobody.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "collect/blockers.h"
#include "collect/session.h"
#include "core/rows.h"
#include "expose/blocking_tree.h"

PG_FUNCTION_INFO_V1(dbops__sessions);
PG_FUNCTION_INFO_V1(dbops__blocking);

/* What is shown of a statement to those who may not see it. */
#define HIDDEN_TEXT "<insufficient privilege>"

/* Reads the session in a place; workers of dbops are none. */
static bool
read_session(int slot, Session *session)
{
	const SessionProcess *process = dbops_session_process(slot);

	return process != NULL && process->kind != SESSION_OWN &&
	       dbops_session_read(slot, process, session);
}

/* ---- sessions ---- */

/* The rule of pg_stat_activity. */
static bool
may_see(Oid userid)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
	       has_privs_of_role(GetUserId(), userid);
}

static void
put_instant(RowSet *rows, const char *column, TimestampTz at)
{
	if (at != 0)
		dbops_rows_put(rows, column, TimestampTzGetDatum(at));
}

static void
put_activity(RowSet *rows, const Session *session, const SessionTexts *texts)
{
	SessionState state = dbops_session_waits_for_lock(session) ? SESSION_BLOCKED : session->state;

	dbops_rows_put_text(rows, "state", dbops_session_state_words[state]);
	dbops_rows_put(rows, "rests", BoolGetDatum(dbops_session_rests(session)));
	dbops_rows_put_text(rows, "wait_event_type",
	                    session->wait ? pgstat_get_wait_event_type(session->wait) : "CPU");
	dbops_rows_put_text(rows, "wait_event",
	                    session->wait ? pgstat_get_wait_event(session->wait) : "CPU");
	put_instant(rows, "xact_at", session->xact_at);
	put_instant(rows, "statement_at", session->statement_at);
	put_instant(rows, "state_at", session->state_at);
	if (session->queryid != 0)
		dbops_rows_put(rows, "queryid", Int64GetDatum(session->queryid));
	dbops_rows_put_text(rows, "client_addr", texts->client_addr);
	dbops_rows_put_text(rows, "query", texts->statement[0] == '\0' ? NULL : texts->statement);
}

static void
put_session(RowSet *rows, const Session *session)
{
	PGPROC *leader = dbops_session_leader(session->proc);
	SessionTexts texts;

	if (!dbops_session_read_texts(session, &texts))
		return;
	dbops_rows_put(rows, "pid", Int32GetDatum(session->pid));
	if (leader != session->proc)
		dbops_rows_put(rows, "leader_pid", Int32GetDatum(leader->pid));
	dbops_rows_put(rows, "datid", ObjectIdGetDatum(session->datid));
	dbops_rows_put(rows, "userid", ObjectIdGetDatum(session->userid));
	dbops_rows_put_text(rows, "application_name", texts.application_name);
	if (may_see(session->userid))
		put_activity(rows, session, &texts);
	else
		dbops_rows_put_text(rows, "query", HIDDEN_TEXT);
	dbops_rows_emit(rows);
}

Datum
dbops__sessions(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	int nslots = dbops_session_slots();

	for (int slot = 0; slot < nslots; slot++)
	{
		Session session;

		if (read_session(slot, &session))
			put_session(rows, &session);
	}
	PG_RETURN_VOID();
}

/* ---- who blocks whom ---- */

/* A session that waits or is waited for. */
typedef struct Party
{
	PGPROC *proc;
	int pid; /* 0: a prepared transaction */
	TransactionId xid;
	Blocked *blocked; /* NULL when it waits for nobody */
	Oid relid;
} Party;

typedef struct Parties
{
	Party *items;
	int count;
	int capacity;
} Parties;

/* The party's position, -1 if there is none. */
static int
find_party(const Parties *parties, const PGPROC *proc)
{
	for (int i = 0; i < parties->count; i++)
	{
		if (parties->items[i].proc == proc)
			return i;
	}
	return -1;
}

static Party *
add_party(Parties *parties, PGPROC *proc)
{
	int at = find_party(parties, proc);

	if (at >= 0)
		return &parties->items[at];
	if (parties->count == parties->capacity)
	{
		parties->capacity *= 2;
		parties->items = repalloc(parties->items, sizeof(Party) * parties->capacity);
	}
	parties->items[parties->count] = (Party){.proc = proc, .pid = proc->pid, .xid = proc->xid};
	return &parties->items[parties->count++];
}

/* Adds a session that waits for a lock; of a parallel group one stands for all. */
static void
add_waiter(Parties *parties, const Session *session)
{
	Blocked *blocked = palloc(sizeof(Blocked));
	Party *party;

	if (!dbops_session_waits_for_lock(session) ||
	    !dbops_blockers_find(session->proc, BLOCKERS_WAIT, blocked) || blocked->nblockers == 0)
	{
		pfree(blocked);
		return;
	}
	party = add_party(parties, blocked->proc);
	if (party->blocked != NULL)
		return;
	party->blocked = blocked;
	party->relid = dbops_blockers_relation(blocked, BLOCKERS_WAIT);
}

static Parties
find_parties(void)
{
	Parties parties = {.capacity = 64};
	int nslots = dbops_session_slots();
	int nwaiters;

	parties.items = palloc(sizeof(Party) * parties.capacity);
	for (int slot = 0; slot < nslots; slot++)
	{
		Session session;

		if (read_session(slot, &session))
			add_waiter(&parties, &session);
	}
	nwaiters = parties.count;
	for (int i = 0; i < nwaiters; i++)
	{
		const Blocked *blocked = parties.items[i].blocked;

		for (int b = 0; b < blocked->nblockers; b++)
			add_party(&parties, blocked->blockers[b].proc);
	}
	return parties;
}

/* What the lock is on, where its kind and relation do not say it all; NULL if they do. */
static const char *
describe_lock(const LOCKTAG *tag)
{
	switch (tag->locktag_type)
	{
		case LOCKTAG_PAGE:
			return psprintf("page %u", tag->locktag_field3);
		case LOCKTAG_TUPLE:
			return psprintf("row (%u,%u)", tag->locktag_field3, tag->locktag_field4);
		case LOCKTAG_TRANSACTION:
			return psprintf("transaction %u", tag->locktag_field1);
		case LOCKTAG_VIRTUALTRANSACTION:
			return psprintf("virtual transaction %u/%u", tag->locktag_field1, tag->locktag_field2);
		case LOCKTAG_OBJECT:
			return psprintf("object %u of catalog %u", tag->locktag_field3, tag->locktag_field2);
		case LOCKTAG_ADVISORY:
			if (tag->locktag_field4 == 2)
				return psprintf("keys %d, %d", (int) tag->locktag_field2,
				                (int) tag->locktag_field3);
			return psprintf("key " INT64_FORMAT,
			                (int64) ((uint64) tag->locktag_field2 << 32 | tag->locktag_field3));
		default:
			return NULL;
	}
}

/* The database of what is locked; of a transaction that is not known, nor needed. */
static Oid
database_of_lock(const LOCKTAG *tag, const PGPROC *waiter)
{
	bool has_none = tag->locktag_type == LOCKTAG_TRANSACTION ||
	                tag->locktag_type == LOCKTAG_VIRTUALTRANSACTION ||
	                tag->locktag_type == LOCKTAG_SPECULATIVE_TOKEN;

	return has_none ? waiter->databaseId : tag->locktag_field1;
}

static Datum
list_pids(const Blocked *blocked)
{
	Datum pids[BLOCKERS_MAX];

	for (int i = 0; i < blocked->nblockers; i++)
		pids[i] = Int32GetDatum(blocked->blockers[i].pid);
	return PointerGetDatum(
	    construct_array(pids, blocked->nblockers, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

static void
put_lock(RowSet *rows, const Party *party)
{
	const Blocked *blocked = party->blocked;
	const LOCKTAG *tag = &blocked->tag;

	dbops_rows_put(rows, "blocked_by", list_pids(blocked));
	dbops_rows_put_text(rows, "locktype", dbops_blockers_lock_words[tag->locktag_type]);
	dbops_rows_put_text(rows, "mode", dbops_blockers_mode_words[blocked->mode]);
	dbops_rows_put_text(rows, "lock_detail", describe_lock(tag));
	dbops_rows_put(rows, "datid", ObjectIdGetDatum(database_of_lock(tag, blocked->proc)));
	if (OidIsValid(party->relid))
		dbops_rows_put(rows, "relid", ObjectIdGetDatum(party->relid));
	put_instant(rows, "since", blocked->since);
}

static void
put_party(RowSet *rows, const Party *party, const BlockingNode *node, int position)
{
	dbops_rows_put(rows, "position", Int32GetDatum(position));
	dbops_rows_put(rows, "depth", Int32GetDatum(node->depth));
	if (party->pid != 0)
		dbops_rows_put(rows, "pid", Int32GetDatum(party->pid));
	if (TransactionIdIsValid(party->xid))
		dbops_rows_put(rows, "xid", TransactionIdGetDatum(party->xid));
	dbops_rows_put(rows, "blocks", Int32GetDatum(node->below));
	if (party->blocked != NULL)
		put_lock(rows, party);
	dbops_rows_emit(rows);
}

/*
 * Under which of several in its way a party stands: one that holds the lock if anybody does, and of
 * those one that waits for nobody.
 */
static int
choose_parent(const Parties *parties, const Party *party)
{
	const Blocked *blocked = party->blocked;

	if (blocked == NULL)
		return -1;
	for (int i = 0; i < blocked->nblockers && blocked->blockers[i].holds; i++)
	{
		int at = find_party(parties, blocked->blockers[i].proc);

		if (parties->items[at].blocked == NULL)
			return at;
	}
	return find_party(parties, blocked->blockers[0].proc);
}

Datum
dbops__blocking(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	Parties parties = find_parties();
	BlockingNode *nodes = palloc(sizeof(BlockingNode) * (parties.count + 1));
	int *order = palloc(sizeof(int) * (parties.count + 1));

	for (int i = 0; i < parties.count; i++)
		nodes[i].parent = choose_parent(&parties, &parties.items[i]);
	dbops_blocking_tree_build(nodes, parties.count, order);
	for (int i = 0; i < parties.count; i++)
		put_party(rows, &parties.items[order[i]], &nodes[order[i]], i + 1);
	PG_RETURN_VOID();
}
