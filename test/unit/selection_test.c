/*
 * test/unit/selection_test.c
 *		Which indexes to have: each limit and rule, by hand.
 *
 * covers: advise/selection advise/selection_pool advise/selection_state
 * sources: src/advise/selection.c src/advise/selection_pool.c src/advise/selection_state.c
 * sources: src/advise/selection_repair.c src/advise/selection_exact.c
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "advise/selection.h"

#include "tap.h"

#define MAX_ITEMS 4
#define MAX_STATEMENTS 3
#define MAX_PLANS 5

typedef struct ExamplePlan
{
	double cost;
	const char *uses; /* a digit per item */
} ExamplePlan;

typedef struct Example
{
	const char *name;
	SelectionLimits limits;
	SelectionItem items[MAX_ITEMS];
	int nitems;
	ExamplePlan plans[MAX_STATEMENTS][MAX_PLANS];
	const char *chosen; /* a digit per item */
	double cost;
} Example;

#define LIMITS(bytes, created, per_table, regression, gain) \
	.limits = {(bytes), (created), (per_table), (regression), (gain)}
#define NO_LIMITS LIMITS(INFINITY, INT_MAX, INT_MAX, 0.05, 0)
#define MAX_BYTES(n) LIMITS(n, INT_MAX, INT_MAX, 0.05, 0)
#define MAX_CREATED(n) LIMITS(INFINITY, n, INT_MAX, 0.05, 0)
#define MAX_PER_TABLE(n) LIMITS(INFINITY, INT_MAX, n, 0.05, 0)
#define MAX_REGRESSION(n) LIMITS(INFINITY, INT_MAX, INT_MAX, n, 0)
#define MIN_GAIN(n) LIMITS(INFINITY, INT_MAX, INT_MAX, 0.05, n)
#define REPLACING(replaced, size, ...)                       \
	{                                                        \
		.bytes = (size), .replaces = (replaced), __VA_ARGS__ \
	}
#define NEW(size, ...) REPLACING(-1, size, __VA_ARGS__)
#define OLD(size, ...) REPLACING(-1, size, .exists = true, __VA_ARGS__)
#define DROPPABLE(size, ...) OLD(size, .droppable = true, __VA_ARGS__)

static const Example examples[] = {
    {"nothing to choose from", NO_LIMITS, {}, 0, {{{5, ""}}}, "", 5},
    {"no plans at all", NO_LIMITS, {NEW(1)}, 1, {}, "", 0},
    {"one that pays", NO_LIMITS, {NEW(1)}, 1, {{{10, ""}, {4, "0"}}}, "0", 4},
    {"one whose upkeep is more",
     NO_LIMITS,
     {NEW(1, .upkeep = 7)},
     1,
     {{{10, ""}, {4, "0"}}},
     "",
     10},
    {"one whose upkeep is less",
     NO_LIMITS,
     {NEW(1, .upkeep = 5.9)},
     1,
     {{{10, ""}, {4, "0"}}},
     "0",
     9.9},
    {"two statements pay together for what neither does alone",
     NO_LIMITS,
     {NEW(1, .upkeep = 10)},
     1,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {4, "0"}}},
     "0",
     18},
    {"two that pay only together",
     NO_LIMITS,
     {NEW(1), NEW(1)},
     2,
     {{{10, ""}, {10, "0"}, {10, "1"}, {4, "01"}}},
     "01",
     4},
    {"two that pay only together, and only for two statements",
     NO_LIMITS,
     {NEW(1, .upkeep = 8), NEW(1), NEW(1)},
     3,
     {{{10, ""}, {4, "01"}}, {{10, ""}, {4, "02"}}},
     "012",
     16},
    {"one of two that do the same: the smaller",
     NO_LIMITS,
     {NEW(2), NEW(1)},
     2,
     {{{10, ""}, {4, "0"}, {4, "1"}}},
     "1",
     4},
    {"one of two alike: the first",
     NO_LIMITS,
     {NEW(1), NEW(1)},
     2,
     {{{10, ""}, {4, "0"}, {4, "1"}}},
     "0",
     4},
    {"one in the stead of two, when cheaper",
     NO_LIMITS,
     {NEW(3, .upkeep = 1), NEW(3, .upkeep = 1), NEW(5, .upkeep = 1)},
     3,
     {{{10, ""}, {4, "0"}, {4.5, "2"}}, {{10, ""}, {4, "1"}, {4.1, "2"}}},
     "2",
     9.6},

    /* ---- bytes ---- */
    {"bytes: what just fits",
     MAX_BYTES(3),
     {NEW(3), NEW(2)},
     2,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {5, "1"}}},
     "0",
     14},
    {"bytes: the better ratio is not the better set",
     MAX_BYTES(10),
     {NEW(10), NEW(1)},
     2,
     {{{20, ""}, {4, "0"}}, {{10, ""}, {5, "1"}}},
     "0",
     14},
    {"bytes: two small ones beat a large one",
     MAX_BYTES(10),
     {NEW(10), NEW(5), NEW(5)},
     3,
     {{{20, ""}, {10, "0"}}, {{10, ""}, {4, "1"}}, {{10, ""}, {4, "2"}}},
     "12",
     28},
    {"bytes: none is left", MAX_BYTES(0), {NEW(1)}, 1, {{{10, ""}, {4, "0"}}}, "", 10},
    {"bytes: what exists takes none",
     MAX_BYTES(1),
     {OLD(100), NEW(1)},
     2,
     {{{10, ""}, {4, "01"}}},
     "01",
     4},
    {"bytes: a drop gives none",
     MAX_BYTES(1),
     {DROPPABLE(100, .upkeep = 1), NEW(2)},
     2,
     {{{10, ""}, {4, "1"}}},
     "",
     10},

    /* ---- counts ---- */
    {"created: at most one",
     MAX_CREATED(1),
     {NEW(1), NEW(1)},
     2,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {3, "1"}}},
     "1",
     13},
    {"created: none", MAX_CREATED(0), {NEW(1)}, 1, {{{10, ""}, {4, "0"}}}, "", 10},
    {"created: a pair needs room for two",
     MAX_CREATED(1),
     {NEW(1), NEW(1)},
     2,
     {{{10, ""}, {4, "01"}}},
     "",
     10},
    {"per table: those that exist count",
     MAX_PER_TABLE(2),
     {OLD(1), NEW(1), NEW(1), NEW(1, .table = 1)},
     4,
     {{{10, ""}, {4, "1"}}, {{10, ""}, {3, "2"}}, {{10, ""}, {4, "3"}}},
     "023",
     17},
    {"per table: too many already, so none",
     MAX_PER_TABLE(1),
     {OLD(1), OLD(1), NEW(1)},
     3,
     {{{10, ""}, {4, "2"}}},
     "01",
     10},
    {"per table: a drop gives room",
     MAX_PER_TABLE(1),
     {DROPPABLE(1), NEW(1)},
     2,
     {{{10, ""}, {8, "0"}, {4, "1"}}},
     "1",
     4},

    /* ---- the least gain ---- */
    {"gain: just enough", MIN_GAIN(0.1), {NEW(1)}, 1, {{{10, ""}, {8.99, "0"}}}, "0", 8.99},
    {"gain: just not enough", MIN_GAIN(0.1), {NEW(1)}, 1, {{{10, ""}, {9, "0"}}}, "", 10},
    {"gain: a pair has to save twice",
     MIN_GAIN(0.1),
     {NEW(1), NEW(1)},
     2,
     {{{10, ""}, {8.5, "01"}}},
     "",
     10},

    /* ---- what exists ---- */
    {"drop: its upkeep is for nothing",
     NO_LIMITS,
     {DROPPABLE(1, .upkeep = 1)},
     1,
     {{{10, ""}}},
     "",
     10},
    {"drop: not without gain", NO_LIMITS, {DROPPABLE(1)}, 1, {{{10, ""}}}, "0", 10},
    {"drop: never what is not droppable",
     NO_LIMITS,
     {OLD(1, .upkeep = 1)},
     1,
     {{{10, ""}}},
     "0",
     11},
    {"drop: upkeep is more than it saves, but a statement would suffer",
     MAX_REGRESSION(0.05),
     {DROPPABLE(1, .upkeep = 3)},
     1,
     {{{10, ""}, {9, "0"}}},
     "0",
     12},
    {"drop: upkeep is more than it saves, and the regression is allowed",
     MAX_REGRESSION(0.12),
     {DROPPABLE(1, .upkeep = 3)},
     1,
     {{{10, ""}, {9, "0"}}},
     "",
     10},
    {"drop: the regression is just allowed",
     MAX_REGRESSION(0.25),
     {DROPPABLE(1, .upkeep = 3)},
     1,
     {{{10, ""}, {8, "0"}}},
     "",
     10},
    {"drop: no plan is known without it",
     MAX_REGRESSION(INFINITY),
     {DROPPABLE(1, .upkeep = 100)},
     1,
     {{{10, "0"}}},
     "0",
     110},
    {"drop: it is kept in the stead of what would be created",
     NO_LIMITS,
     {DROPPABLE(1, .upkeep = 1), NEW(1, .upkeep = 1)},
     2,
     {{{10, ""}, {4, "0"}, {4, "1"}}},
     "0",
     5},

    /* ---- replacing ---- */
    {"replace: serves for what it replaces",
     NO_LIMITS,
     {DROPPABLE(1, .upkeep = 2), REPLACING(0, 2, .upkeep = 2)},
     2,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {6, "0"}, {3, "1"}}},
     "1",
     9},
    {"replace: what is pointless goes though it costs nothing",
     NO_LIMITS,
     {DROPPABLE(1), REPLACING(0, 2)},
     2,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {6, "0"}, {3, "1"}}},
     "1",
     7},
    {"replace: a plan that is known counts",
     NO_LIMITS,
     {DROPPABLE(1), REPLACING(0, 2)},
     2,
     {{{10, ""}, {4, "0"}, {4.1, "1"}}, {{10, ""}, {6, "0"}, {3, "1"}}},
     "01",
     7},
    {"replace: never what is not droppable",
     NO_LIMITS,
     {OLD(1), REPLACING(0, 2)},
     2,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {6, "0"}, {3, "1"}}},
     "01",
     7},
    {"replace: by what is there anyway",
     NO_LIMITS,
     {DROPPABLE(1, .upkeep = 1), REPLACING(0, 2, .exists = true)},
     2,
     {{{10, ""}, {4, "0"}}},
     "1",
     4},
    {"replace: by what replaces the replacer",
     NO_LIMITS,
     {DROPPABLE(1, .upkeep = 1), REPLACING(0, 1, .upkeep = 1, .exists = true, .droppable = true),
      REPLACING(1, 2)},
     3,
     {{{10, ""}, {4, "0"}}, {{10, ""}, {6, "1"}, {3, "2"}}},
     "2",
     7},
};

/* The items of an example's plan; they live as long as the test. */
static SelectionPlan
make_plan(const ExamplePlan *from)
{
	int *uses = palloc((strlen(from->uses) + 1) * sizeof(int));

	for (int i = 0; from->uses[i]; i++)
		uses[i] = from->uses[i] - '0';
	return (SelectionPlan){.cost = from->cost, .nuses = (int) strlen(from->uses), .uses = uses};
}

static SelectionProblem
make_problem(const Example *example)
{
	SelectionStatement *statements = palloc0(MAX_STATEMENTS * sizeof(SelectionStatement));
	SelectionProblem problem = {.nitems = example->nitems,
	                            .items = example->items,
	                            .ntables = 2,
	                            .statements = statements,
	                            .limits = example->limits,
	                            .seed = 1};

	while (problem.nstatements < MAX_STATEMENTS && example->plans[problem.nstatements][0].uses)
	{
		SelectionStatement *statement = &statements[problem.nstatements];
		SelectionPlan *plans = palloc(MAX_PLANS * sizeof(SelectionPlan));

		statement->weight = 1;
		statement->plans = plans;
		while (statement->nplans < MAX_PLANS &&
		       example->plans[problem.nstatements][statement->nplans].uses)
		{
			plans[statement->nplans] =
			    make_plan(&example->plans[problem.nstatements][statement->nplans]);
			statement->nplans++;
		}
		problem.nstatements++;
	}
	return problem;
}

static void
test_examples(void)
{
	for (int i = 0; i < lengthof(examples); i++)
	{
		const Example *example = &examples[i];
		SelectionProblem problem = make_problem(example);
		Selection *result = dbops_selection_search(&problem, NULL);
		char chosen[MAX_ITEMS + 1] = "";

		for (int item = 0; item < example->nitems; item++)
		{
			if (result->chosen[item])
				chosen[strlen(chosen)] = (char) ('0' + item);
		}
		is_str(chosen, example->chosen, "%s", example->name);
		is_near(result->cost, example->cost, 1e-9, "%s: its cost", example->name);
		is_near(dbops_selection_cost(&problem, result->chosen), example->cost, 1e-9,
		        "%s: its cost, asked for", example->name);
	}
}

/* ---- time and start ------------------------------------------------------------------------- */

static bool
count_down(void *arg)
{
	int *left = arg;

	return (*left)-- <= 0;
}

static const Example two_that_fit = {"two that fit",
                                     MAX_BYTES(3),
                                     {NEW(1), NEW(2), NEW(3)},
                                     3,
                                     {{{10, ""}, {4, "0"}, {3, "2"}}, {{10, ""}, {4, "1"}}},
                                     "01",
                                     8};

static void
test_out_of_time(void)
{
	SelectionProblem problem = make_problem(&two_that_fit);
	const bool start[] = {false, true, false};
	const bool too_much[] = {true, true, true};
	int left = 0;

	problem.out_of_time = count_down;
	problem.arg = &left;
	is_near(dbops_selection_search(&problem, NULL)->cost, 20, 1e-9,
	        "without time it is what exists");
	left = 0;
	is_near(dbops_selection_search(&problem, start)->cost, 14, 1e-9,
	        "without time it is the start, if that is better");
	left = 0;
	ok(dbops_selection_search(&problem, too_much)->bytes <= 3,
	   "without time it is within the limits, though the start is not");
	left = 1000000;
	is_near(dbops_selection_search(&problem, too_much)->cost, 8, 1e-9,
	        "from a start beyond the limits it comes to the best");
}

static void
test_seeds(void)
{
	SelectionProblem problem = make_problem(&two_that_fit);

	problem.patience = 1;
	for (problem.seed = 0; problem.seed < 3; problem.seed++)
		is_near(dbops_selection_search(&problem, NULL)->cost, 8, 1e-9,
		        "small problems are solved whatever the seed");
	ok(dbops_selection_search(&problem, NULL)->proven, "and it says that it is the best");
}

static void
test_memory(void)
{
	SelectionProblem problem = make_problem(&two_that_fit);
	int64 before = stub_context_chunks(CurrentMemoryContext);

	dbops_selection_search(&problem, NULL);
	dbops_selection_cost(&problem, (const bool[]){true, true, false});
	is_int(stub_context_chunks(CurrentMemoryContext) - before, 2, "nothing but the answer is left");
}

int
main(void)
{
	test_examples();
	test_out_of_time();
	test_seeds();
	test_memory();
	return tap_done();
}
