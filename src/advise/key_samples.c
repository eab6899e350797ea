/*
 * advise/key_samples.c
 *		Samples for the sizes of indexes; see key_samples.h.
 *
 * Rows are drawn one by one, as rows of a block may be alike.  All narrow columns are taken at
 * once: what costs is to fetch the row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/key_samples.h"
#include "advise/row_groups.h"
#include "advise/row_sample.h"

/* Ten pairs of rows have the same, if there are half a million combinations. */
static const JointLimits limits = {.rows = 3000, .draws = 3000, .all = 3000};

/* Wider values are seldom keys. */
#define MOST_WIDTH 32

/* Fewer pairs of rows that have the same tell nothing. */
#define LEAST_PAIRS 10

/* Columns are dependent if rows have the same so much more often than by chance. */
#define NOTABLY_MORE 1.5

typedef struct ColumnSet
{
	Bitmapset *columns;
	RowGroups *groups;
} ColumnSet;

typedef struct TableSample
{
	Oid table;
	List *sets; /* of ColumnSet: single columns, and what was asked for; NIL: nothing is known */
} TableSample;

struct KeySamples
{
	MemoryContext memory;
	List *tables; /* of TableSample */
};

KeySamples *
dbops_key_samples_new(void)
{
	KeySamples *samples = palloc0(sizeof(KeySamples));

	samples->memory = CurrentMemoryContext;
	return samples;
}

static void
add_set(TableSample *sample, Bitmapset *columns, RowGroups *groups)
{
	ColumnSet *set = palloc(sizeof(ColumnSet));

	*set = (ColumnSet){.columns = columns, .groups = groups};
	sample->sets = lappend(sample->sets, set);
}

static List *
list_columns(Relation table)
{
	TupleDesc columns = RelationGetDescr(table);
	List *vars = NIL;

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(columns, i);
		int32 width =
		    att->attlen > 0 ? att->attlen : get_attavgwidth(RelationGetRelid(table), i + 1);

		if (!att->attisdropped && width > 0 && width <= MOST_WIDTH)
			vars = lappend(vars,
			               makeVar(1, i + 1, att->atttypid, att->atttypmod, att->attcollation, 0));
	}
	return vars;
}

/* In the memory of the samples, but for what is needed for the moment. */
static void
take_sample(const KeySamples *samples, Relation table, TableSample *sample)
{
	MemoryContext working =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops key sample", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(working);
	List *vars = list_columns(table);
	JointRows rows;
	uint64 *keys = palloc(sizeof(uint64) * limits.rows);

	if (vars != NIL && dbops_row_sample_joint(table, vars, &limits, &rows))
	{
		MemoryContextSwitchTo(samples->memory);
		for (int i = 0; i < rows.ncolumns; i++)
		{
			int attno = list_nth_node(Var, vars, i)->varattno;

			for (int row = 0; row < rows.nrows; row++)
				keys[row] = dbops_row_sample_hash(rows.columns[i], row);
			add_set(sample, bms_make_singleton(attno), dbops_row_groups_by(keys, rows.nrows));
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
}

static TableSample *
get_sample(KeySamples *samples, Relation table)
{
	MemoryContext caller;
	TableSample *sample;
	ListCell *lc;

	foreach (lc, samples->tables)
	{
		sample = lfirst(lc);
		if (sample->table == RelationGetRelid(table))
			return sample;
	}
	caller = MemoryContextSwitchTo(samples->memory);
	sample = palloc0(sizeof(TableSample));
	sample->table = RelationGetRelid(table);
	take_sample(samples, table, sample);
	samples->tables = lappend(samples->tables, sample);
	MemoryContextSwitchTo(caller);
	return sample;
}

static const RowGroups *
find_set(const TableSample *sample, const Bitmapset *columns)
{
	ListCell *lc;

	foreach (lc, sample->sets)
	{
		const ColumnSet *set = lfirst(lc);

		if (bms_equal(set->columns, columns))
			return set->groups;
	}
	return NULL;
}

/* The groups by these columns; NULL: one of them is not in the sample. */
static const RowGroups *
get_groups(const KeySamples *samples, TableSample *sample, const Bitmapset *columns)
{
	const RowGroups *known = find_set(sample, columns);
	const RowGroups *rest;
	const RowGroups *single;
	Bitmapset *others;
	MemoryContext caller;
	int column = bms_next_member(columns, -1);

	if (known != NULL || bms_num_members(columns) <= 1)
		return known;
	others = bms_del_member(bms_copy(columns), column);
	rest = get_groups(samples, sample, others);
	single = find_set(sample, bms_make_singleton(column));
	if (rest == NULL || single == NULL)
		return NULL;
	caller = MemoryContextSwitchTo(samples->memory);
	add_set(sample, bms_copy(columns), dbops_row_groups_combine(rest, single));
	MemoryContextSwitchTo(caller);
	return find_set(sample, columns);
}

/*
 * Whether more pairs of rows have the same in all columns than if these were independent: then the
 * share of such pairs is the product of those of single columns, however uneven their values are.
 * Two standard errors are allowed for.
 */
static bool
are_dependent(const TableSample *sample, const Bitmapset *columns, const RowGroups *groups)
{
	double pairs = groups->nrows * (groups->nrows - 1.0) / 2;
	double same = dbops_row_groups_pairs(groups);
	double expected = pairs;

	for (int column = -1; (column = bms_next_member(columns, column)) >= 0;)
		expected *=
		    dbops_row_groups_pairs(find_set(sample, bms_make_singleton(column))) / Max(pairs, 1);
	return same >= LEAST_PAIRS && same - 2 * sqrt(same) > expected * NOTABLY_MORE;
}

/* A standard error more than likely: too little room is worse than too much. */
double
dbops_key_samples_count(KeySamples *samples, Relation table, const Bitmapset *columns,
                        double tuples)
{
	TableSample *sample = get_sample(samples, table);
	const RowGroups *groups = get_groups(samples, sample, columns);
	double likely;

	if (groups == NULL || !are_dependent(sample, columns, groups))
		return 0;
	likely = dbops_row_groups_estimate(groups, tuples).likely;
	return Min(likely * (1 + 1 / sqrt(dbops_row_groups_pairs(groups))), tuples);
}
