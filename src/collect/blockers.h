/*
 * collect/blockers.h
 *		Who keeps a process from getting the heavyweight lock it waits for.
 *
 * A file of its own because the server's own answer, pg_blocking_pids(), takes all partitions of
 * the lock table exclusively and so stops everybody.  Here the lock waited for is found without a
 * lock, and then looked at under its partition's alone, shared, which holders of locks hardly
 * notice.  The rules are the server's: a process is blocked by those that hold the lock in a
 * conflicting mode, and by those ahead of it in the queue that wait for one; a parallel group
 * counts as its leader.
 */
#pragma once

#include "datatype/timestamp.h"
#include "storage/lock.h"

/* More than these are not told apart: the first ones by order of the lock's holders, then queue. */
#define BLOCKERS_MAX 16

typedef struct Blocker
{
	PGPROC *proc; /* of a prepared transaction: pid is 0 */
	int pid;
	TransactionId xid; /* its own, if it has one */
	bool holds;        /* false: it waits itself, ahead */
} Blocker;

typedef struct Blocked
{
	PGPROC *proc; /* the leader, if a worker waits */
	int pid;
	LOCKTAG tag;
	LOCKMODE mode;
	TimestampTz since; /* 0 in the first moments */
	int nblockers;
	Blocker blockers[BLOCKERS_MAX]; /* those that hold it first */
} Blocked;

typedef enum BlockersPatience
{
	BLOCKERS_TRY,  /* give up where the partition is being changed */
	BLOCKERS_WAIT, /* for as long as that takes: microseconds */
} BlockersPatience;

/* False when the process does not wait for a lock, or the partition was busy. */
extern bool dbops_blockers_find(PGPROC *waiter, BlockersPatience patience, Blocked *blocked);

/*
 * The relation that a lock is about; invalid if about none.  Who waits for a row waits for the
 * transaction that changed it, and says which table that is in by the row lock it holds meanwhile.
 */
extern Oid dbops_blockers_relation(const Blocked *blocked, BlockersPatience patience);

/* Words for kinds of locks, by number in LOCKTAG, as pg_locks has them; ends with NULL. */
extern const char *const dbops_blockers_lock_words[];

/* Words for modes, by their number; ends with NULL. */
extern const char *const dbops_blockers_mode_words[];
