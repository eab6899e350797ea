/*
 * collect/tally.c
 *		Counting what is seen at looks; see tally.h.
 *
 * Entries lie one behind the other, an index with open addressing points at them.  Nothing is ever
 * removed from the index: a sweep moves entries together and builds it anew.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "collect/tally.h"
#include "store/frame.h"

struct Tally
{
	int capacity;
	int open; /* entries for those without a claim on the reserve */
	int nentries;
	uint32 mask; /* of the index, whose size is a power of two */
	uint32 look;
	int64 time_us; /* of the look */
	TallyEntry *entries;
	int32 *index; /* number of an entry, counted from 1; 0 is free */
};

Tally *
dbops_tally_create(int capacity, int reserve)
{
	Tally *tally = palloc0(sizeof(Tally));
	uint32 size = pg_nextpower2_32((uint32) capacity * 2);

	tally->capacity = capacity;
	tally->open = capacity - reserve;
	tally->mask = size - 1;
	tally->entries = palloc0(sizeof(TallyEntry) * capacity);
	tally->index = palloc0(sizeof(int32) * size);
	return tally;
}

void
dbops_tally_begin_look(Tally *tally, int64 time_us)
{
	tally->look++;
	tally->time_us = time_us;
}

/* The place in the index that has the key, or the free one where it belongs. */
static int32 *
find_place(const Tally *tally, const EntityKey *key)
{
	uint32 at = dbops_entity_key_hash(key) & tally->mask;

	while (tally->index[at] != 0 &&
	       dbops_entity_compare(&tally->entries[tally->index[at] - 1].key, key) != 0)
		at = (at + 1) & tally->mask;
	return &tally->index[at];
}

TallyEntry *
dbops_tally_add(Tally *tally, const EntityKey *key, bool reserved)
{
	int32 *place = find_place(tally, key);
	TallyEntry *entry;

	if (*place == 0)
	{
		if (tally->nentries >= (reserved ? tally->capacity : tally->open))
			return NULL;
		tally->entries[tally->nentries++] = (TallyEntry){.key = *key};
		*place = tally->nentries;
	}
	entry = &tally->entries[*place - 1];
	entry->now = entry->look == tally->look ? entry->now + 1 : 1;
	entry->look = tally->look;
	entry->seen = true;
	entry->samples++;
	entry->time_us += tally->time_us;
	entry->most = Max(entry->most, entry->now);
	return entry;
}

int
dbops_tally_entries(const Tally *tally, TallyEntry **entries)
{
	*entries = tally->entries;
	return tally->nentries;
}

void
dbops_tally_sweep(Tally *tally)
{
	int kept = 0;

	memset(tally->index, 0, sizeof(int32) * (tally->mask + 1));
	for (int i = 0; i < tally->nentries; i++)
	{
		TallyEntry *entry = &tally->entries[i];

		if (!entry->seen)
			continue;
		entry->seen = false;
		entry->most = 0;
		entry->longest = 0;
		entry->highest = 0;
		tally->entries[kept++] = *entry;
		*find_place(tally, &entry->key) = kept;
	}
	tally->nentries = kept;
}
