/*
 * advise/row_groups.c
 *		Counting rows by their values; see row_groups.h.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "advise/row_groups.h"

/* The upper half of a product with a number whose bits are well mixed (Fibonacci hashing). */
static uint32
scatter(uint64 key)
{
	return (uint32) (((key ^ key >> 32) * UINT64CONST(0x9E3779B97F4A7C15)) >> 32);
}

/* The group of the key: where it was seen before, or a new one.  At most half of the slots fill. */
static int
find_group(const RowGroups *groups, int *slots, uint32 mask, const uint64 *keys, uint64 key)
{
	uint32 at = scatter(key) & mask;

	while (slots[at] >= 0 && keys[groups->first[slots[at]]] != key)
		at = (at + 1) & mask;
	if (slots[at] < 0)
		slots[at] = groups->ngroups;
	return slots[at];
}

RowGroups *
dbops_row_groups_by(const uint64 *keys, int nrows)
{
	RowGroups *groups = palloc0(sizeof(RowGroups));
	uint32 nslots = pg_nextpower2_32(Max(nrows, 8) * 2);
	int *slots = palloc(sizeof(int) * nslots);

	memset(slots, -1, sizeof(int) * nslots);
	groups->nrows = nrows;
	groups->group = palloc(sizeof(int) * Max(nrows, 1));
	groups->size = palloc0(sizeof(int) * Max(nrows, 1));
	groups->first = palloc(sizeof(int) * Max(nrows, 1));
	for (int row = 0; row < nrows; row++)
	{
		int group = find_group(groups, slots, nslots - 1, keys, keys[row]);

		if (group == groups->ngroups)
			groups->first[groups->ngroups++] = row;
		groups->group[row] = group;
		groups->size[group]++;
	}
	pfree(slots);
	return groups;
}

RowGroups *
dbops_row_groups_combine(const RowGroups *a, const RowGroups *b)
{
	uint64 *keys = palloc(sizeof(uint64) * Max(a->nrows, 1));
	RowGroups *groups;

	Assert(a->nrows == b->nrows);
	for (int row = 0; row < a->nrows; row++)
		keys[row] = (uint64) a->group[row] << 32 | (uint32) b->group[row];
	groups = dbops_row_groups_by(keys, a->nrows);
	pfree(keys);
	return groups;
}

double
dbops_row_groups_degree(const RowGroups *determinant, const RowGroups *both)
{
	int rows = 0;

	for (int group = 0; group < determinant->ngroups; group++)
	{
		int other = both->group[determinant->first[group]];

		if (both->size[other] == determinant->size[group])
			rows += determinant->size[group];
	}
	return determinant->nrows > 0 ? (double) rows / determinant->nrows : 0;
}

double
dbops_row_groups_pairs(const RowGroups *groups)
{
	double pairs = 0;

	for (int group = 0; group < groups->ngroups; group++)
		pairs += groups->size[group] * (groups->size[group] - 1.0) / 2;
	return pairs;
}

GroupEstimate
dbops_row_groups_estimate(const RowGroups *groups, double table_rows)
{
	double n = groups->nrows;
	double all = Max(table_rows, n);
	double seen = groups->ngroups;
	double once = 0;
	GroupEstimate estimate = {.least = seen};

	for (int group = 0; group < groups->ngroups; group++)
		once += groups->size[group] == 1;
	if (n == 0)
		return estimate;
	/* Haas and Stokes' estimator Duj1, within its bounds. */
	estimate.likely = n * seen / (n - once + once * n / all);
	estimate.likely = Min(Max(estimate.likely, seen), all);
	estimate.most = seen - once + once * all / n;
	return estimate;
}
