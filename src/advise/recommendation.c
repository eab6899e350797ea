/*
 * advise/recommendation.c
 *		Advice from what a search found; see recommendation.h.
 */
#include "postgres.h"

#include <math.h>

#include "nodes/nodeFuncs.h"

#include "advise/drop_advice.h"
#include "advise/foreign_key_advice.h"
#include "advise/index_script.h"
#include "advise/recommendation.h"
#include "advise/search_existing.h"

/* So many calls, of which one was seen as it was sent, are more than one. */
#define SEVERAL_CALLS 1.5

/* A statement is named as changed from this share of its cost on. */
#define NOTABLE_CHANGE 0.01

/* Days that tell what a day is like. */
#define SURE_DAYS 1

/* What all statements would cost with these items, by plans that the planner made. */
static double
cost_of(const SearchResult *result, const Bitmapset *present)
{
	double sum = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		const SearchStatement *statement = &result->statements[i];

		sum += statement->weight * dbops_search_cost(statement, present);
	}
	return sum;
}

/* The chosen item that saves most beside those present. */
static int
find_best(const SearchResult *result, const Bitmapset *present, double *cost)
{
	int best = -1;

	for (int item = -1; (item = bms_next_member(result->created, item)) >= 0;)
	{
		Bitmapset *with;
		double other;

		if (bms_is_member(item, present))
			continue;
		with = bms_add_member(bms_copy(present), item);
		other = cost_of(result, with);
		if (best < 0 || other < *cost)
		{
			best = item;
			*cost = other;
		}
		bms_free(with);
	}
	return best;
}

/* The statements whose plan uses the item, and what they cost without any advice. */
static void
list_statements(const SearchResult *result, int item, Recommendation *advice)
{
	for (int i = 0; i < result->nstatements; i++)
	{
		const SearchStatement *statement = &result->statements[i];
		RecommendedStatement *changed;

		if (!bms_is_member(item, statement->uses))
			continue;
		changed = palloc(sizeof(RecommendedStatement));
		*changed = (RecommendedStatement){
		    .statement = statement, .before = statement->before, .after = statement->after};
		if (statement->after < statement->before * (1 - NOTABLE_CHANGE))
			advice->improved = lappend(advice->improved, changed);
		else if (statement->after > statement->before * (1 + NOTABLE_CHANGE))
			advice->regressed = lappend(advice->regressed, changed);
	}
}

/*
 * How sure the benefit is: times that were measured for long enough to speak of a day are, what
 * only the planner thinks is not.
 */
static const char *
judge_confidence(const SearchResult *result, const Recommendation *advice)
{
	int measured = 0;
	ListCell *lc;

	foreach (lc, advice->improved)
	{
		const RecommendedStatement *changed = lfirst(lc);

		measured += changed->statement->source->ms_per_day > 0 ? 1 : 0;
	}
	if (measured == 0)
		return "low";
	return measured == list_length(advice->improved) && result->window_days >= SURE_DAYS ? "high" :
	                                                                                       "medium";
}

static bool
find_constant(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, Const) || expression_tree_walker(node, find_constant, context);
}

/*
 * Whether its condition has a value that is known of one call among others: a statement that is
 * tracked is read as one of its calls was sent.  What a function's text says, it says in each.
 */
static bool
is_of_one_call(const SearchResult *result, const IndexSpec *spec, const Recommendation *advice)
{
	ListCell *lc;

	if (!find_constant((Node *) spec->predicate, NULL))
		return false;
	foreach (lc, advice->improved)
	{
		const WorkloadStatement *source =
		    ((const RecommendedStatement *) lfirst(lc))->statement->source;

		if (source->queryid != 0 && !source->named_parameters &&
		    source->calls_per_day * result->window_days >= SEVERAL_CALLS)
			return true;
	}
	return false;
}

static char *
write_reason(const SearchResult *result, const IndexSpec *spec, const Recommendation *advice,
             const IndexScript *script)
{
	int n = list_length(advice->improved);
	double share = result->cost_before > 0 ? advice->benefit_ms_per_day / result->cost_before : 0;

	return psprintf(
	    "%d of %d %s %s faster; saves %.1f %% of the time of all%s%s", n, result->nstatements,
	    result->nstatements == 1 ? "statement" : "statements", n == 1 ? "becomes" : "become",
	    share * 100,
	    is_of_one_call(result, spec, advice) ?
	        "; its condition is of one call that was seen, others may have other values" :
	        "",
	    script->blocks ? "; too many partitions to build it without blocking writes" : "");
}

/* Adds what drops an index that the created one stands in for, once that is there. */
static void
add_replaced(const SearchResult *result, int replaced, Recommendation *advice)
{
	RecommendedDrop *drop = dbops_drop_advice_of(result, replaced);

	advice->action = "replace";
	advice->drops = lappend(advice->drops, drop);
	if (!isnan(result->item_upkeep[replaced]))
		advice->write_cost_ms_per_day -= result->item_upkeep[replaced];
	advice->ddl = psprintf("%s;\n%s", advice->ddl, drop->ddl);
	advice->undo_ddl = psprintf("%s;\n%s", drop->undo_ddl, advice->undo_ddl);
	advice->reason = psprintf("%s; takes the place of %s, whose keys it begins with",
	                          advice->reason, drop->name);
}

static Recommendation *
recommend(const SearchResult *result, int item, double benefit, List **taken)
{
	const WhatifItem *index = dbops_whatif_item(result->whatif, item);
	Recommendation *advice = palloc0(sizeof(Recommendation));
	IndexScript script = dbops_index_script_of(index->spec, taken);

	advice->action = "create";
	advice->table = index->table;
	advice->ddl = script.create;
	advice->undo_ddl = script.drop;
	advice->index_size_bytes = dbops_index_size_bytes(&index->size);
	advice->benefit_ms_per_day = benefit;
	advice->write_cost_ms_per_day = result->item_upkeep[item];
	advice->build_seconds = dbops_search_build_seconds(result, item);
	list_statements(result, item, advice);
	advice->confidence = judge_confidence(result, advice);
	advice->reason = write_reason(result, index->spec, advice, &script);
	for (int other = -1; (other = bms_next_member(result->dropped, other)) >= 0;)
	{
		if (dbops_drop_advice_replacement(result, other) == item &&
		    dbops_drop_advice_hold(result, other))
			add_replaced(result, other, advice);
	}
	return advice;
}

static List *
append_line(List *advice, Recommendation *line)
{
	advice = lappend(advice, line);
	line->rank = list_length(advice);
	return advice;
}

List *
dbops_recommendations_make(const SearchResult *result)
{
	List *advice = NIL;
	List *taken = NIL;
	Bitmapset *present = bms_copy(result->existing);
	double before = cost_of(result, present);
	double after = before;
	int item;
	ListCell *lc;

	while ((item = find_best(result, present, &after)) >= 0)
	{
		if (dbops_index_script_hold(dbops_whatif_item(result->whatif, item)->table))
			advice = append_line(advice, recommend(result, item, before - after, &taken));
		present = bms_add_member(present, item);
		before = after;
	}
	foreach (lc, dbops_foreign_key_advice_make(result, &taken))
		advice = append_line(advice, lfirst(lc));
	foreach (lc, dbops_drop_advice_make(result))
		advice = append_line(advice, lfirst(lc));
	return advice;
}
