/*
 * advise/recommendation.c
 *		Advice from what a search found; see recommendation.h.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/recommendation.h"

/* A statement is named as changed from this share of its cost on. */
#define NOTABLE_CHANGE 0.01

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

/* How sure the benefit is: measured times are, what only the planner thinks is not. */
static const char *
judge_confidence(const Recommendation *advice)
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
	return measured == list_length(advice->improved) ? "high" : "medium";
}

static char *
write_reason(const SearchResult *result, const Recommendation *advice)
{
	int n = list_length(advice->improved);
	double share = result->cost_before > 0 ? advice->benefit_ms_per_day / result->cost_before : 0;

	return psprintf("%d %s faster; saves %.1f %% of the time of all %d", n,
	                n == 1 ? "statement becomes" : "statements become", share * 100,
	                result->nstatements);
}

static Recommendation *
recommend(const SearchResult *result, int item, double benefit, List **taken)
{
	const WhatifItem *index = dbops_whatif_item(result->whatif, item);
	Recommendation *advice = palloc0(sizeof(Recommendation));
	char *name = dbops_index_spec_name(index->spec, taken);
	char *schema = get_namespace_name(get_rel_namespace(index->table));

	advice->action = "create";
	advice->table = index->table;
	advice->ddl = dbops_index_spec_ddl(index->spec, name, true);
	advice->undo_ddl =
	    psprintf("DROP INDEX CONCURRENTLY %s", quote_qualified_identifier(schema, name));
	advice->index_size_bytes = dbops_index_size_bytes(&index->size);
	advice->benefit_ms_per_day = benefit;
	advice->write_cost_ms_per_day = NAN;
	advice->build_seconds = NAN;
	list_statements(result, item, advice);
	advice->confidence = judge_confidence(advice);
	advice->reason = write_reason(result, advice);
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

	while ((item = find_best(result, present, &after)) >= 0)
	{
		Recommendation *line = recommend(result, item, before - after, &taken);

		advice = lappend(advice, line);
		line->rank = list_length(advice);
		present = bms_add_member(present, item);
		before = after;
	}
	return advice;
}
