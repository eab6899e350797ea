/*
 * test/unit/tally_test.c
 *		A tally counts what looks see, in the room it has, and forgets what is not seen any more.
 *
 * sources: src/collect/tally.c
 */
#include "postgres.h"

#include "collect/tally.h"

#include "tap.h"

static EntityKey
key_of(int64 number)
{
	return (EntityKey){{number, 0, -number, 7}};
}

static TallyEntry *
add(Tally *tally, int64 number)
{
	EntityKey key = key_of(number);

	return dbops_tally_add(tally, &key, false);
}

static const TallyEntry *
find(const Tally *tally, int64 number)
{
	TallyEntry *entries;
	int nentries = dbops_tally_entries(tally, &entries);

	for (int i = 0; i < nentries; i++)
	{
		if (entries[i].key.num[0] == number)
			return &entries[i];
	}
	return NULL;
}

static void
test_counting(void)
{
	Tally *tally = dbops_tally_create(100, 10);

	dbops_tally_begin_look(tally, 1000);
	for (int i = 0; i < 3; i++)
		add(tally, 1);
	add(tally, 2);
	dbops_tally_begin_look(tally, 500);
	add(tally, 1);

	is_int(find(tally, 1)->samples, 4, "samples add up over looks");
	is_int(find(tally, 1)->time_us, 3500, "each sample stands for the time of its look");
	is_int(find(tally, 1)->most, 3, "the most that one look saw is kept");
	is_int(find(tally, 1)->now, 1, "beside what the last look saw");
	is_int(find(tally, 2)->samples, 1, "entities are counted apart");
	is_int(find(tally, 2)->time_us, 1000, "with the time of their own looks");
}

static void
test_sweeping(void)
{
	Tally *tally = dbops_tally_create(100, 10);
	TallyEntry *entries;

	dbops_tally_begin_look(tally, 1000);
	add(tally, 1);
	add(tally, 2)->longest = 99;
	add(tally, 2);
	dbops_tally_sweep(tally);
	is_int(find(tally, 2)->samples, 2, "counts go on over a sweep");
	is_int(find(tally, 2)->most, 0, "what is of an interval begins anew");
	is_int(find(tally, 2)->longest, 0, "all of it");

	dbops_tally_begin_look(tally, 1000);
	add(tally, 2);
	is_int(find(tally, 2)->most, 1, "with the most of its looks");
	dbops_tally_sweep(tally);
	ok(find(tally, 1) == NULL, "an entity that was not seen between two sweeps is forgotten");
	is_int(find(tally, 2)->samples, 3, "one that was seen is not");
	is_int(dbops_tally_entries(tally, &entries), 1, "nothing else is left");

	dbops_tally_begin_look(tally, 1000);
	add(tally, 1);
	is_int(find(tally, 1)->samples, 1, "who comes back begins at zero");
}

static void
test_room(void)
{
	Tally *tally = dbops_tally_create(100, 10);
	EntityKey other = key_of(-1);
	bool held = true;

	dbops_tally_begin_look(tally, 1000);
	for (int i = 0; i < 90; i++)
		held = held && add(tally, i) != NULL;
	ok(held, "there is room for as many as it was made for");
	ok(add(tally, 90) == NULL, "and for no more");
	ok(add(tally, 17) != NULL, "those it has go on to be counted");
	ok(dbops_tally_add(tally, &other, true) != NULL, "the reserve is for those with a claim on it");
	for (int i = 1; i < 10; i++)
	{
		EntityKey more = key_of(1000 + i);

		held = held && dbops_tally_add(tally, &more, true) != NULL;
	}
	ok(held, "all of it");
	other = key_of(2000);
	ok(dbops_tally_add(tally, &other, true) == NULL, "until it is used up");
	dbops_tally_sweep(tally);
	dbops_tally_sweep(tally);
	ok(add(tally, 90) != NULL, "what is forgotten makes room");
}

static void
test_many(void)
{
	Tally *tally = dbops_tally_create(5000, 1);
	int64 samples = 0;
	bool right = true;
	TallyEntry *entries;
	int nentries;

	for (int look = 0; look < 50; look++)
	{
		dbops_tally_begin_look(tally, 10);
		for (int i = 0; i < 1000; i++)
			add(tally, (look * 37 + i * 13) % 4001);
		if (look % 10 == 9)
			dbops_tally_sweep(tally);
	}
	nentries = dbops_tally_entries(tally, &entries);
	for (int i = 0; i < nentries; i++)
	{
		samples += entries[i].samples;
		right = right && find(tally, entries[i].key.num[0]) == &entries[i] &&
		        entries[i].time_us == entries[i].samples * 10;
	}
	ok(right, "thousands of entities are each found once, with their own counts");
	ok(samples > 0 && samples <= 50000, "and nothing is counted twice");
}

int
main(void)
{
	test_counting();
	test_sweeping();
	test_room();
	test_many();
	return tap_done();
}
