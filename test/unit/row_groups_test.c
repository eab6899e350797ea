/*
 * test/unit/row_groups_test.c
 *		Rows by their values: groups, combinations, how much one depends on another, how many there
 *		are.
 *
 * sources: src/advise/row_groups.c
 */
#include "postgres.h"

#include "advise/row_groups.h"

#include "tap.h"

/* Rows whose value is row % modulus / width. */
static RowGroups *
make_groups(int nrows, int modulus, int width)
{
	uint64 *keys = palloc(sizeof(uint64) * nrows);

	for (int row = 0; row < nrows; row++)
		keys[row] = (uint64) (row % modulus / width) << 40;
	return dbops_row_groups_by(keys, nrows);
}

static void
test_groups(void)
{
	const RowGroups *groups = make_groups(1000, 7, 1);

	is_int(groups->ngroups, 7, "a group for each value");
	is_int(groups->size[6], 142, "with its rows");
	is_int(groups->first[6], 6, "and the first of them");
	is_int(groups->group[13], 6, "a row knows its group");
	is_int(dbops_row_groups_by(NULL, 0)->ngroups, 0, "no rows, no groups");
}

static void
test_combinations(void)
{
	const RowGroups *sevens = make_groups(1000, 7, 1);
	const RowGroups *tens = make_groups(1000, 10, 1);
	const RowGroups *fives = make_groups(1000, 10, 2);

	is_int(dbops_row_groups_combine(sevens, tens)->ngroups, 70, "independent values multiply");
	is_int(dbops_row_groups_combine(fives, tens)->ngroups, 10, "dependent ones do not");
	is_int(dbops_row_groups_combine(sevens, sevens)->ngroups, 7, "the same twice is one");
	is_near(dbops_row_groups_degree(tens, dbops_row_groups_combine(tens, fives)), 1, 0,
	        "the finer value determines the coarser one");
	is_near(dbops_row_groups_degree(fives, dbops_row_groups_combine(tens, fives)), 0, 0,
	        "but not the other way");
	is_near(dbops_row_groups_degree(sevens, dbops_row_groups_combine(sevens, tens)), 0, 0,
	        "independent ones determine nothing");
}

static void
test_pairs(void)
{
	is_near(dbops_row_groups_pairs(make_groups(1000, 1000, 1)), 0, 0, "no two are the same");
	is_near(dbops_row_groups_pairs(make_groups(1000, 1, 1)), 499500, 0, "all are the same");
	is_near(dbops_row_groups_pairs(make_groups(1000, 500, 1)), 500, 0, "two and two are");
}

static void
test_estimates(void)
{
	GroupEstimate all = dbops_row_groups_estimate(make_groups(1000, 1000, 1), 1000);
	GroupEstimate unique = dbops_row_groups_estimate(make_groups(1000, 1000, 1), 50000);
	GroupEstimate few = dbops_row_groups_estimate(make_groups(1000, 20, 1), 50000);
	GroupEstimate pairs = dbops_row_groups_estimate(make_groups(1000, 600, 1), 50000);

	is_near(all.likely, 1000, 0, "what was seen in all rows is exact");
	is_near(all.most, 1000, 0, "and its bounds are the same");
	is_near(unique.likely, 50000, 0, "what is unique in the sample is in the table");
	is_near(unique.least, 1000, 0, "if it is no luck");
	is_near(few.likely, 20, 0, "what occurs often is all there is");
	is_near(few.most, 20, 0, "for sure");
	/* 200 values once, 400 twice: 1000 * 600 / (800 + 200 / 50). */
	is_near(pairs.likely, 746.3, 0.1, "values met once stand for others");
	is_near(pairs.most, 10400, 0, "for as many as there can be, at most");
}

int
main(void)
{
	test_groups();
	test_combinations();
	test_pairs();
	test_estimates();
	return tap_done();
}
