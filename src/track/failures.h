/*
 * track/failures.h
 *		Which statement an error belongs to.
 *
 * An error is counted once, where it arose: at the innermost statement that has a query id, on its
 * way up, whether somebody catches it or the log hides it.  The outer levels know it again by its
 * SQLSTATE, as no hook was entered in between.  What no level saw (syntax errors, FATAL, commit)
 * comes by the log hook.
 *
 * An error of the statement the client sent is caught by nobody in SQL and goes to the log, so that
 * statement saves the two PG_TRYs.  In their place stands a frame in error_context_stack: whoever
 * catches an error takes away what is above it there, so a frame that is not to be found any more
 * has failed; and it notes errors as they arise, as the log may be told to leave them out.
 */
#pragma once

#include "core/symbols.h"
#include "track/captures.h"
#include "track/errors.h"

/* An error on its way up, once it is counted. */
typedef struct PassingError
{
	int sqlerrcode; /* 0: none */
	StatementKey key;
	ErrorKind kind;
} PassingError;

/* The statement sent by the client, while it is planned, started or run. */
typedef struct TopStatement
{
	uint64 queryid; /* 0: none */
	Oid userid;     /* its user when it began */
	bool suspect;   /* a message arose inside its frame, perhaps an error; else never set */
	int sqlerrcode; /* of the latest error; 0: none */
	ErrorKind kind;
	const QueryDesc *running; /* inside the frame: NULL while it is planned */
	const char *text;         /* inside the frame, while it is planned */
	int location;             /* of the statement in what the client sent */
	int length;
	ErrorContextCallback frame;
} TopStatement;

/* Written by the hooks, in the open because each statement does so several times. */
typedef struct FailureState
{
	PassingError passing; /* forgotten whenever a hook is entered */
	TopStatement top;
} FailureState;

extern DBOPS_PRIVATE FailureState dbops_failures;

static inline void
dbops_failures_enter_top(uint64 queryid, Oid userid)
{
	TopStatement *top = &dbops_failures.top;

	top->queryid = queryid;
	top->userid = userid;
	top->frame.previous = error_context_stack;
	error_context_stack = &top->frame;
}

/* Where the text of the statement is: before it is planned, and before it is started. */
static inline void
dbops_failures_locate_top(int location, int length)
{
	dbops_failures.top.location = location;
	dbops_failures.top.length = length;
}

static inline void
dbops_failures_leave_top(void)
{
	TopStatement *top = &dbops_failures.top;

	error_context_stack = top->frame.previous;
	top->queryid = 0;
	top->suspect = false;
	top->sqlerrcode = 0;
}

/*
 * Whether the statement that entered the frame still runs.  If not, and neither a nested statement
 * nor the log counted its error, it is counted now.
 */
extern bool dbops_failures_top_runs(void);

/* Sets memory aside; in the postmaster, which its children inherit. */
extern void dbops_failures_init(void);

/* Sees to it that the session's last error is counted at its end; before its first statement. */
extern void dbops_failures_begin_session(void);

/* An error passes a statement on its way up; called from PG_CATCH. */
extern void dbops_failures_note(const StatementKey *key, const CaptureSource *source);

/*
 * An ERROR or worse goes to the log.  This runs in any process, before login and out of memory as
 * well, so nothing here allocates, locks or looks into catalogs.
 */
extern void dbops_failures_note_log(const ErrorData *edata);
