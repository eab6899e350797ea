/*
 * collect/key_fill.c
 *		The sampler's memory of sequences and integer keys; see key_fill.h.
 *
 * Two hash tables of one shape, in a context below TopMemoryContext made at first use.  An entry
 * carries the number of the pass that saw it last; the end of a pass drops what has an older one.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "collect/key_fill.h"
#include "core/clock.h"
#include "core/databases.h"

typedef struct FillKey
{
	Oid datid;
	Oid relid;
	int32 attnum; /* 0: a sequence */
} FillKey;

/* How each entry begins. */
typedef struct FillEntry
{
	FillKey key;
	uint32 pass;
} FillEntry;

typedef struct SequenceEntry
{
	FillEntry entry;
	KnownSequence known;
} SequenceEntry;

typedef struct KeyEntry
{
	FillEntry entry;
	KnownKey known;
} KeyEntry;

typedef struct PassEntry
{
	Oid datid;
	bool listed;
	uint32 sequences;
	uint32 keys;
} PassEntry;

static MemoryContext fill_context = NULL;
static HTAB *sequences = NULL;
static HTAB *keys = NULL;
static HTAB *passes = NULL;

static HTAB *
make_table(const char *name, Size key_bytes, Size entry_bytes)
{
	HASHCTL table = {.keysize = key_bytes, .entrysize = entry_bytes, .hcxt = fill_context};

	return hash_create(name, 64, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
start_up(void)
{
	if (fill_context != NULL)
		return;
	fill_context = AllocSetContextCreate(TopMemoryContext, "dbops key fill", ALLOCSET_SMALL_SIZES);
	sequences = make_table("dbops sequences", sizeof(FillKey), sizeof(SequenceEntry));
	keys = make_table("dbops keys", sizeof(FillKey), sizeof(KeyEntry));
	passes = make_table("dbops passes", sizeof(Oid), sizeof(PassEntry));
}

static PassEntry *
enter_pass(Oid datid)
{
	bool found;
	PassEntry *pass;

	start_up();
	pass = hash_search(passes, &datid, HASH_ENTER, &found);
	if (!found)
	{
		pass->listed = true;
		pass->sequences = pass->keys = 0;
	}
	return pass;
}

/* A new entry is all zeros but for its key; NULL when there is no room. */
static FillEntry *
enter(HTAB *table, Size entry_bytes, FillKey key, uint32 pass)
{
	bool found;
	FillEntry *entry = hash_search(table, &key, HASH_FIND, NULL);

	if (entry == NULL)
	{
		if (hash_get_num_entries(table) >= KEY_FILL_MAX)
			return NULL;
		entry = hash_search(table, &key, HASH_ENTER, &found);
		memset(entry, 0, entry_bytes);
		entry->key = key;
	}
	entry->pass = pass;
	return entry;
}

void
dbops_key_fill_learn_sequence(const SeenSequence *seen)
{
	const PassEntry *pass = enter_pass(seen->datid);
	SequenceEntry *sequence = (SequenceEntry *) enter(
	    sequences, sizeof(SequenceEntry), (FillKey){seen->datid, seen->relid, 0}, pass->sequences);
	SeenSequence before;

	if (sequence == NULL)
		return;
	before = sequence->known.seen;
	sequence->known.seen = *seen;
	if (seen->read)
		sequence->known.read_at = dbops_clock_now();
	else
	{
		sequence->known.seen.last_value = before.last_value;
		sequence->known.seen.called = before.called;
	}
}

/* Whether a locked key is better known from the visit before. */
static bool
is_farther(const SeenKey *before, const SeenKey *seen)
{
	if (before->source == KEY_FROM_NOTHING || seen->source == KEY_FROM_NOTHING)
		return seen->source == KEY_FROM_NOTHING;
	return seen->counts_down ? before->farthest < seen->farthest :
	                           before->farthest > seen->farthest;
}

void
dbops_key_fill_learn_key(const SeenKey *seen)
{
	const PassEntry *pass = enter_pass(seen->datid);
	KeyEntry *key = (KeyEntry *) enter(
	    keys, sizeof(KeyEntry), (FillKey){seen->datid, seen->relid, seen->attnum}, pass->keys);
	SeenKey before;

	if (key == NULL)
		return;
	before = key->known.seen;
	key->known.seen = *seen;
	if (!seen->locked)
		key->known.read_at = dbops_clock_now();
	else if (is_farther(&before, seen))
	{
		key->known.seen.source = before.source;
		key->known.seen.farthest = before.farthest;
	}
}

/* Removes entries of the database that have another pass; of all passes with NULL. */
static void
forget(HTAB *table, Oid datid, const uint32 *pass)
{
	HASH_SEQ_STATUS status;
	FillEntry *entry;

	hash_seq_init(&status, table);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->key.datid == datid && (pass == NULL || entry->pass != *pass))
			hash_search(table, &entry->key, HASH_REMOVE, NULL);
	}
}

void
dbops_key_fill_end_sequences(Oid datid)
{
	PassEntry *pass = enter_pass(datid);

	forget(sequences, datid, &pass->sequences);
	pass->sequences++;
}

void
dbops_key_fill_end_keys(Oid datid)
{
	PassEntry *pass = enter_pass(datid);

	forget(keys, datid, &pass->keys);
	pass->keys++;
}

void
dbops_key_fill_set_databases(List *databases)
{
	HASH_SEQ_STATUS status;
	PassEntry *pass;
	ListCell *cell;

	start_up();
	hash_seq_init(&status, passes);
	while ((pass = hash_seq_search(&status)) != NULL)
		pass->listed = false;
	foreach (cell, databases)
		enter_pass(((const Database *) lfirst(cell))->oid)->listed = true;
	hash_seq_init(&status, passes);
	while ((pass = hash_seq_search(&status)) != NULL)
	{
		Oid datid = pass->datid;

		if (pass->listed)
			continue;
		forget(sequences, datid, NULL);
		forget(keys, datid, NULL);
		hash_search(passes, &datid, HASH_REMOVE, NULL);
	}
}

void
dbops_key_fill_walk_sequences(void (*each)(const KnownSequence *known, void *arg), void *arg)
{
	HASH_SEQ_STATUS status;
	const SequenceEntry *sequence;

	start_up();
	hash_seq_init(&status, sequences);
	while ((sequence = hash_seq_search(&status)) != NULL)
		each(&sequence->known, arg);
}

void
dbops_key_fill_walk_keys(void (*each)(const KnownKey *known, void *arg), void *arg)
{
	HASH_SEQ_STATUS status;
	const KeyEntry *key;

	start_up();
	hash_seq_init(&status, keys);
	while ((key = hash_seq_search(&status)) != NULL)
		each(&key->known, arg);
}

const KnownKey *
dbops_key_fill_find_key(Oid datid, Oid relid, int16 attnum)
{
	const FillKey key = {datid, relid, attnum};
	const KeyEntry *entry;

	start_up();
	entry = hash_search(keys, &key, HASH_FIND, NULL);
	return entry == NULL ? NULL : &entry->known;
}
