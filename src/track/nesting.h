/*
 * track/nesting.h
 *		Where this session stands: whether what it runs is recorded, and how deep inside what.
 *
 * What the hooks of queries (hooks.c) and those of utility statements (utility.c) have in common.
 *
 * The depth counts hooks entered, and is set back where an error passes; so it survives COMMIT
 * inside procedures, where transaction callbacks would reset it.  An error of the statement sent by
 * the client passes no PG_TRY of ours: its depth is set back when the next hook is entered.
 */
#pragma once

#include "executor/execdesc.h"

#include "core/guc.h"
#include "core/symbols.h"
#include "track/failures.h"

typedef enum ProcessKind
{
	PROCESS_UNKNOWN,
	PROCESS_RECORDED,
	PROCESS_EXCLUDED,
} ProcessKind;

/* The utility statement that carries what runs now, if any: it may catch its errors. */
typedef struct Carrier
{
	bool carries;
	uint64 declaring_queryid; /* of a DECLARE CURSOR; 0: none */
	int declaring_depth;
} Carrier;

/* In the open because each statement looks at it several times. */
typedef struct Nesting
{
	ProcessKind process;
	bool recording; /* as decided where the statement started */
	int depth;
	const QueryDesc *started; /* last, at the top, by top.userid; only compared */
	Carrier carrier;
} Nesting;

extern DBOPS_PRIVATE Nesting dbops_nesting;

/* Not for the log hook: the postmaster's answer is not that of its children, who inherit it. */
extern DBOPS_PRIVATE bool dbops_nesting_decide_process(void);

/* Nothing this process runs is recorded: for dbops' own workers. */
extern void dbops_nesting_exclude_process(void);

/* Whether this process is never recorded; asks without deciding. */
extern bool dbops_nesting_is_excluded(void);

/* Whether what begins here is recorded.  Decided anew there only: later hooks just look. */
static inline bool
dbops_nesting_decide_recording(void)
{
	dbops_nesting.recording =
	    dbops_guc_track && dbops_guc_enabled &&
	    (likely(dbops_nesting.process == PROCESS_RECORDED) || dbops_nesting_decide_process());
	return dbops_nesting.recording;
}

/* Sets back the depth that a statement left behind when it failed.  What begins asks this first. */
static inline void
dbops_nesting_correct_depth(void)
{
	if (unlikely(dbops_nesting.depth > 0) && dbops_failures.top.suspect &&
	    !dbops_failures_top_runs())
		dbops_nesting.depth = 0;
}

/* Whether what starts at this level is the query of the DECLARE CURSOR being run. */
static inline bool
dbops_nesting_is_declaring(void)
{
	return unlikely(dbops_nesting.carrier.declaring_queryid != 0) &&
	       dbops_nesting.carrier.declaring_depth == dbops_nesting.depth;
}

/* Whether a query that begins here was sent by the client, so that nobody catches its error. */
static inline bool
dbops_nesting_is_top(uint64 queryid)
{
	return dbops_nesting.depth == 0 && !dbops_nesting.carrier.carries && queryid != 0;
}
