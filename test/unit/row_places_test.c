/*
 * test/unit/row_places_test.c
 *		Where rows are looked for: all over the table, no place twice, the same ones each time.
 *
 * sources: src/advise/row_places.c
 */
#include "postgres.h"

#include "advise/row_places.h"

#include "tap.h"

static void
test_few_places(void)
{
	const RowPlaceLimits limits = {.blocks = 10, .offsets = 5, .draws = 1000, .per_draw = 1};
	const RowPlaceLimits none = {.blocks = 0, .offsets = 5, .draws = 10, .per_draw = 1};
	int count;
	const RowPlace *places = dbops_row_places_choose(&limits, &count);

	is_int(count, 50, "each place once");
	ok(places[0].block == 0 && places[0].offset == 1, "from the first");
	ok(places[49].block == 9 && places[49].offset == 5, "to the last");
	(void) dbops_row_places_choose(&none, &count);
	is_int(count, 0, "an empty table has none");
}

/* Blocks are drawn as if others had not been: some twice, as many as chance has it. */
static void
test_draws(void)
{
	const RowPlaceLimits limits = {.blocks = 10000, .offsets = 100, .draws = 3000, .per_draw = 10};
	int count;
	int again;
	int alone = 0;
	int pairs = 0;
	bool in_order = true;
	BlockNumber last = InvalidBlockNumber;
	const RowPlace *places = dbops_row_places_choose(&limits, &count);
	const RowPlace *others = dbops_row_places_choose(&limits, &again);

	ok(count > 28000 && count <= 30000, "nearly as many as asked for (%d)", count);
	for (int i = 0; i < count; i++)
	{
		in_order = in_order && (i == 0 || places[i].block > places[i - 1].block ||
		                        places[i].offset > places[i - 1].offset);
		if (!places[i].alone)
			continue;
		pairs += places[i].block == last;
		last = places[i].block;
		alone++;
	}
	ok(in_order, "in their order");
	ok(alone > 2980 && alone <= 3000, "one of ten is drawn for itself (%d)", alone);
	ok(pairs > 360 && pairs < 480, "blocks are drawn again by chance (%d)", pairs);
	ok(again == count && memcmp(places, others, sizeof(RowPlace) * count) == 0,
	   "chance repeats itself");
}

int
main(void)
{
	test_few_places();
	test_draws();
	return tap_done();
}
