/*
 * track/statements.h
 *		What sessions record about statements: one slot per (database, user, queryid, toplevel).
 *
 * Recording takes no lock, waits for nobody and never fails: a session finds its slot in a cache of
 * its own and adds to atomic counters.  A full table stops admitting and counts that; room is made
 * by the sampler alone, which evicts what was not seen for longest and keeps the slot out of use
 * for a while, so that a session that is just adding cannot add to another statement.
 */
#pragma once

#include "datatype/timestamp.h"
#include "miscadmin.h"

#include "core/symbols.h"
#include "math/histogram.h"
#include "track/capture_slot.h"
#include "track/pages.h"

typedef struct StatementKey
{
	Oid datid;
	Oid userid;
	uint64 queryid;
	bool toplevel; /* sent by the client, not run by a function or another statement */
} StatementKey;

static inline bool
dbops_statements_same_key(const StatementKey *a, const StatementKey *b)
{
	return a->queryid == b->queryid && a->userid == b->userid && a->datid == b->datid &&
	       a->toplevel == b->toplevel;
}

/* A queryid is a hash already; the others only need to be spread. */
static inline uint64
dbops_statements_hash_key(const StatementKey *key)
{
	return key->queryid + (((uint64) key->userid << 32) | key->datid) + key->toplevel;
}

/* A key in this session's database. */
static inline StatementKey
dbops_statements_key(uint64 queryid, Oid userid, bool toplevel)
{
	return (StatementKey){
	    .datid = MyDatabaseId, .userid = userid, .queryid = queryid, .toplevel = toplevel};
}

typedef enum FailureKind
{
	FAILURE_ERROR,
	FAILURE_CANCEL,
	FAILURE_TIMEOUT,
} FailureKind;

typedef enum StatementPhase
{
	PHASE_PLAN,
	PHASE_EXEC,
} StatementPhase;

/* Counters of a statement as they stood when copied. */
typedef struct StatementCopy
{
	StatementKey key;
	uint32 slot;
	uint32 generation;    /* changes when the slot is given to another statement */
	CaptureSlot *capture; /* in shared memory; see captures.h */
	TimestampTz first_seen_at;
	uint32 epoch;             /* of the last change */
	TimestampTz last_seen_at; /* to within an epoch */
	int64 calls;              /* that ended without error */
	int64 rows;
	int64 exec_ns;
	int64 plans;
	int64 plan_ns;
	int64 errors; /* all failures, so with cancels and timeouts */
	int64 cancels;
	int64 timeouts;
} StatementCopy;

/* Where an iteration stands.  changed_since: an earlier dbops_statements_epoch(), or 0 for all. */
typedef struct StatementScan
{
	uint32 changed_since;
	uint32 next; /* begins as 0 */
} StatementScan;

typedef struct StatementsState
{
	int used;
	int capacity;
	int64 evicted;
	int64 not_admitted; /* executions, plans and failures that found the table full */
	int64 pages_used;
	int64 pages_capacity;
	int64 pages_exhausted; /* durations that found no page: calls missing in a histogram */
} StatementsState;

/* How many there is room for.  Known once every library is loaded and its settings are defined. */
extern uint32 dbops_statements_capacity(void);

extern Size dbops_statements_shmem_size(void);
extern void dbops_statements_shmem_init(void);

/* What a session remembers beside a statement: the plan by which it ran last (track/plans.c). */
typedef struct PlanMemo
{
	uint64 shape; /* 0: none */
	uint32 slot;
	uint32 generation;
} PlanMemo;

/* That of the statement whose execution was added last; NULL when that one is not admitted. */
extern DBOPS_PRIVATE PlanMemo *dbops_statements_memo;

/* For the hooks.  The database is the session's. */
extern DBOPS_PRIVATE void
dbops_statements_add_plan(uint64 queryid, Oid userid, bool toplevel, int64 ns);

/* True when this execution is to be captured. */
extern DBOPS_PRIVATE bool
dbops_statements_add_execution(uint64 queryid, Oid userid, bool toplevel, int64 ns, uint64 rows);
extern void dbops_statements_add_rows(const StatementKey *key, uint64 rows);
extern void dbops_statements_add_failure(const StatementKey *key, FailureKind kind);

/* Where the capture of a statement of this session is kept; NULL when the table is full. */
extern CaptureSlot *dbops_statements_capture(const StatementKey *key);

/* Copies the next statement that changed; false at the end.  Takes no lock. */
extern bool dbops_statements_next(StatementScan *scan, StatementCopy *copy);

/* A histogram of the statement last copied, in the current context; NULL when empty. */
extern Histogram *dbops_statements_histogram(const StatementCopy *copy, StatementPhase phase);

/*
 * Begins a new epoch and returns its number: whatever is recorded from here on is seen by a scan
 * with this changed_since.
 */
extern uint32 dbops_statements_epoch(void);

/*
 * Makes room when the table is nearly full: for the sampler, once per wide interval.
 * `quarantine_us` is how long an evicted slot stays out of use.  Returns how many statements were
 * evicted.
 */
extern int dbops_statements_evict(int64 quarantine_us);

/* The keeper has read all statements, beginning at this monotonic time; 0: it does not any more. */
extern void dbops_statements_note_read(int64 begun_us);

extern void dbops_statements_state(StatementsState *state);
