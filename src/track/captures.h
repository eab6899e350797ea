/*
 * track/captures.h
 *		One execution of each statement as it was sent: text, settings and parameters.
 *
 * An adviser has to plan the statement again, so it needs the text with its literals, the
 * search_path that names were looked up in, and the types of parameters.  Captured is the first
 * execution, or failure while none ended well; then one slower by a quarter than what is held; and
 * after an hour any.  Capturing is rare, takes no lock and cannot fail: if there is no room, there
 * is no capture.
 *
 * A capture lasts as long as the statement is tracked.  When the arena is nearly full the sampler
 * drops those of statements that were not seen for longest; they are captured again when they run.
 *
 * Texts may hold anything.  Who shows them asks dbops_captures_visible() first.
 */
#pragma once

#include "datatype/timestamp.h"
#include "executor/execdesc.h"
#include "nodes/params.h"
#include "tcop/dest.h"

#include "track/statements.h"

/* Where a statement is read from. */
typedef struct CaptureSource
{
	const char *text; /* perhaps of several statements; NULL: nothing to capture */
	int location;     /* in it; -1 if not known */
	int length;       /* 0: up to its end */
	ParamListInfo params;
	bool fleeting; /* what parameters point to may be gone by now */
} CaptureSource;

/*
 * A function in SQL hands on the arguments of its caller as they are.  If nobody asks for all of
 * its rows, it ends with its caller, after the rows that the arguments came from (from 17 on).
 */
static inline CaptureSource
dbops_captures_source(const QueryDesc *desc)
{
	return (CaptureSource){.text = desc->sourceText,
	                       .location = desc->plannedstmt->stmt_location,
	                       .length = desc->plannedstmt->stmt_len,
	                       .params = desc->params,
	                       .fleeting = desc->dest != NULL && desc->dest->mydest == DestSQLFunction};
}

typedef struct CapturedParameter
{
	Oid type;    /* may be 0 */
	bool known;  /* whether there is a value */
	char *value; /* its text; NULL is NULL */
} CapturedParameter;

/* A capture, copied. */
typedef struct Capture
{
	StatementKey key;
	Oid session_userid;
	TimestampTz captured_at;
	int64 duration_ns; /* or CAPTURE_UNFINISHED */
	char *query;
	bool truncated;        /* text or parameters: there were more */
	char *search_path;     /* as set */
	bool named_parameters; /* the text names variables of a procedural language */
	bool has_values;
	int nparameters;
	CapturedParameter *parameters;
} Capture;

typedef struct CapturesState
{
	int64 used_bytes;
	int64 capacity_bytes;
	int64 not_captured; /* executions for which there was no room */
} CapturesState;

/* In the postmaster, which its children inherit. */
extern void dbops_captures_init(void);

/* Captures the execution, or failure, of a statement of this session if it is worth it still. */
extern void
dbops_captures_take(const StatementKey *key, int64 duration_ns, const CaptureSource *source);

/*
 * Makes executions due again: of what has no capture, or an old one.  Drops some captures if the
 * arena is nearly full.  For the sampler, once per wide interval.
 */
extern void dbops_captures_tend(void);

/*
 * Copies the capture of the next statement that has one, of any database, with that queryid (0:
 * with any); NULL at the end.  Everything is palloc'd.  The scan begins as {0}.
 */
extern Capture *dbops_captures_next(StatementScan *scan, uint64 queryid);

/* Whether the current user may see what statements of a user say, as in pg_stat_activity. */
extern bool dbops_captures_visible(Oid userid);

extern void dbops_captures_state(CapturesState *state);
