/*
 * advise/statistics_advice.c
 *		From one planning of each statement to the statistics that are missing; see
 *		statistics_advice.h.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "advise/group_facts.h"
#include "advise/index_script.h"
#include "advise/passed_over.h"
#include "advise/statistics_advice.h"
#include "advise/statistics_script.h"
#include "advise/whatif.h"
#include "core/clock.h"

typedef struct Advising
{
	MemoryContext caller;
	const WorkloadStatement *source; /* that which is planned */
	List *seen;                      /* advice that is counted for it */
	List *advice;                    /* of StatisticsAdvice */
} Advising;

/* ---- what is found --------------------------------------------------------------------------- */

/* Columns by number, then expressions: so the same statistics look the same. */
static int
compare_expressions(const ListCell *a, const ListCell *b)
{
	Node *x = lfirst(a);
	Node *y = lfirst(b);

	if (!IsA(x, Var) || !IsA(y, Var))
		return IsA(y, Var) - IsA(x, Var);
	return castNode(Var, x)->varattno - castNode(Var, y)->varattno;
}

static bool
is_same_set(const List *a, const List *b)
{
	return list_length(a) == list_length(b) && list_difference(a, b) == NIL;
}

static StatisticsAdvice *
find_advice(Advising *advising, const StatisticsFinding *finding)
{
	StatisticsAdvice *advice;
	ListCell *lc;

	foreach (lc, advising->advice)
	{
		advice = lfirst(lc);
		if (advice->finding.table == finding->table &&
		    is_same_set(advice->finding.expressions, finding->expressions))
			return advice;
	}
	advice = palloc0(sizeof(StatisticsAdvice));
	advice->finding.table = finding->table;
	advice->finding.expressions = copyObject(finding->expressions);
	list_sort(advice->finding.expressions, compare_expressions);
	advising->advice = lappend(advising->advice, advice);
	return advice;
}

static double
factor_of(const StatisticsFinding *finding)
{
	return dbops_dependence_factor(finding->estimated, finding->actual);
}

/* The worst estimate is that which is told. */
static void
note_worst(StatisticsAdvice *advice, const StatisticsFinding *finding)
{
	List *expressions = advice->finding.expressions;
	int kinds = advice->finding.kinds | finding->kinds;

	if (advice->finding.kinds == STATISTICS_NONE ||
	    factor_of(finding) > factor_of(&advice->finding))
	{
		advice->finding = *finding;
		advice->finding.expressions = expressions;
	}
	advice->finding.kinds = kinds;
}

static void
note_finding(Advising *advising, const StatisticsFinding *finding)
{
	MemoryContext planner = MemoryContextSwitchTo(advising->caller);
	const WorkloadStatement *source = advising->source;
	StatisticsAdvice *advice = find_advice(advising, finding);

	note_worst(advice, finding);
	if (!list_member_ptr(advising->seen, advice))
	{
		bool measured = source->ms_per_day > 0;

		advising->seen = lappend(advising->seen, advice);
		advice->statements++;
		advice->calls_per_day += source->calls_per_day > 0 ? source->calls_per_day : source->weight;
		advice->ms_per_day += Max(source->ms_per_day, 0);
		advice->weight +=
		    (measured ? source->ms_per_day : source->weight) * log(factor_of(finding));
	}
	MemoryContextSwitchTo(planner);
}

/*
 * Conditions on a partitioned table are estimated for its partitions, by their statistics; groups
 * for the whole.  Of a table with children, it is itself one of those.
 */
static void
look_at_relation(PlannerInfo *root, RelOptInfo *rel, Oid table, void *arg)
{
	List *findings = NIL;
	ListCell *lc;

	if (rel->tuples < DEPENDENCE_ROWS || dbops_passed_over_reason(root, rel, table) != NULL)
		return;
	if (rel->reloptkind != RELOPT_BASEREL || !root->simple_rte_array[rel->relid]->inh)
		findings = dbops_dependence_find(root, rel, table);
	if (rel->reloptkind == RELOPT_BASEREL)
		findings = list_concat(findings, dbops_group_find(root, rel, table));
	foreach (lc, findings)
		note_finding(arg, lfirst(lc));
}

/* ---- in words -------------------------------------------------------------------------------- */

static char *
join_columns(const List *columns)
{
	StringInfoData words;
	ListCell *lc;

	initStringInfo(&words);
	foreach (lc, columns)
		appendStringInfo(&words, "%s%s",
		                 foreach_current_index(lc) == 0                        ? "" :
		                 foreach_current_index(lc) + 1 == list_length(columns) ? " and " :
		                                                                         ", ",
		                 (char *) lfirst(lc));
	return words.data;
}

/* What is the matter, by kind; the first that applies.  %s: columns. */
static const struct
{
	int kind;
	const char *phrase;
} phrases[] = {
    {STATISTICS_DEPENDENCIES,
     "%s depend on each other, but conditions on them are taken for independent"},
    {STATISTICS_MCV,
     "some values of %s go together and others never do, which the planner does not know"},
    {STATISTICS_NDISTINCT, "it is not known how many combinations of %s there are"},
    {STATISTICS_EXPRESSION, "there are no statistics of %s"},
};

static char *
write_reason(const StatisticsAdvice *advice)
{
	const StatisticsFinding *finding = &advice->finding;
	double actual = Max(rint(finding->actual), 1);
	double estimated = Max(rint(finding->estimated), 1);
	int i = 0;

	while (i < lengthof(phrases) - 1 && !(finding->kinds & phrases[i].kind))
		i++;
	return psprintf("%s: %.0f %s are expected where there are %.0f, so plans are made for %.*f "
	                "times too %s",
	                psprintf(phrases[i].phrase, join_columns(advice->columns)), estimated,
	                finding->groups ? "groups" : "rows", rint(finding->actual),
	                factor_of(finding) < 10 ? 1 : 0, factor_of(finding),
	                estimated > actual ? "many" : "few");
}

static void
complete_advice(StatisticsAdvice *advice, List **taken)
{
	StatisticsScript script = dbops_statistics_script_of(
	    advice->finding.table, advice->finding.expressions, advice->finding.kinds, taken);

	advice->columns = script.columns;
	advice->ddl = script.create;
	advice->undo_ddl = script.drop;
	advice->reason = write_reason(advice);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int
compare_advice(const ListCell *a, const ListCell *b)
{
	const StatisticsAdvice *x = lfirst(a);
	const StatisticsAdvice *y = lfirst(b);

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->ddl, y->ddl);
}

static void
look_at_statement(Advising *advising, const WorkloadStatement *source)
{
	WhatifRequest request = {.on_relation = look_at_relation, .arg = advising};
	Statement *statement = dbops_sent_statement_read(source);
	WhatifPlan plan;

	advising->source = source;
	advising->seen = NIL;
	if (statement->left_out == NULL)
		(void) dbops_whatif_plan(dbops_whatif_new(), statement, &request, &plan);
}

List *
dbops_statistics_advise(const Workload *workload, double seconds)
{
	Advising advising = {.caller = CurrentMemoryContext};
	int64 deadline_us = dbops_clock_monotonic_us() + (int64) (seconds * USECS_PER_SEC);
	MemoryContext one = AllocSetContextCreate(CurrentMemoryContext, "dbops statistics advice",
	                                          ALLOCSET_DEFAULT_SIZES);
	List *taken = NIL;
	List *completed = NIL;
	ListCell *lc;

	for (int i = 0; i < workload->nstatements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (dbops_clock_monotonic_us() >= deadline_us)
			break;
		MemoryContextSwitchTo(one);
		look_at_statement(&advising, &workload->statements[i]);
		MemoryContextSwitchTo(advising.caller);
		MemoryContextReset(one);
	}
	foreach (lc, advising.advice)
	{
		StatisticsAdvice *advice = lfirst(lc);

		if (!dbops_index_script_hold(advice->finding.table))
			continue;
		complete_advice(advice, &taken);
		completed = lappend(completed, advice);
	}
	list_sort(completed, compare_advice);
	return completed;
}
