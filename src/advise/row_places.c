/*
 * advise/row_places.c
 *		Places of rows at random; see row_places.h.
 */
#include "postgres.h"

#include "advise/row_places.h"

/*
 * A number below the limit.  SplitMix64: chance is repeated here, so that advice does not change
 * from one moment to the next.
 */
static uint64
draw(uint64 *state, uint64 limit)
{
	uint64 mixed = (*state += UINT64CONST(0x9E3779B97F4A7C15));

	mixed = (mixed ^ mixed >> 30) * UINT64CONST(0xBF58476D1CE4E5B9);
	mixed = (mixed ^ mixed >> 27) * UINT64CONST(0x94D049BB133111EB);
	return (mixed ^ mixed >> 31) % limit;
}

static int
compare_places(const void *a, const void *b)
{
	const RowPlace *x = a;
	const RowPlace *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->offset - y->offset;
}

/* Leaves one of each place; drawn for itself once, it is. */
static int
remove_duplicates(RowPlace *places, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (kept > 0 && compare_places(&places[kept - 1], &places[i]) == 0)
			places[kept - 1].alone |= places[i].alone;
		else
			places[kept++] = places[i];
	}
	return kept;
}

RowPlace *
dbops_row_places_choose(const RowPlaceLimits *limits, int *count)
{
	RowPlace *places = palloc(sizeof(RowPlace) * Max(limits->draws * limits->per_draw, 1));
	uint64 state = 0;
	int n = 0;

	for (int i = 0; i < limits->draws && limits->blocks > 0; i++)
	{
		BlockNumber block = (BlockNumber) draw(&state, limits->blocks);

		for (int k = 0; k < limits->per_draw; k++)
			places[n++] = (RowPlace){.block = block,
			                         .offset = (OffsetNumber) (1 + draw(&state, limits->offsets)),
			                         .alone = k == 0};
	}
	qsort(places, n, sizeof(RowPlace), compare_places);
	*count = remove_duplicates(places, n);
	return places;
}
