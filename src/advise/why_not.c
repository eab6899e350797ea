/*
 * advise/why_not.c
 *		Why there is no advice for a statement; see why_not.h.
 *
 * The search is run for this statement alone.  Where it leads to nothing, one planning shows what
 * stands in the way of each relation, and the plans that the search knows how near it came.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/candidates.h"
#include "advise/recommendation.h"
#include "advise/statistics_advice.h"
#include "advise/why_not.h"
#include "advise/why_not_clause.h"

/* As dbops.recommend_indexes() has them. */
#define MAX_COLUMNS 4
#define SEARCH_SECONDS 10
#define STATISTICS_SECONDS 10

/* From this share of a table's rows on, reading all of it is as fast as an index. */
#define MOST_ROWS 0.3

typedef struct Inquiry
{
	Statement *statement;
	Whatif *whatif;
	MemoryContext caller;
	Bitmapset *existing; /* items */
	bool advised;        /* there is advice: only what is better changed is of interest */
	List *lines;         /* of WhyNot */
} Inquiry;

/* What to do about a reason that another module gave, by a part of it. */
typedef struct NextStep
{
	const char *part;
	const char *step;
} NextStep;

static const NextStep next_steps[] = {
    {"not captured", "run it once more while dbops is loaded: then its text is kept"},
    {"text was cut", "give its whole text to dbops.why_not(statement)"},
    {"parameters", "give it with values to dbops.why_not(statement)"},
    {"text is for members", "ask as a member of pg_read_all_stats"},
    {"lock timeout", "ask again when nobody alters its tables"},
    {"is not run with the rights", "let the function belong to who sends the statement"},
    {"permission denied", "ask as a role that may read it"},
    {"foreign table", "ask on the server where the table is"},
    {"utility command", "nothing: only what reads, or changes rows by a condition, has a plan"},
    {"several statements", "ask for one statement at a time"},
    {"never analyzed", "ANALYZE it, and ask again"},
    {"so small", "nothing: it is read in no time"},
    {"temporary", "create the index where the table is created, and ANALYZE it there"},
    {"of the system", "nothing: its indexes are given"},
    {"view", "nothing: its tables are what an index would be on"},
};

/* ---- lines --------------------------------------------------------------------------------- */

static bool
has_line(const Inquiry *inquiry, Oid table, const char *reason)
{
	ListCell *lc;

	foreach (lc, inquiry->lines)
	{
		const WhyNot *line = lfirst(lc);

		if (line->table == table && strcmp(line->reason, reason) == 0)
			return true;
	}
	return false;
}

/* Once for a table, be it twice in the statement. */
static void
add_line(Inquiry *inquiry, Oid table, const char *reason, const char *next_step)
{
	MemoryContext planner;
	WhyNot *line;

	if (has_line(inquiry, table, reason))
		return;
	planner = MemoryContextSwitchTo(inquiry->caller);
	line = palloc(sizeof(WhyNot));
	*line = (WhyNot){.table = table, .reason = pstrdup(reason), .next_step = pstrdup(next_step)};
	inquiry->lines = lappend(inquiry->lines, line);
	MemoryContextSwitchTo(planner);
}

static void
add_known(Inquiry *inquiry, Oid table, const char *reason, const char *otherwise)
{
	for (int i = 0; i < lengthof(next_steps); i++)
	{
		if (strstr(reason, next_steps[i].part) != NULL)
		{
			otherwise = next_steps[i].step;
			break;
		}
	}
	add_line(inquiry, table, reason, otherwise);
}

/* ---- one relation -------------------------------------------------------------------------- */

static void
note_existing(Inquiry *inquiry, const RelOptInfo *rel)
{
	ListCell *lc;

	foreach (lc, rel->indexlist)
	{
		int item =
		    dbops_whatif_add_existing(inquiry->whatif, lfirst_node(IndexOptInfo, lc)->indexoid);
		MemoryContext planner = MemoryContextSwitchTo(inquiry->caller);

		inquiry->existing = bms_add_member(inquiry->existing, item);
		MemoryContextSwitchTo(planner);
	}
}

static void
check_statistics(Inquiry *inquiry, Node *clause, Oid table, Index varno)
{
	bool inherited = get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE;
	ListCell *lc;

	foreach (lc, pull_var_clause(clause, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
	                                         PVC_RECURSE_PLACEHOLDERS))
	{
		const Var *var = lfirst_node(Var, lc);

		if (var->varno != varno || var->varattno <= 0 ||
		    SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(table),
		                          Int16GetDatum(var->varattno), BoolGetDatum(inherited)))
			continue;
		add_line(inquiry, table,
		         psprintf("there are no statistics of column \"%s\", by which rows are chosen",
		                  get_attname(table, var->varattno, false)),
		         "ANALYZE it, and ask again");
	}
}

static void
check_share(Inquiry *inquiry, const RelOptInfo *rel, Oid table)
{
	if (rel->baserestrictinfo == NIL && rel->joininfo == NIL && !rel->has_eclass_joins)
		add_line(inquiry, table, "no condition is on it: all of its rows are read",
		         "nothing, unless a condition can be added");
	else if (rel->baserestrictinfo != NIL && rel->tuples > 0 && rel->rows / rel->tuples > MOST_ROWS)
		add_line(inquiry, table,
		         psprintf("its conditions let in %.0f %% of the rows: all of it is read as fast",
		                  Min(rel->rows / rel->tuples, 1) * 100),
		         "nothing, unless conditions can be narrower");
}

static void
look_at_relation(PlannerInfo *root, RelOptInfo *rel, Oid table, void *arg)
{
	Inquiry *inquiry = arg;
	ListCell *lc;

	note_existing(inquiry, rel);
	if (rel->reloptkind != RELOPT_BASEREL)
		return;
	foreach (lc, rel->baserestrictinfo)
	{
		Node *clause = (Node *) lfirst_node(RestrictInfo, lc)->clause;
		ClauseObstacle obstacle;

		if (!inquiry->advised)
			check_statistics(inquiry, clause, table, rel->relid);
		if (dbops_why_not_clause(clause, table, rel->relid, &obstacle) &&
		    (obstacle.of_statement || !inquiry->advised))
			add_line(inquiry, table, obstacle.reason, obstacle.next_step);
	}
	if (!inquiry->advised)
		check_share(inquiry, rel, table);
}

static void
pass_over(Oid table, const char *reason, void *arg)
{
	add_known(arg, table, reason, "nothing");
}

/* ---- the plans ----------------------------------------------------------------------------- */

/* The indexes that serve the statement as it is. */
static void
name_used(Inquiry *inquiry, const Bitmapset *uses)
{
	for (int item = -1; (item = bms_next_member(uses, item)) >= 0;)
	{
		const WhatifItem *index = dbops_whatif_item(inquiry->whatif, item);
		const char *name = get_rel_name(index->indexid);

		if (name != NULL)
			add_line(inquiry, index->table, psprintf("index \"%s\" serves it already", name),
			         "nothing");
	}
}

static const char *
count_indexes(int n)
{
	return n == 1 ? "1 index was" : psprintf("%d indexes were", n);
}

static void
tell_tried(Inquiry *inquiry, const SearchStatement *found)
{
	double cheapest = found->before;
	int tried = bms_num_members(found->candidates);

	if (tried == 0)
		return;
	for (int i = 0; i < found->pool->nplans; i++)
		cheapest = Min(cheapest, found->pool->plans[i].plan.cost);
	if (cheapest < found->before)
		add_line(
		    inquiry, InvalidOid,
		    psprintf("%s tried: the best saves %.2f %% (cost %.2f instead of %.2f), too little",
		             count_indexes(tried), 100 * (1 - cheapest / found->before), cheapest,
		             found->before),
		    "nothing: what an index costs is more than that");
	else
		add_line(inquiry, InvalidOid,
		         psprintf("%s tried: the planner takes none (cost stays %.2f)",
		                  count_indexes(tried), found->before),
		         "see dbops.explain_whatif(statement, indexes) for the plan with one of them");
}

/* Plans the statement as it is, twice: to know what is there, and what of that is used. */
static bool
look(Inquiry *inquiry)
{
	WhatifRequest request = {.on_relation = look_at_relation, .arg = inquiry};
	const CandidateLimits limits = {.max_columns = MAX_COLUMNS,
	                                .per_relation = INT_MAX,
	                                .on_passed_over = pass_over,
	                                .arg = inquiry};
	WhatifPlan plan;

	if (!dbops_whatif_plan(inquiry->whatif, inquiry->statement, &request, &plan))
		return false;
	request = (WhatifRequest){.present = inquiry->existing};
	if (!dbops_whatif_plan(inquiry->whatif, inquiry->statement, &request, &plan))
		return false;
	if (inquiry->advised)
		return true;
	(void) dbops_candidates_find(dbops_whatif_new(), inquiry->statement, &limits);
	name_used(inquiry, plan.uses);
	return true;
}

static void
tell_unreadable(Inquiry *inquiry)
{
	const Statement *statement = inquiry->statement;

	add_known(inquiry, InvalidOid,
	          psprintf("it cannot be planned: %s",
	                   statement->left_out ? statement->left_out : statement->failure),
	          "run it with EXPLAIN to see what is wrong");
}

static void
tell_advice(Inquiry *inquiry, const SearchResult *result)
{
	ListCell *lc;

	foreach (lc, dbops_recommendations_make(result))
	{
		const Recommendation *advice = lfirst(lc);

		if (strcmp(advice->action, "drop") == 0)
			continue;
		add_line(inquiry, advice->table, "there is advice", advice->ddl);
		inquiry->advised = true;
	}
}

/* What the search knows beside what each relation says. */
static void
tell_fruitless(Inquiry *inquiry, const SearchResult *result)
{
	tell_tried(inquiry, &result->statements[0]);
	if (result->timed_out)
		add_line(inquiry, InvalidOid, "the search ran out of time",
		         "ask dbops.recommend_indexes(workload => …) with a longer time_limit");
	if (inquiry->lines == NIL)
		add_line(inquiry, InvalidOid, "no index could serve it", "nothing");
}

/* Whoever expects the wrong number of rows may take no index, or a wrong one. */
static void
tell_statistics(Inquiry *inquiry, const Workload *workload)
{
	ListCell *lc;

	foreach (lc, dbops_statistics_advise(workload, STATISTICS_SECONDS))
	{
		const StatisticsAdvice *advice = lfirst(lc);

		add_line(inquiry, advice->finding.table, advice->reason, advice->ddl);
	}
}

List *
dbops_why_not_find(const WorkloadStatement *source)
{
	Inquiry inquiry = {.statement = dbops_sent_statement_read(source),
	                   .whatif = dbops_whatif_new(),
	                   .caller = CurrentMemoryContext};
	WorkloadStatement alone = *source;
	const Workload workload = {.nstatements = 1, .statements = &alone};
	const SearchOptions options = {.budget_bytes = INFINITY,
	                               .max_indexes = INT_MAX,
	                               .max_columns = MAX_COLUMNS,
	                               .seconds = SEARCH_SECONDS};
	const SearchResult *result;

	if (inquiry.statement->left_out != NULL)
	{
		tell_unreadable(&inquiry);
		return inquiry.lines;
	}
	result = dbops_search_run(&workload, &options);
	tell_advice(&inquiry, result);
	if (!look(&inquiry))
		tell_unreadable(&inquiry);
	else if (!inquiry.advised)
		tell_fruitless(&inquiry, result);
	tell_statistics(&inquiry, &workload);
	return inquiry.lines;
}
