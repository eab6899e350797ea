/*
 * advise/search.c
 *		Planner and selection in turns; see search.h.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "advise/candidates.h"
#include "advise/exploration.h"
#include "advise/search.h"
#include "advise/search_existing.h"
#include "advise/search_merge.h"
#include "core/clock.h"

/* Candidates for one relation of one statement. */
#define CANDIDATES_PER_RELATION 40

/*
 * Plannings to learn a statement's plans before anything is selected.  More than 20 hardly change
 * what is selected; a thousand statements get by with less.
 */
#define MAX_EXPLORED 20
#define MIN_EXPLORED 4
#define ALL_EXPLORED 10000

/* Selections and verifications in turn, for one budget; most end after three to six. */
#define MAX_ROUNDS 10

/*
 * Budgets that are selected for, in shares of the real one.  What is learnt of the plans that
 * smaller and larger ones ask for leads the last selection out of where the first one got stuck.
 */
static const double budget_shares[] = {1, 0.6, 1.6, 1};

/* An item must save this share of all costs, or it is not worth a line of advice. */
#define MIN_GAIN_RATIO 0.0005

/*
 * Attempts without progress in a selection that is only to lead the planner on; the last ones,
 * which decide, take as many as their size asks for.
 */
#define QUICK_PATIENCE 150

/*
 * Sizes are expected within a percent or so, those of a part of the rows, of expressions, or of
 * keys that were counted in a sample, within ten; and what is built must stay within the budget.
 */
#define SIZE_MARGIN 1.01
#define ROUGH_SIZE_MARGIN 1.1

/* A statement may become dearer by this share. */
#define WORST_REGRESSION 0.01

/* Indexes on a table, those that exist included. */
#define MAX_PER_TABLE 15

typedef struct Search
{
	SearchResult *result;
	MemoryContext working; /* of what one statement, or one selection, takes meanwhile */
	const SearchOptions *options;
	int64 deadline_us;
	const SelectionItem *items;
	Oid *tables; /* of items: SelectionItem.table is the place in it */
	int ntables;
	const Bitmapset *best;
	double best_cost;
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

/* Reads the statements, without planning them. */
static List *
read_statements(Search *search)
{
	SearchResult *result = search->result;
	List *statements = NIL;

	for (int i = 0; i < result->nstatements && !is_out_of_time(search); i++)
	{
		SearchStatement *statement = &result->statements[i];

		statement->pool = dbops_plan_pool_new(dbops_sent_statement_read(statement->source));
		statements = lappend(statements, statement->pool->statement);
	}
	return statements;
}

/* How a statement stands without advice; false if it cannot be planned. */
static bool
begin_statement(Search *search, SearchStatement *statement)
{
	const PooledPlan *plan =
	    dbops_plan_pool_ask(statement->pool, search->result->whatif, search->result->existing);

	if (plan == NULL)
		return false;
	statement->before = statement->after = plan->plan.cost;
	statement->used = bms_copy(plan->uses);
	return true;
}

/* Items on the relations that the statement reads. */
static void
find_relevant(SearchResult *result, SearchStatement *statement)
{
	List *tables = dbops_search_tables(statement->pool->statement);

	statement->relevant = NULL;
	for (int item = 0; item < dbops_whatif_count(result->whatif); item++)
	{
		if (list_member_oid(tables, dbops_whatif_item(result->whatif, item)->table))
			statement->relevant = bms_add_member(statement->relevant, item);
	}
}

/* Sees how a statement stands, and finds what could serve it. */
static void
meet(Search *search, SearchStatement *statement)
{
	SearchResult *result = search->result;
	const CandidateLimits limits = {.max_columns = search->options->max_columns,
	                                .per_relation = CANDIDATES_PER_RELATION};

	if (!begin_statement(search, statement))
		return;
	statement->candidates =
	    dbops_candidates_find(result->whatif, statement->pool->statement, &limits);
}

/* Meets all of them; one that time does not allow for has no pool. */
static void
meet_all(Search *search)
{
	SearchResult *result = search->result;
	bool late = false;

	for (int i = 0; i < result->nstatements; i++)
	{
		late = late || is_out_of_time(search);
		if (late)
			result->statements[i].pool = NULL;
		else if (result->statements[i].pool != NULL)
			meet(search, &result->statements[i]);
	}
}

static void
explore_statement(Search *search, SearchStatement *statement, int plannings)
{
	SearchResult *result = search->result;
	Exploration *exploration =
	    dbops_exploration_new(statement->pool, result->whatif, result->existing,
	                          statement->candidates, search->options->budget_bytes);

	exploration->kept = result->kept;
	dbops_exploration_go_on(exploration, result->whatif, plannings, is_out_of_time, search);
}

static void
explore(Search *search)
{
	SearchResult *result = search->result;
	MemoryContext caller = MemoryContextSwitchTo(search->working);
	int plannings =
	    Max(MIN_EXPLORED, Min(MAX_EXPLORED, ALL_EXPLORED / Max(result->nstatements, 1)));

	for (int i = 0; i < result->nstatements && !is_out_of_time(search); i++)
	{
		if (result->statements[i].pool != NULL)
			explore_statement(search, &result->statements[i], plannings);
		MemoryContextReset(search->working);
	}
	MemoryContextSwitchTo(caller);
}

static void
learn(Search *search)
{
	SearchResult *result = search->result;
	List *statements = read_statements(search);

	dbops_search_find_existing(result, statements);
	meet_all(search);
	for (int i = 0; i < result->nstatements; i++)
	{
		if (result->statements[i].pool != NULL)
			find_relevant(result, &result->statements[i]);
	}
	dbops_search_weigh(result);
	dbops_search_find_upkeep(result, statements, is_out_of_time, search);
	explore(search);
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

/* What an item takes of the budget. */
static double
budgeted_bytes(const WhatifItem *item)
{
	bool rough = item->size.rough || (item->spec != NULL && item->spec->predicate != NIL);

	for (int i = 0; item->spec != NULL && i < item->spec->nkeys; i++)
		rough |= item->spec->columns[i].attno == 0;
	return dbops_index_size_bytes(&item->size) * (rough ? ROUGH_SIZE_MARGIN : SIZE_MARGIN);
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
		bool exists = bms_is_member(i, result->existing);

		items[i] = (SelectionItem){.bytes = budgeted_bytes(item),
		                           .upkeep = dbops_search_upkeep(result, bms_make_singleton(i)),
		                           .table = number_table(search, item->table),
		                           .exists = exists,
		                           .droppable = exists && !bms_is_member(i, result->kept),
		                           .replaces = dbops_search_replaced(result, i)};
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

/* The set that is best by what is known, for a share of the budget: all that is present. */
static const Selection *
select_from(Search *search, const Bitmapset *start, double share, int patience)
{
	SearchResult *result = search->result;
	int n = dbops_whatif_count(result->whatif);
	SelectionStatement *statements = palloc(sizeof(SelectionStatement) * result->nstatements);
	bool *begin = palloc0(sizeof(bool) * Max(n, 1));
	SelectionProblem problem = {.nitems = n,
	                            .items = search->items,
	                            .ntables = search->ntables,
	                            .statements = statements,
	                            .limits = {.bytes = share * search->options->budget_bytes,
	                                       .max_created = search->options->max_indexes,
	                                       .max_per_table = MAX_PER_TABLE,
	                                       .worst_regression = WORST_REGRESSION,
	                                       .min_gain_ratio = MIN_GAIN_RATIO},
	                            .out_of_time = is_out_of_time,
	                            .arg = search,
	                            .seed = search->options->seed,
	                            .patience = patience};

	problem.nstatements = make_statements(result, statements);
	for (int item = -1; (item = bms_next_member(start, item)) >= 0;)
		begin[item] = true;
	return dbops_selection_search(&problem, begin);
}

/* The same as a set, in the current context. */
static Bitmapset *
select_items(Search *search, const Bitmapset *start, double share, int patience)
{
	MemoryContext caller = MemoryContextSwitchTo(search->working);
	const Selection *selection = select_from(search, start, share, patience);
	Bitmapset *chosen = NULL;

	MemoryContextSwitchTo(caller);
	for (int item = 0; item < dbops_whatif_count(search->result->whatif); item++)
	{
		if (selection->chosen[item])
			chosen = bms_add_member(chosen, item);
	}
	MemoryContextReset(search->working);
	return chosen;
}

/* ---- verifying ------------------------------------------------------------------------------- */

/*
 * Asks the planner what a statement costs with the set, and what it would do without each that it
 * uses. Returns the cost with the set.
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
	uses = bms_difference(plan->uses, result->kept);
	for (int item = -1; (item = bms_next_member(uses, item)) >= 0 && !is_out_of_time(search);)
		dbops_plan_pool_ask(pool, result->whatif, bms_del_member(bms_copy(present), item));
	return cost;
}

static double
verify(Search *search, const Bitmapset *chosen)
{
	SearchResult *result = search->result;
	double sum = dbops_search_upkeep(result, chosen);
	MemoryContext caller = MemoryContextSwitchTo(search->working);

	for (int i = 0; i < result->nstatements; i++)
	{
		SearchStatement *statement = &result->statements[i];

		if (statement->pool != NULL && statement->pool->statement->left_out == NULL)
			sum += statement->weight * verify_statement(search, statement, chosen);
		MemoryContextReset(search->working);
	}
	MemoryContextSwitchTo(caller);
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

static double
created_bytes(const SearchResult *result, const Bitmapset *chosen)
{
	double bytes = 0;

	for (int item = -1; (item = bms_next_member(chosen, item)) >= 0;)
	{
		const WhatifItem *index = dbops_whatif_item(result->whatif, item);

		bytes += OidIsValid(index->indexid) ? 0 : budgeted_bytes(index);
	}
	return bytes;
}

/* Selects and verifies in turn until the planner says nothing new. */
static void
converge(Search *search, double share, int patience)
{
	SearchResult *result = search->result;
	const Bitmapset *chosen = search->best;

	for (int round = 0; round < MAX_ROUNDS && !is_out_of_time(search); round++)
	{
		int known = count_plans(result);
		double cost;

		chosen = select_items(search, chosen, share, patience);
		cost = verify(search, chosen);
		if (cost < search->best_cost &&
		    created_bytes(result, chosen) <= search->options->budget_bytes)
		{
			search->best = chosen;
			search->best_cost = cost;
		}
		if (count_plans(result) == known)
			break;
	}
}

/* ---- merging --------------------------------------------------------------------------------- */

/*
 * Candidates are found statement by statement.  An index for several of them is made of those that
 * were chosen, and of existing ones.
 */
static void
merge_chosen(Search *search)
{
	SearchResult *result = search->result;
	const List *mergers = dbops_search_merge(result, search->best, search->options->max_columns,
	                                         is_out_of_time, search);

	if (mergers == NIL)
		return;
	for (int i = 0; i < result->nstatements; i++)
	{
		if (result->statements[i].pool != NULL)
			find_relevant(result, &result->statements[i]);
	}
	dbops_search_extend_upkeep(result, is_out_of_time, search);
	search->items = make_items(search);
	dbops_search_learn_mergers(result, search->best, mergers, is_out_of_time, search);
}

/* The best set whose cost the planner has said. */
static const Bitmapset *
improve(Search *search)
{
	search->best = search->result->existing;
	search->best_cost = search->result->cost_before;
	for (int i = 0; i < lengthof(budget_shares); i++)
	{
		converge(search, budget_shares[i], QUICK_PATIENCE);
		merge_chosen(search);
	}
	converge(search, 1, 0);
	return search->best;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static double
sum_before(const SearchResult *result)
{
	double sum = 0;

	for (int i = 0; i < result->nstatements; i++)
		sum += result->statements[i].weight * result->statements[i].before;
	return sum + dbops_search_upkeep(result, result->existing);
}

/* Says of each statement what the set does for it. */
static void
conclude(Search *search, const Bitmapset *chosen)
{
	SearchResult *result = search->result;

	result->created = bms_difference(chosen, result->existing);
	result->dropped = bms_difference(result->existing, chosen);
	result->cost_after = dbops_search_upkeep(result, chosen);
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

	search.working =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops search", ALLOCSET_DEFAULT_SIZES);
	search.deadline_us = dbops_clock_monotonic_us() + (int64) (options->seconds * USECS_PER_SEC);
	result->whatif = dbops_whatif_new();
	result->nstatements = workload->nstatements;
	result->statements = palloc0(sizeof(SearchStatement) * Max(workload->nstatements, 1));
	for (int i = 0; i < workload->nstatements; i++)
		result->statements[i].source = &workload->statements[i];
	result->given = workload->since == 0;
	result->window_days = workload->window_days;
	learn(&search);
	search.items = make_items(&search);
	result->cost_before = sum_before(result);
	conclude(&search, dbops_search_settle(result, improve(&search), is_out_of_time, &search));
	result->bytes_left = options->budget_bytes - created_bytes(result, result->created);
	result->indexes_left = options->max_indexes - bms_num_members(result->created);
	MemoryContextDelete(search.working);
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
