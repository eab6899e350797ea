/*
 * track/failures.h
 *		Which statement an error belongs to.
 *
 * An error is counted once, where it arose: at the innermost statement that has a query id, on its
 * way up, whether somebody catches it or the log hides it.  The outer levels know it again by its
 * SQLSTATE, as no hook was entered in between.  What no level saw (syntax errors, FATAL, commit)
 * comes by the log hook.
 */
#pragma once

#include "track/errors.h"

/* An error on its way up, once it is counted. */
typedef struct PassingError
{
	int sqlerrcode; /* 0: none */
	StatementKey key;
	ErrorKind kind;
} PassingError;

/* Written by the hooks, in the open because each statement does so several times. */
typedef struct FailureState
{
	PassingError passing;    /* forgotten whenever a hook is entered */
	uint64 starting_queryid; /* of the top-level statement inside ExecutorStart; 0: none */
} FailureState;

extern FailureState dbops_failures;

/* Sets memory aside; in the postmaster, which its children inherit. */
extern void dbops_failures_init(void);

/* An error passes a statement on its way up; called from PG_CATCH. */
extern void dbops_failures_note(const StatementKey *key);

/*
 * An ERROR or worse goes to the log.  This runs in any process, before login and out of memory as
 * well, so nothing here allocates, locks or looks into catalogs.
 */
extern void dbops_failures_note_log(const ErrorData *edata);
