/*
 * advise/group_facts.c
 *		How many groups the planner expects, and how many a sample tells of; see group_facts.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "statistics/statistics.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "advise/group_facts.h"
#include "advise/partition_index.h"
#include "advise/row_sample.h"
#include "advise/wants.h"

/* What of a list of grouping clauses is of the relation alone. */
static List *
find_expressions(const Wants *wants, List *clauses)
{
	List *found = NIL;
	ListCell *lc;

	foreach (lc, get_sortgrouplist_exprs(clauses, wants->root->parse->targetList))
	{
		Node *expression = lfirst(lc);
		bool ours = bms_equal(pull_varnos(wants->root, expression), wants->rel->relids);

		if (ours && dbops_wants_computable(wants, expression) &&
		    OidIsValid(lookup_type_cache(exprType(expression), TYPECACHE_LT_OPR)->lt_opr))
			found = list_append_unique(found, expression);
	}
	return found;
}

/* How many groups the planner expects in the whole table: as if there were no conditions. */
static double
estimate_groups(const Wants *wants, List *expressions)
{
	RelOptInfo *rel = wants->rel;
	double rows = rel->rows;
	double groups;

	rel->rows = rel->tuples;
	groups = estimate_num_groups(wants->root, expressions, rel->tuples, NULL, NULL);
	rel->rows = rows;
	return groups;
}

/* How many of so many groups are left among the rows that meet the conditions, as the planner has
 * it (estimate_num_groups). */
static double
among_rows(const RelOptInfo *rel, double groups)
{
	if (rel->rows >= rel->tuples || groups <= 0)
		return groups;
	return groups * (1 - pow((rel->tuples - rel->rows) / rel->tuples, rel->tuples / groups));
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Of more partitions there is no sample that could stand for all. */
#define MAX_PARTITIONS 32

typedef struct Counting
{
	int ncolumns;
	int nrows;
	bool complete; /* all rows of the table were seen */
	uint64 *keys[STATS_MAX_DIMENSIONS];
	bool *alone; /* of each row: those are a random sample */
} Counting;

static bool
add_rows(Counting *counting, Relation table, List *expressions, int most)
{
	const JointLimits limits = {
	    .rows = most, .draws = Max(most / (JOINT_ROWS / JOINT_DRAWS), 1), .all = most};
	JointRows rows;

	if (!dbops_row_sample_joint(table, expressions, &limits, &rows))
		return RelationGetNumberOfBlocks(table) == 0;
	counting->complete = counting->complete && rows.complete;
	for (int row = 0; row < rows.nrows; row++)
	{
		for (int i = 0; i < counting->ncolumns; i++)
			counting->keys[i][counting->nrows] = dbops_row_sample_hash(rows.columns[i], row);
		counting->alone[counting->nrows++] = rows.alone[row];
	}
	return true;
}

static double
tuples_of(Oid partition)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(partition));
	double tuples = 0;

	if (!HeapTupleIsValid(tuple))
		return 0;
	tuples = Max(((Form_pg_class) GETSTRUCT(tuple))->reltuples, 0);
	ReleaseSysCache(tuple);
	return tuples;
}

/* A partition's part of the rows is as large as it is of the table. */
static bool
add_partition(Counting *counting, Oid parent, Oid partition, List *expressions, int most)
{
	Relation table;
	List *mapped = NIL;
	bool added;
	ListCell *lc;

	if (get_rel_relkind(partition) == RELKIND_PARTITIONED_TABLE || most == 0)
		return true;
	table = try_table_open(partition, AccessShareLock);
	if (table == NULL)
		return false;
	foreach (lc, expressions)
		mapped = lappend(mapped, dbops_partition_expression(lfirst(lc), parent, partition));
	added = add_rows(counting, table, mapped, most);
	table_close(table, NoLock);
	return added;
}

static bool
add_partitions(Counting *counting, Oid parent, List *expressions)
{
	List *tables = find_all_inheritors(parent, NoLock, NULL);
	double tuples = 0;
	ListCell *lc;

	if (list_length(tables) > MAX_PARTITIONS)
		return false;
	foreach (lc, tables)
		tuples += tuples_of(lfirst_oid(lc));
	foreach (lc, tables)
	{
		double share = tuples_of(lfirst_oid(lc)) / Max(tuples, 1);

		if (!add_partition(counting, parent, lfirst_oid(lc), expressions,
		                   (int) Min(ceil(share * JOINT_ROWS), JOINT_ROWS - counting->nrows)))
			return false;
	}
	counting->complete = counting->complete && counting->nrows >= tuples;
	return true;
}

static bool
count_rows(Counting *counting, const Wants *wants, List *expressions)
{
	Relation table = table_open(wants->table, NoLock);
	bool counted = dbops_row_sample_allowed(table);

	for (int i = 0; i < counting->ncolumns; i++)
		counting->keys[i] = palloc(sizeof(uint64) * JOINT_ROWS);
	counting->alone = palloc(sizeof(bool) * JOINT_ROWS);
	if (counted && table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		counted = add_partitions(counting, wants->table, expressions);
	else if (counted)
		counted = add_rows(counting, table, expressions, JOINT_ROWS);
	table_close(table, NoLock);
	return counted && counting->nrows > 0;
}

static GroupEstimate
estimate_from(const Counting *counting, double tuples)
{
	const RowGroups *combined = dbops_row_groups_by(counting->keys[0], counting->nrows);

	for (int i = 1; i < counting->ncolumns; i++)
		combined = dbops_row_groups_combine(
		    combined, dbops_row_groups_by(counting->keys[i], counting->nrows));
	return dbops_row_groups_estimate(combined, tuples);
}

/* Leaves the rows that are a random sample. */
static void
thin_out(Counting *counting)
{
	int kept = 0;

	for (int row = 0; row < counting->nrows; row++)
	{
		if (!counting->alone[row])
			continue;
		for (int i = 0; i < counting->ncolumns; i++)
			counting->keys[i][kept] = counting->keys[i][row];
		kept++;
	}
	counting->nrows = kept;
}

/*
 * Rows of a block may be alike, as they came together: then there seem to be few groups.  A random
 * sample, of fewer rows, has to bear it out: of the two numbers, the one nearer to the planner's is
 * taken.
 */
static bool
count_groups(const Wants *wants, List *expressions, double expected, GroupEstimate *groups,
             bool *complete)
{
	Counting counting = {.ncolumns = list_length(expressions), .complete = true};
	GroupEstimate other;
	List *normalised = NIL;
	ListCell *lc;

	foreach (lc, expressions)
		normalised = lappend(normalised, dbops_wants_normalise(wants, lfirst(lc)));
	if (!count_rows(&counting, wants, normalised))
		return false;
	*complete = counting.complete;
	*groups = estimate_from(&counting, wants->rel->tuples);
	if (counting.complete)
		return true;
	thin_out(&counting);
	other = estimate_from(&counting, wants->rel->tuples);
	if (dbops_dependence_factor(expected, other.likely) <
	    dbops_dependence_factor(expected, groups->likely))
		*groups = other;
	return (other.likely < expected) == (groups->likely < expected);
}

/* ---- findings -------------------------------------------------------------------------------- */

/*
 * How sure it is: where even the bounds of what the sample can mean are off, or there is no
 * sampling error.
 */
static AdviceConfidence
judge_confidence(double estimated, const GroupEstimate *groups, bool complete)
{
	double off = estimated < groups->likely ? groups->least / Max(estimated, 1) :
	                                          estimated / Max(groups->most, 1);

	if (complete || off >= DEPENDENCE_FACTOR)
		return ADVICE_HIGH;
	return ADVICE_LOW;
}

static List *
look_at_groups(const Wants *wants, List *expressions, List *findings)
{
	double estimated = estimate_groups(wants, expressions);
	StatisticsFinding *finding = palloc0(sizeof(StatisticsFinding));
	GroupEstimate groups;
	bool complete;
	ListCell *lc;

	if (!count_groups(wants, expressions, estimated, &groups, &complete))
		return findings;
	finding->table = wants->table;
	finding->groups = true;
	finding->estimated = among_rows(wants->rel, estimated);
	finding->actual = finding->after = among_rows(wants->rel, groups.likely);
	if (Max(finding->estimated, finding->actual) < DEPENDENCE_ROWS ||
	    dbops_dependence_factor(finding->estimated, finding->actual) < DEPENDENCE_FACTOR)
		return findings;
	finding->kinds = list_length(expressions) == 1 ? STATISTICS_EXPRESSION : STATISTICS_NDISTINCT;
	finding->confidence = judge_confidence(estimated, &groups, complete);
	foreach (lc, expressions)
		finding->expressions =
		    lappend(finding->expressions, dbops_wants_normalise(wants, lfirst(lc)));
	return lappend(findings, finding);
}

/* A single column has statistics of its own; more than eight expressions can have none. */
static bool
can_have_statistics(const List *expressions)
{
	int n = list_length(expressions);

	return n <= STATS_MAX_DIMENSIONS && (n >= 2 || (n == 1 && !IsA(linitial(expressions), Var)));
}

List *
dbops_group_find(PlannerInfo *root, RelOptInfo *rel, Oid table)
{
	const Wants wants = {.root = root, .rel = rel, .table = table};
	List *clauses[] = {root->parse->groupingSets == NIL ? root->parse->groupClause : NIL,
	                   root->parse->distinctClause};
	List *findings = NIL;

	/* Until 16, the planner does not know of all partitions how many rows conditions leave out. */
	if (root->simple_rte_array[rel->relid]->inh &&
	    (rel->baserestrictinfo != NIL || get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE))
		return NIL;
	for (int i = 0; i < lengthof(clauses); i++)
	{
		List *expressions = find_expressions(&wants, clauses[i]);

		if (can_have_statistics(expressions))
			findings = look_at_groups(&wants, expressions, findings);
	}
	return findings;
}
