/*
 * track/plans.h
 *		What sessions record about plans: one slot per (statement, shape of its plan).
 *
 * Recording takes no lock, waits for nobody and never fails, as for statements.  A plan is walked
 * when it is executed for the first time; a cached one then carries what was found, so that its
 * further executions find their slot without a walk.  The first execution of a shape also prints
 * the plan, and the text stays as long as the slot.
 *
 * Outside this server's memory a plan is known by its planid, a hash of the text: it stays the same
 * over restarts, and when an index is made anew under its name.
 */
#pragma once

#include "executor/execdesc.h"

#include "core/symbols.h"
#include "track/slots.h"
#include "track/statements.h"

/* Counters of a plan as they stood when copied. */
typedef struct PlanCopy
{
	StatementKey statement;
	uint64 planid; /* several slots may have the same */
	uint32 slot;
	uint32 generation;
	uint32 epoch;
	TimestampTz first_seen_at;
	TimestampTz last_seen_at;
	int64 calls;
	int64 exec_ns;
} PlanCopy;

typedef struct PlanScan
{
	uint32 changed_since; /* an earlier dbops_plans_epoch(), or 0 for all */
	uint32 next;          /* begins as 0 */
} PlanScan;

typedef struct PlansState
{
	SlotsState slots;
	int64 texts_exhausted; /* plans whose texts found no room */
} PlansState;

extern Size dbops_plans_shmem_size(void);
extern void dbops_plans_shmem_init(void); /* after dbops_statements_shmem_init */

/*
 * For the hook at the end of an execution, which took `ns` and is not torn down yet; after
 * dbops_statements_add_execution of the same.  False, and nothing done, unless its statement ran by
 * the same plan before and all is as it was.
 */
extern DBOPS_PRIVATE bool dbops_plans_add_again(const QueryDesc *desc, int64 ns);

/* The same in any case. */
extern void dbops_plans_add_execution(const QueryDesc *desc, uint64 queryid, Oid userid,
                                      bool toplevel, int64 ns);

/* Copies the next plan that changed; false at the end.  Takes no lock. */
extern bool dbops_plans_next(PlanScan *scan, PlanCopy *copy);

/* Of the plan last copied, in the current context; NULL when there is none. */
extern Histogram *dbops_plans_histogram(const PlanCopy *copy);

/* The same; in the encoding of this database, as far as it can be. */
extern char *dbops_plans_text(const PlanCopy *copy);

extern uint32 dbops_plans_epoch(void);

/* Makes room when the table is nearly full; see dbops_statements_evict. */
extern int dbops_plans_evict(int64 quarantine_us);

/* The sampler has read all plans, beginning at this monotonic time. */
extern void dbops_plans_note_read(int64 begun_us);

extern void dbops_plans_state(PlansState *state);
