/*
 * advise/search.c
 *		Planner and selection in turns; see search.h.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "advise/candidates.h"
#include "advise/search.h"
#include "core/clock.h"

/* Candidates for one relation of one statement. */
#define CANDIDATES_PER_RELATION 40

/*
 * Plannings to learn a statement's plans before anything is selected.  With 40 the plans that a byte
 * budget asks for are known of statements over six relations; a thousand statements take their share of
 * the time instead.
 */
#define MAX_EXPLORED 40
#define MIN_EXPLORED 4

/* Selections and verifications in turn; most workloads end after three to six. */
#define MAX_ROUNDS 30

/* An item must save this share of all costs, or it is not worth a line of advice. */
#define MIN_GAIN_RATIO 0.0005

/* A statement may become dearer by this share. */
#define WORST_REGRESSION 0.01

/* Indexes on a table, those that exist included. */
#define MAX_PER_TABLE 15

typedef struct Search
{
	SearchResult *result;
	const SearchOptions *options;
	int64 began_us;
	int64 deadline_us;
	Oid *tables; /* of items: SelectionItem.table is the place in it */
	int ntables;
} Search;

static bool
is_out_of_time(void *arg)
{
	Search *search = arg;

	CHECK_FOR_INTERRUPTS();
	if (dbops_clock_monotonic_us() < search->deadline_us &&
	    (search->options->stop == NULL || !search->options->stop(search->options->arg)))
		return false;
	search->result->timed_out = true;
	return true;
}

/* ---- learning plans -------------------------------------------------------------------------- */

/* Those of a set that pass. */
static Bitmapset *
filter(const SearchResult *result, const Bitmapset *items, bool (*passes)(const WhatifItem *item))
{
	Bitmapset *passed = NULL;

	for (int item = -1; (item = bms_next_member(items, item)) >= 0;)
	{
		if (passes(dbops_whatif_item(result->whatif, item)))
			passed = bms_add_member(passed, item);
	}
	return passed;
}

static bool
has_keys_only(const WhatifItem *item)
{
	return item->spec == NULL || item->spec->ncolumns == item->spec->nkeys;
}

static bool
has_one_column(const WhatifItem *item)
{
	return item->spec == NULL || item->spec->ncolumns == 1;
}

/* Asks for the plans without each of the items that a plan uses, and puts these sets in the queue. */
static List *
enqueue_without(List *queue, const Bitmapset *present, const Bitmapset *uses)
{
	for (int item = -1; (item = bms_next_member(uses, item)) >= 0;)
		queue = lappend(queue, bms_del_member(bms_copy(present), item));
	return queue;
}

/*
 * Learns plans of a statement: with all its candidates, with the smaller ones, and with all but those
 * that such plans use, breadth first.
 */
static void
explore(Search *search, SearchStatement *statement, const Bitmapset *candidates, int quota)
{
	SearchResult *result = search->result;
	PlanPool *pool = statement->pool;
	Bitmapset *all = bms_union(candidates, result->existing);
	List *queue =
	    list_make3(all, filter(result, all, has_keys_only), filter(result, all, has_one_column));
	int first = pool->plannings;

	for (int i = 0; i < list_length(queue) && pool->plannings - first < quota; i++)
	{
		const Bitmapset *present = list_nth(queue, i);
		const PooledPlan *plan;
		int known = pool->nplans;

		if (is_out_of_time(search))
			break;
		plan = dbops_plan_pool_ask(pool, result->whatif, present);
		if (plan != NULL && (pool->nplans > known || i < 3))
			queue = enqueue_without(queue, present, bms_difference(plan->uses, result->existing));
	}
}

/* How a statement stands without advice; false if it cannot be planned. */
static bool
begin_statement(Search *search, SearchStatement *statement)
{
	const WorkloadStatement *source = statement->source;
	const PooledPlan *plan;

	statement->pool = dbops_plan_pool_new(dbops_statement_read(source));
	plan = dbops_plan_pool_ask(statement->pool, search->result->whatif, search->result->existing);
	if (plan == NULL)
		return false;
	statement->before = statement->after = plan->plan.cost;
	statement->weight = source->weight;
	if (source->ms_per_day > 0 && plan->plan.cost > 0)
		statement->weight = source->ms_per_day / plan->plan.cost;
	return true;
}

/* Items on the relations that the statement reads. */
static void
find_relevant(SearchResult *result, SearchStatement *statement)
{
	statement->relevant = NULL;
	for (int item = 0; item < dbops_whatif_count(result->whatif); item++)
	{
		if (list_member_oid(statement->pool->statement->relations,
		                    dbops_whatif_item(result->whatif, item)->table))
			statement->relevant = bms_add_member(statement->relevant, item);
	}
}

static void
learn(Search *search)
{
	SearchResult *result = search->result;
	const CandidateLimits limits = {.max_columns = search->options->max_columns,
	                                .per_relation = CANDIDATES_PER_RELATION};
	Bitmapset **candidates = palloc0(sizeof(Bitmapset *) * result->nstatements);
	int quota;

	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];

		if (is_out_of_time(search))
			break;
		if (begin_statement(search, statement))
			candidates[i] =
			    dbops_candidates_find(result->whatif, statement->pool->statement, &limits);
	}
	quota = Max(MIN_EXPLORED, Min(MAX_EXPLORED, 20000 / Max(result->nstatements, 1)));
	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];

		if (statement->pool == NULL)
			continue;
		find_relevant(result, statement);
		if (candidates[i] != NULL)
			explore(search, statement, candidates[i], quota);
	}
}

/* ---- selecting ------------------------------------------------------------------------------- */

static int
number_table(Search *search, Oid table)
{
	for (int i = 0; i < search->ntables; i++)
	{
		if (search->tables[i] == table)
			return i;
	}
	search->tables[search->ntables] = table;
	return search->ntables++;
}

static SelectionItem *
make_items(Search *search)
{
	const SearchResult *result = search->result;
	int n = dbops_whatif_count(result->whatif);
	SelectionItem *items = palloc0(sizeof(SelectionItem) * Max(n, 1));

	search->tables = palloc(sizeof(Oid) * Max(n, 1));
	search->ntables = 0;
	for (int i = 0; i < n; i++)
	{
		const WhatifItem *item = dbops_whatif_item(result->whatif, i);

		items[i] = (SelectionItem){.bytes = dbops_index_size_bytes(&item->size),
		                           .table = number_table(search, item->table),
		                           .exists = OidIsValid(item->indexid),
		                           .replaces = -1};
	}
	return items;
}

/* The statements that can be planned, as the selection takes them. */
static int
make_statements(const SearchResult *result, SelectionStatement *statements)
{
	int n = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		const PlanPool *pool = result->statements[i].pool;
		SelectionPlan *plans;

		if (pool == NULL || pool->nplans == 0)
			continue;
		plans = palloc(sizeof(SelectionPlan) * pool->nplans);
		for (int j = 0; j < pool->nplans; j++)
			plans[j] = pool->plans[j].plan;
		statements[n++] = (SelectionStatement){
		    .weight = result->statements[i].weight, .nplans = pool->nplans, .plans = plans};
	}
	return n;
}

/* The set that is best by what is known, as a Bitmapset of all that is present. */
static Bitmapset *
select_items(Search *search, const Bitmapset *start)
{
	SearchResult *result = search->result;
	int n = dbops_whatif_count(result->whatif);
	SelectionStatement *statements = palloc(sizeof(SelectionStatement) * result->nstatements);
	bool *begin = palloc0(sizeof(bool) * Max(n, 1));
	SelectionProblem problem = {.nitems = n,
	                            .items = make_items(search),
	                            .ntables = search->ntables,
	                            .statements = statements,
	                            .limits = {.bytes = search->options->budget_bytes,
	                                       .max_created = search->options->max_indexes,
	                                       .max_per_table = MAX_PER_TABLE,
	                                       .worst_regression = WORST_REGRESSION,
	                                       .min_gain_ratio = MIN_GAIN_RATIO},
	                            .out_of_time = is_out_of_time,
	                            .arg = search,
	                            .seed = search->options->seed};
	const Selection *selection;
	Bitmapset *chosen = NULL;

	problem.nstatements = make_statements(result, statements);
	for (int item = -1; (item = bms_next_member(start, item)) >= 0;)
		begin[item] = true;
	selection = dbops_selection_search(&problem, begin);
	for (int item = 0; item < n; item++)
	{
		if (selection->chosen[item])
			chosen = bms_add_member(chosen, item);
	}
	return chosen;
}

/* ---- verifying ------------------------------------------------------------------------------- */

/*
 * Asks the planner what a statement costs with the set, what it would take beside it, and what it would
 * do without each that it uses.  Returns the cost with the set.
 */
static double
verify_statement(Search *search, SearchStatement *statement, const Bitmapset *chosen)
{
	SearchResult *result = search->result;
	PlanPool *pool = statement->pool;
	Bitmapset *present = bms_intersect(chosen, statement->relevant);
	const PooledPlan *plan = dbops_plan_pool_ask(pool, result->whatif, present);
	Bitmapset *uses;
	double cost;

	if (plan == NULL)
		return statement->before;
	cost = plan->plan.cost;
	uses = bms_difference(plan->uses, result->existing);
	for (int item = -1; (item = bms_next_member(uses, item)) >= 0 && !is_out_of_time(search);)
		dbops_plan_pool_ask(pool, result->whatif, bms_del_member(bms_copy(present), item));
	return cost;
}

static double
verify(Search *search, const Bitmapset *chosen)
{
	SearchResult *result = search->result;
	double sum = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];

		if (statement->pool != NULL && statement->pool->statement->left_out == NULL)
			sum += statement->weight * verify_statement(search, statement, chosen);
	}
	return sum;
}

static int
count_plans(const SearchResult *result)
{
	int n = 0;

	for (int i = 0; i < result->nstatements; i++)
		n += result->statements[i].pool ? result->statements[i].pool->nplans : 0;
	return n;
}

/* The best set whose cost the planner has said. */
static Bitmapset *
improve(Search *search)
{
	SearchResult *result = search->result;
	Bitmapset *best = result->existing;
	Bitmapset *chosen = result->existing;
	double best_cost = result->cost_before;

	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		int known = count_plans(result);
		double cost;

		chosen = select_items(search, chosen);
		cost = verify(search, chosen);
		if (cost < best_cost)
		{
			best = chosen;
			best_cost = cost;
		}
		if (count_plans(result) == known || is_out_of_time(search))
			break;
	}
	return best;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static double
sum_before(const SearchResult *result)
{
	double sum = 0;

	for (int i = 0; i < result->nstatements; i++)
		sum += result->statements[i].weight * result->statements[i].before;
	return sum;
}

/* Says of each statement what the set does for it. */
static void
conclude(Search *search, Bitmapset *chosen)
{
	SearchResult *result = search->result;

	result->created = bms_difference(chosen, result->existing);
	result->dropped = bms_difference(result->existing, chosen);
	result->cost_after = 0;
	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];
		const PooledPlan *plan = NULL;

		if (statement->pool != NULL)
		{
			result->plannings += statement->pool->plannings;
			plan = dbops_plan_pool_ask(statement->pool, result->whatif,
			                           bms_intersect(chosen, statement->relevant));
		}
		if (plan != NULL)
		{
			statement->after = plan->plan.cost;
			statement->uses = bms_copy(plan->uses);
		}
		result->cost_after += statement->weight * statement->after;
	}
}

SearchResult *
dbops_search_run(const Workload *workload, const SearchOptions *options)
{
	SearchResult *result = palloc0(sizeof(SearchResult));
	Search search = {.result = result, .options = options};

	search.began_us = dbops_clock_monotonic_us();
	search.deadline_us = search.began_us + (int64) (options->seconds * USECS_PER_SEC);
	result->whatif = dbops_whatif_new();
	result->nstatements = workload->nstatements;
	result->statements = palloc0(sizeof(SearchStatement) * Max(workload->nstatements, 1));
	for (int i = 0; i < workload->nstatements; i++)
		result->statements[i].source = &workload->statements[i];
	learn(&search);
	result->cost_before = sum_before(result);
	conclude(&search, improve(&search));
	return result;
}

double
dbops_search_cost(const SearchStatement *statement, const Bitmapset *present)
{
	double cost = statement->before;

	for (int i = 0; statement->pool != NULL && i < statement->pool->nplans; i++)
	{
		const PooledPlan *known = &statement->pool->plans[i];

		if (!known->assumed && bms_is_subset(known->uses, present))
			cost = Min(cost, known->plan.cost);
	}
	return cost;
}
