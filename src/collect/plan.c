/*
 * collect/plan.c
 *		The family "plan": how each statement fared with each of its plans.
 *
 * A file of its own because it needs no database: the sampler reads it from shared memory.  Slots
 * of one plan, as there are when an index was made anew, become one row.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "math/histogram.h"
#include "store/frame.h"
#include "track/plans.h"

enum
{
	PLAN_CALLS,
	PLAN_TOTAL_EXEC_MS,
	PLAN_EXEC_HISTOGRAM,
	PLAN_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("Database"),
    LABEL_OF_ROLE("Role that ran the statement"),
    LABEL_OF_STATEMENT("Identifier of the normalized statement"),
    LABEL("toplevel", LABEL_BOOL, NAMES_NONE, "Whether a client sent it, not a function"),
    LABEL("planid", LABEL_INT8, NAMES_NONE, "Identifier of the plan's shape"),
};

static const Metric metrics[] = {
    [PLAN_CALLS] = COUNT(1, "calls", "Executions by this plan that ended without error"),
    [PLAN_TOTAL_EXEC_MS] = COUNT_MS(2, "total_exec_ms", 0.001, "Time of execution"),
    [PLAN_EXEC_HISTOGRAM] = HISTOGRAM_MS(3, "exec_histogram", "Latencies of execution"),
};

static const Derived derived[] = {
    RATIO("mean_exec_ms", 1, "total_exec_ms", "calls", "ms", "Mean time of execution"),
    QUANTILE_MS("p50_ms", 0.5, "exec_histogram", "Median execution"),
    QUANTILE_MS("p95_ms", 0.95, "exec_histogram", "Time in which 95 % of executions ended"),
};

static EntityKey
key_of(const PlanCopy *plan)
{
	return (EntityKey){{plan->statement.datid, plan->statement.userid,
	                    (int64) plan->statement.queryid, plan->statement.toplevel,
	                    (int64) plan->planid}};
}

static int
compare_plans(const void *a, const void *b)
{
	EntityKey key_a = key_of(a);
	EntityKey key_b = key_of(b);

	return dbops_entity_compare(&key_a, &key_b);
}

static PlanCopy *
copy_plans(int *count)
{
	PlansState state;
	PlanCopy *plans;
	PlanScan scan = {0};

	dbops_plans_state(&state);
	plans = palloc_extended(sizeof(PlanCopy) * Max(state.slots.capacity, 1), MCXT_ALLOC_HUGE);
	*count = 0;
	while (*count < state.slots.capacity && dbops_plans_next(&scan, &plans[*count]))
		(*count)++;
	return plans;
}

/* Of the slots of one plan together, in the frame's context. */
static Histogram *
merge_histograms(Frame *frame, const PlanCopy *plans, int count)
{
	MemoryContext caller = MemoryContextSwitchTo(frame->context);
	uint64 dense[HISTOGRAM_BUCKETS] = {0};
	Histogram *merged = NULL;

	for (int i = 0; i < count; i++)
	{
		merged = dbops_plans_histogram(&plans[i]);
		if (merged != NULL)
			dbops_histogram_add_to(merged, dense);
	}
	if (count > 1)
	{
		merged = palloc(HISTOGRAM_SIZE(dbops_histogram_nonzero(dense)));
		dbops_histogram_from_dense(dense, merged);
	}
	MemoryContextSwitchTo(caller);
	return merged;
}

/* Slots from `plans` on that are of the same plan. */
static int
count_slots(const PlanCopy *plans, int count)
{
	int same = 1;

	while (same < count && compare_plans(&plans[0], &plans[same]) == 0)
		same++;
	return same;
}

static void
add_plan(Frame *frame, const PlanCopy *plans, int count, uint32 changed_since)
{
	EntityKey key = key_of(plans);
	int64 *values = dbops_frame_add(frame, &key, NULL);
	bool changed = false;

	values[PLAN_CALLS] = 0;
	values[PLAN_TOTAL_EXEC_MS] = 0;
	for (int i = 0; i < count; i++)
	{
		values[PLAN_CALLS] += plans[i].calls;
		values[PLAN_TOTAL_EXEC_MS] += plans[i].exec_ns / 1000;
		changed = changed || plans[i].epoch >= changed_since;
	}
	/* Not given (NULL) when it is as it was. */
	if (changed)
		dbops_frame_set_histogram(values, PLAN_EXEC_HISTOGRAM,
		                          merge_histograms(frame, plans, count));
}

static void
read_plans(Frame *frame)
{
	uint32 changed_since = (uint32) frame->bookmark;
	PlanCopy *plans;
	int count;

	frame->bookmark = dbops_plans_epoch();
	plans = copy_plans(&count);
	qsort(plans, count, sizeof(PlanCopy), compare_plans);
	for (int i = 0, same; i < count; i += same)
	{
		same = count_slots(&plans[i], count - i);
		add_plan(frame, &plans[i], same, changed_since);
	}
	pfree(plans);
}

const Family dbops_family_plan = {
    .id = 31,
    .name = "plan",
    .help = "Plans of statements: executions and latencies of each statement with each",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_plans,
};
