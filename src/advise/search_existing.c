/*
 * advise/search_existing.c
 *		Existing indexes in a search; see search_existing.h.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "utils/lsyscache.h"

#include "advise/cpu_speed.h"
#include "advise/restricted.h"
#include "advise/search_existing.h"

/* Without an index, no statement may cost this share more than with it. */
#define MISSED_RATIO 0.01

/* An index with the keys of another one is created if it saves this share of all costs. */
#define TWIN_GAIN_RATIO 0.005

/* ---- what exists ----------------------------------------------------------------------------- */

List *
dbops_search_tables(const Statement *statement)
{
	List *tables = list_copy(statement->relations);
	ListCell *lc;

	foreach (lc, statement->relations)
	{
		if (get_rel_relispartition(lfirst_oid(lc)))
			tables = list_concat_unique_oid(tables, get_partition_ancestors(lfirst_oid(lc)));
	}
	return tables;
}

void
dbops_search_find_existing(SearchResult *result, const List *statements)
{
	List *tables = NIL;
	ListCell *lc;

	foreach (lc, statements)
		tables = list_concat_unique_oid(tables, dbops_search_tables(lfirst(lc)));
	result->droppables = dbops_droppables_load(result->whatif, tables, WORKLOAD_WINDOW_MS);
	for (int i = 0; i < result->droppables->count; i++)
	{
		int item = result->droppables->indexes[i].item;

		if (item >= 0)
			result->existing = bms_add_member(result->existing, item);
	}
}

/* ---- units ----------------------------------------------------------------------------------- */

static double
measure_cost_unit(const SearchResult *result)
{
	double ms = 0;
	double cost = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		const SearchStatement *statement = &result->statements[i];
		const WorkloadStatement *source = statement->source;

		if (statement->pool == NULL || !(statement->before > 0) || !(source->ms_per_day > 0))
			continue;
		ms += source->ms_per_day;
		cost += source->calls_per_day * statement->before;
	}
	return ms > 0 && cost > 0 ? ms / cost : 0;
}

/* Scans by statements that are known: at least one a call, in the days that scans are known of. */
static void
count_known_scans(SearchResult *result)
{
	for (int i = 0; i < result->nstatements; i++)
	{
		const SearchStatement *statement = &result->statements[i];

		for (int item = -1; (item = bms_next_member(statement->used, item)) >= 0;)
		{
			Droppable *droppable = dbops_droppable_of(result->droppables, item);

			if (droppable != NULL)
				droppable->facts.known_scans +=
				    statement->source->calls_per_day * droppable->facts.days;
		}
	}
}

static void
judge_existing(SearchResult *result)
{
	Droppables *droppables = result->droppables;

	count_known_scans(result);
	for (int i = 0; i < droppables->count; i++)
		droppables->indexes[i].facts.given = result->given;
	dbops_droppables_judge(droppables);
	for (int i = 0; i < droppables->count; i++)
	{
		const Droppable *droppable = &droppables->indexes[i];

		if (droppable->item >= 0 && droppable->condition == DROP_NEVER)
			result->kept = bms_add_member(result->kept, droppable->item);
	}
}

void
dbops_search_weigh(SearchResult *result)
{
	double measured = measure_cost_unit(result);

	result->ms_per_cost = measured > 0 ? measured : SPEED_MS_PER_COST;
	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];
		const WorkloadStatement *source = statement->source;

		if (statement->pool == NULL || statement->pool->nplans == 0)
			continue;
		statement->weight = source->weight * result->ms_per_cost;
		if (source->ms_per_day > 0 && statement->before > 0)
			statement->weight = source->ms_per_day / statement->before;
	}
	judge_existing(result);
}

/* ---- upkeep ---------------------------------------------------------------------------------- */

typedef struct UpkeepQuestion
{
	Upkeep *upkeep;
	const WhatifItem *item;
	double answer;
} UpkeepQuestion;

static void
ask_upkeep(void *arg)
{
	UpkeepQuestion *question = arg;
	const WhatifItem *item = question->item;

	WriteCost cost = OidIsValid(item->indexid) ?
	                     dbops_upkeep_of_index(question->upkeep, item->table, item->indexid) :
	                     dbops_upkeep_of_spec(question->upkeep, item->spec, &item->size);

	question->answer = cost.ms_per_day;
}

static void
ask_build(void *arg)
{
	UpkeepQuestion *question = arg;

	question->answer =
	    dbops_upkeep_build(question->upkeep, question->item->spec, &question->item->size).seconds;
}

/* Who holds a lock on the table is not waited for: then nothing is known. */
static double
ask(Upkeep *upkeep, const WhatifItem *item, void (*question)(void *arg))
{
	const RestrictedContext nobody_else = {0};
	UpkeepQuestion asked = {.upkeep = upkeep, .item = item};
	TaskError error;

	return dbops_restricted_run(&nobody_else, question, &asked, &error) ? asked.answer : NAN;
}

double
dbops_search_build_seconds(const SearchResult *result, int item)
{
	return ask(result->upkeep, dbops_whatif_item(result->whatif, item), ask_build);
}

void
dbops_search_find_upkeep(SearchResult *result, const List *statements,
                         bool (*out_of_time)(void *arg), void *arg)
{
	const UpkeepOptions options = {.window_ms = WORKLOAD_WINDOW_MS,
	                               .statements = statements,
	                               .tell = result->given ? STATEMENTS_TELL_WRITES :
	                                                       STATEMENTS_TELL_RECURRING,
	                               .window_days = result->window_days,
	                               .ms_per_cost = result->ms_per_cost};

	result->upkeep = dbops_upkeep_begin(&options);
	result->item_upkeep = palloc(sizeof(double));
	result->nupkeep = 0;
	dbops_search_extend_upkeep(result, out_of_time, arg);
}

void
dbops_search_extend_upkeep(SearchResult *result, bool (*out_of_time)(void *arg), void *arg)
{
	int n = dbops_whatif_count(result->whatif);
	List *failed = NIL;

	result->item_upkeep = repalloc(result->item_upkeep, sizeof(double) * Max(n, 1));
	for (; result->nupkeep < n; result->nupkeep++)
	{
		int item = result->nupkeep;
		const WhatifItem *shown = dbops_whatif_item(result->whatif, item);
		/* What fails once, as for a table that is locked, would fail for each item of it. */
		bool hopeless = list_member_oid(failed, shown->table) || out_of_time(arg);

		result->item_upkeep[item] = hopeless ? NAN : ask(result->upkeep, shown, ask_upkeep);
		if (isnan(result->item_upkeep[item]))
			failed = list_append_unique_oid(failed, shown->table);
	}
}

static double
known_upkeep(const SearchResult *result, int item)
{
	return isnan(result->item_upkeep[item]) ? 0 : Max(result->item_upkeep[item], 0);
}

double
dbops_search_upkeep(const SearchResult *result, const Bitmapset *set)
{
	double sum = 0;

	for (int item = -1; (item = bms_next_member(set, item)) >= 0;)
		sum += known_upkeep(result, item);
	return sum;
}

int
dbops_search_replaced(const SearchResult *result, int item)
{
	const Droppables *droppables = result->droppables;
	const IndexSpec *spec = dbops_whatif_item(result->whatif, item)->spec;

	for (int i = 0; spec != NULL && i < droppables->count; i++)
	{
		const Droppable *other = &droppables->indexes[i];
		IndexCover cover;

		if (other->item < 0 || other->item == item || other->condition == DROP_NEVER ||
		    other->index->spec == NULL)
			continue;
		cover = dbops_index_cover(other->index->spec, spec);
		/* Of two that are the same, the older stays. */
		if (cover == COVER_EXTENDS || (cover == COVER_DUPLICATE && item < other->item))
			return other->item;
	}
	return -1;
}

/* ---- what goes in the end -------------------------------------------------------------------- */

static bool
is_planned(const SearchStatement *statement, int item)
{
	return statement->pool != NULL && statement->pool->statement->left_out == NULL &&
	       bms_is_member(item, statement->relevant);
}

static double
cost_with(const SearchResult *result, SearchStatement *statement, const Bitmapset *set)
{
	Bitmapset *present = bms_intersect(set, statement->relevant);
	const PooledPlan *plan = dbops_plan_pool_ask(statement->pool, result->whatif, present);

	bms_free(present);
	return plan != NULL ? plan->plan.cost : INFINITY;
}

/*
 * Whether the planner misses the item: some statement becomes dearer without it than the limit
 * allows, or all of them together by more than it may be.
 */
static bool
is_missed(const SearchResult *result, int item, const Bitmapset *set, double may_cost)
{
	Bitmapset *without = bms_del_member(bms_copy(set), item);
	double lost = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];
		double with;
		double cost;

		if (!is_planned(statement, item))
			continue;
		with = Min(cost_with(result, statement, bms_add_member(bms_copy(set), item)),
		           statement->before);
		cost = cost_with(result, statement, without);
		if (cost > with * (1 + MISSED_RATIO))
			return true;
		lost += statement->weight * (cost - with);
	}
	return lost > may_cost;
}

/* What its lack may cost in all: if it is not used, or covered, only each alone is looked at. */
static double
may_cost(const SearchResult *result, const Droppable *droppable, const Bitmapset *set)
{
	IndexCover cover;

	if (droppable->condition == DROP_UNUSED ||
	    dbops_droppable_cover(result->droppables, droppable->item, set, &cover) >= 0)
		return INFINITY;
	return known_upkeep(result, droppable->item);
}

static bool
may_leave(const SearchResult *result, const Droppable *droppable, const Bitmapset *set)
{
	return dbops_droppable_from(result->droppables, droppable->item, set) &&
	       !is_missed(result, droppable->item, set, may_cost(result, droppable, set));
}

/* Of two that are the same the older stays, as dbops.index_duties() says. */
static Bitmapset *
prefer_older(const SearchResult *result, const Droppable *dropped, Bitmapset *set)
{
	IndexCover cover;
	const int other = dbops_droppable_cover(result->droppables, dropped->item, set, &cover);
	const Droppable *younger =
	    cover == COVER_DUPLICATE ? dbops_droppable_of(result->droppables, other) : NULL;
	Bitmapset *both;

	if (younger == NULL || younger < dropped)
		return set;
	both = bms_add_member(bms_copy(set), dropped->item);
	return may_leave(result, younger, both) ? bms_del_member(both, other) : set;
}

/* Whether an index goes for which nothing but the item stands in. */
static bool
stands_in(const SearchResult *result, int item, const Bitmapset *set)
{
	const Droppables *droppables = result->droppables;
	Bitmapset *without = bms_del_member(bms_copy(set), item);
	IndexCover cover;

	for (int i = 0; i < droppables->count; i++)
	{
		int dropped = droppables->indexes[i].item;

		if (dropped >= 0 && !bms_is_member(dropped, set) &&
		    dbops_droppable_cover(droppables, dropped, set, &cover) >= 0 &&
		    dbops_droppable_cover(droppables, dropped, without, &cover) < 0)
			return true;
	}
	return false;
}

static bool
has_twin(const SearchResult *result, int item, const Bitmapset *set)
{
	const IndexSpec *spec = dbops_whatif_item(result->whatif, item)->spec;

	for (int other = -1; (other = bms_next_member(set, other)) >= 0;)
	{
		const IndexSpec *twin = dbops_whatif_item(result->whatif, other)->spec;

		if (other != item && twin != NULL && dbops_index_is_twin(spec, twin))
			return true;
	}
	return false;
}

/*
 * Whether another set does what an index with the keys of another one is for: no statement is
 * dearer than now, and all of them together are by little.
 */
static bool
is_hardly_worse(const SearchResult *result, const Bitmapset *set, const Bitmapset *instead)
{
	double lost = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];
		double cost;

		if (statement->pool == NULL || statement->pool->statement->left_out != NULL ||
		    bms_equal(bms_intersect(set, statement->relevant),
		              bms_intersect(instead, statement->relevant)))
			continue;
		cost = cost_with(result, statement, instead);
		if (cost > statement->before * (1 + MISSED_RATIO))
			return false;
		lost += statement->weight * (cost - cost_with(result, statement, set));
	}
	return lost <= TWIN_GAIN_RATIO * result->cost_before;
}

/* The smallest item that has all columns of both, if it is no larger than they are; -1: none. */
static int
find_merger(const SearchResult *result, int first, int second)
{
	Whatif *whatif = result->whatif;
	const WhatifItem *one = dbops_whatif_item(whatif, first);
	const WhatifItem *other = dbops_whatif_item(whatif, second);
	double least = dbops_index_size_bytes(&one->size) + dbops_index_size_bytes(&other->size);
	int found = -1;

	for (int item = 0; item < dbops_whatif_count(whatif); item++)
	{
		const WhatifItem *merger = dbops_whatif_item(whatif, item);
		double bytes = dbops_index_size_bytes(&merger->size);

		if (item == first || item == second || merger->spec == NULL ||
		    OidIsValid(merger->indexid) || bytes > least ||
		    dbops_index_cover(one->spec, merger->spec) == COVER_NONE ||
		    dbops_index_cover(other->spec, merger->spec) == COVER_NONE)
			continue;
		least = bytes;
		found = item;
	}
	return found;
}

/* The set with one index in place of two of the same keys; NULL: there are no such two. */
static Bitmapset *
unite_twins(const SearchResult *result, const Bitmapset *set)
{
	Bitmapset *created = bms_difference(set, result->existing);

	for (int i = -1; (i = bms_next_member(created, i)) >= 0;)
	{
		for (int j = i; (j = bms_next_member(created, j)) >= 0;)
		{
			const bool twins = dbops_index_is_twin(dbops_whatif_item(result->whatif, i)->spec,
			                                       dbops_whatif_item(result->whatif, j)->spec);
			const int merger = twins ? find_merger(result, i, j) : -1;
			Bitmapset *united;

			if (merger < 0)
				continue;
			united = bms_add_member(bms_copy(set), merger);
			united = bms_del_member(bms_del_member(united, i), j);
			if (is_hardly_worse(result, set, united))
				return united;
		}
	}
	return NULL;
}

/* The smallest of what is created. */
static int
find_smallest(const SearchResult *result, const Bitmapset *created)
{
	int found = -1;

	for (int item = -1; (item = bms_next_member(created, item)) >= 0;)
	{
		if (found < 0 || dbops_whatif_item(result->whatif, item)->size.pages <
		                     dbops_whatif_item(result->whatif, found)->size.pages)
			found = item;
	}
	return found;
}

/*
 * What hardly a statement would miss beside what stays after all is not created.  Small ones are
 * asked first: of two with the same keys, the one that includes more can do what both do; or there
 * is one that includes what either does.
 */
static Bitmapset *
leave_uncreated(const SearchResult *result, Bitmapset *set, bool (*out_of_time)(void *arg),
                void *arg)
{
	Bitmapset *united = set;
	Bitmapset *created;
	int item;

	while (united != NULL && !out_of_time(arg))
	{
		set = united;
		united = unite_twins(result, set);
	}
	created = bms_difference(set, result->existing);
	while ((item = find_smallest(result, created)) >= 0 && !out_of_time(arg))
	{
		created = bms_del_member(created, item);
		if (stands_in(result, item, set))
			continue;
		if (!is_missed(result, item, set, MISSED_RATIO * result->cost_before) ||
		    (has_twin(result, item, set) &&
		     is_hardly_worse(result, set, bms_del_member(bms_copy(set), item))))
			set = bms_del_member(set, item);
	}
	return set;
}

const Bitmapset *
dbops_search_settle(SearchResult *result, const Bitmapset *chosen, bool (*out_of_time)(void *arg),
                    void *arg)
{
	const Droppables *droppables = result->droppables;
	Bitmapset *set = bms_copy(chosen);

	for (int i = 0; i < droppables->count; i++)
	{
		const Droppable *droppable = &droppables->indexes[i];

		if (droppable->item >= 0 && !bms_is_member(droppable->item, set) &&
		    (out_of_time(arg) || !may_leave(result, droppable, set)))
			set = bms_add_member(set, droppable->item);
	}
	for (int i = droppables->count - 1; i >= 0; i--)
	{
		const Droppable *droppable = &droppables->indexes[i];

		if (droppable->item >= 0 && bms_is_member(droppable->item, set) && !out_of_time(arg) &&
		    may_leave(result, droppable, set))
			set = bms_del_member(set, droppable->item);
	}
	for (int i = 0; i < droppables->count && !out_of_time(arg); i++)
	{
		if (droppables->indexes[i].item >= 0 && !bms_is_member(droppables->indexes[i].item, set))
			set = prefer_older(result, &droppables->indexes[i], set);
	}
	return leave_uncreated(result, set, out_of_time, arg);
}
