/*
 * core/tx.h
 *		One task of a worker: a transaction of its own, a time limit, and no error that escapes.
 *
 * The only PG_TRY around a worker's work.  Whatever a task throws is caught, rolled back and handed
 * back as a TaskError; cancel by shutdown is rethrown.
 */
#pragma once

#include "datatype/timestamp.h"

typedef struct TaskError
{
	int sqlerrcode; /* 0 when the last run succeeded */
	char message[256];
	TimestampTz at;
	int64 failures; /* in a row */
} TaskError;

typedef struct Task
{
	const char *name; /* shown in pg_stat_activity and in errors */
	int timeout_ms;   /* statement_timeout of the transaction */
	bool sql;         /* needs a snapshot (a database connection) */
	void (*run)(void *arg);
} Task;

/*
 * Runs task->run(arg) in a transaction of its own, in a memory context that ends with it.
 * Returns whether it committed; else *error says what happened.  A state change (first failure,
 * another SQLSTATE, recovery) is logged once, repeats are not.
 */
extern bool dbops_tx_run(const Task *task, void *arg, TaskError *error);

/* Instead of a SQLSTATE: every error, but those that end the task or the process. */
#define TX_ANY_ERROR 0

/*
 * Runs run(arg) in a subtransaction, in the current memory context.  False if it threw an error
 * with this SQLSTATE, which is rolled back, and told by *error with its detail; others are thrown
 * on.
 */
extern bool dbops_tx_try(void (*run)(void *arg), void *arg, int sqlerrcode, TaskError *error);

/*
 * The same for what only looks: the subtransaction is rolled back in any case, with its locks, the
 * user and the settings it took.  Any error is told, as with TX_ANY_ERROR.
 */
extern bool dbops_tx_probe(void (*run)(void *arg), void *arg, TaskError *error);
