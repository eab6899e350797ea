/*
 * collect/dictionary.c
 *		The sampler's private dictionary of relations; see dictionary.h.
 *
 * A file of its own because it is memory only: it neither reads statistics nor connects anywhere.
 * Everything lives in one context below TopMemoryContext, made at first use.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "collect/dictionary.h"
#include "collect/outbox.h"
#include "core/clock.h"
#include "core/databases.h"
#include "store/family.h"

/* A relation that so many cycles did not find is forgotten: it was dropped, or is not committed. */
#define CYCLES_IN_VAIN 3

/* All names are handed on once in this time, so that dbops.object knows what still exists. */
#define REFRESH_US (INT64CONST(24) * 60 * 60 * USECS_PER_SEC)

typedef struct DatabaseEntry
{
	Oid datid;
	bool listed;     /* in the shared catalog; always true for 0, the shared catalogs */
	bool from_start; /* was there when the dictionary began */
	bool whole;      /* a cycle has ended, at least once */
	bool refresh;    /* this cycle hands on every name */
	TimestampTz refreshed_at;
	uint32 cycle; /* the current one, or the last */
	int unknown;
	int left_out; /* names of this cycle that found no room in the outbox */
	int64 bytes;
} DatabaseEntry;

/* A function's name as handed on last. */
typedef struct FunctionEntry
{
	DictionaryKey key;
	uint32 name_hash; /* 0: not handed on yet */
} FunctionEntry;

static MemoryContext dictionary_context = NULL;
static HTAB *relations = NULL;
static HTAB *databases = NULL;
static HTAB *functions = NULL; /* of each database, since its last refresh */
static bool databases_known = false;
static int64 generation = 0;

static DatabaseEntry *enter_database(Oid datid);

static void
start_up(void)
{
	HASHCTL relation_table = {.keysize = sizeof(DictionaryKey),
	                          .entrysize = sizeof(DictionaryEntry)};
	HASHCTL database_table = {.keysize = sizeof(Oid), .entrysize = sizeof(DatabaseEntry)};
	HASHCTL function_table = {.keysize = sizeof(DictionaryKey), .entrysize = sizeof(FunctionEntry)};
	DatabaseEntry *shared;

	if (dictionary_context != NULL)
		return;
	dictionary_context =
	    AllocSetContextCreate(TopMemoryContext, "dbops dictionary", ALLOCSET_DEFAULT_SIZES);
	relation_table.hcxt = dictionary_context;
	database_table.hcxt = dictionary_context;
	function_table.hcxt = dictionary_context;
	relations = hash_create("dbops relations", 1024, &relation_table,
	                        HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	databases =
	    hash_create("dbops databases", 16, &database_table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	functions =
	    hash_create("dbops functions", 64, &function_table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	shared = enter_database(InvalidOid);
	shared->from_start = true;
}

static DatabaseEntry *
find_database(Oid datid)
{
	start_up();
	return hash_search(databases, &datid, HASH_FIND, NULL);
}

static DatabaseEntry *
enter_database(Oid datid)
{
	bool found;
	DatabaseEntry *database = hash_search(databases, &datid, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) database + sizeof(Oid), 0, sizeof(DatabaseEntry) - sizeof(Oid));
		database->bytes = FAMILY_NULL;
	}
	return database;
}

static void
remove_relation(DictionaryEntry *entry)
{
	hash_search(relations, &entry->key, HASH_REMOVE, NULL);
}

/* NULL when the dictionary is full. */
static DictionaryEntry *
enter_relation(Oid datid, Oid relid)
{
	const DictionaryKey key = {datid, relid};
	DictionaryEntry *entry = dbops_dictionary_lookup(datid, relid);

	if (entry != NULL || hash_get_num_entries(relations) >= DICTIONARY_MAX)
		return entry;
	entry = hash_search(relations, &key, HASH_ENTER, NULL);
	memset((char *) entry + sizeof(key), 0, sizeof(*entry) - sizeof(key));
	entry->dense_bytes = FAMILY_NULL;
	return entry;
}

DictionaryEntry *
dbops_dictionary_lookup(Oid datid, Oid relid)
{
	const DictionaryKey key = {datid, relid};

	start_up();
	return hash_search(relations, &key, HASH_FIND, NULL);
}

DictionaryEntry *
dbops_dictionary_meet(Oid datid, Oid relid)
{
	DictionaryEntry *entry = dbops_dictionary_lookup(datid, relid);
	DatabaseEntry *database;

	if (entry != NULL)
		return entry;
	database = find_database(datid);
	if (database == NULL)
		return NULL;
	entry = enter_relation(datid, relid);
	if (entry == NULL)
		return NULL;
	entry->cycle = database->cycle;
	database->unknown++;
	return entry;
}

void
dbops_dictionary_walk(void (*each)(DictionaryEntry *entry, void *arg), void *arg)
{
	HASH_SEQ_STATUS status;
	DictionaryEntry *entry;

	start_up();
	hash_seq_init(&status, relations);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->known)
			each(entry, arg);
	}
}

int64
dbops_dictionary_entries(void)
{
	start_up();
	return hash_get_num_entries(relations);
}

int64
dbops_dictionary_generation(void)
{
	return generation;
}

static void
forget_functions(Oid datid)
{
	HASH_SEQ_STATUS status;
	FunctionEntry *function;

	hash_seq_init(&status, functions);
	while ((function = hash_seq_search(&status)) != NULL)
	{
		if (function->key.datid == datid)
			hash_search(functions, &function->key, HASH_REMOVE, NULL);
	}
}

static void
forget_database(DatabaseEntry *database)
{
	HASH_SEQ_STATUS status;
	DictionaryEntry *entry;
	Oid datid = database->datid;

	hash_seq_init(&status, relations);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->key.datid == datid)
			remove_relation(entry);
	}
	forget_functions(datid);
	hash_search(databases, &datid, HASH_REMOVE, NULL);
}

void
dbops_dictionary_set_databases(List *list)
{
	HASH_SEQ_STATUS status;
	DatabaseEntry *database;
	ListCell *cell;

	start_up();
	hash_seq_init(&status, databases);
	while ((database = hash_seq_search(&status)) != NULL)
		database->listed = !OidIsValid(database->datid);
	foreach (cell, list)
	{
		Oid datid = ((const Database *) lfirst(cell))->oid;
		bool is_new = find_database(datid) == NULL;

		database = enter_database(datid);
		database->listed = true;
		if (is_new)
			database->from_start = !databases_known;
	}
	databases_known = true;
	hash_seq_init(&status, databases);
	while ((database = hash_seq_search(&status)) != NULL)
	{
		if (!database->listed)
			forget_database(database);
	}
}

/* ---- names for dbops.object ---- */

static uint32
hash_text(uint32 seed, const char *words)
{
	if (words == NULL)
		return hash_combine(seed, 1);
	return hash_combine(seed, hash_bytes((const unsigned char *) words, strlen(words)));
}

static uint32
hash_name(const NamedObject *name)
{
	uint32 hash = hash_combine(name->parentid, (name->relkind << 8) | name->flags);

	hash = hash_text(hash, name->schemaname);
	hash = hash_text(hash, name->objname);
	hash = hash_text(hash, name->definition);
	return hash == 0 ? 1 : hash;
}

static void
hand_on_dropped(const DictionaryEntry *entry)
{
	NamedObject name = {
	    .class = OBJECT_CLASS_RELATION,
	    .flags = OBJECT_DROPPED,
	    .datid = entry->key.datid,
	    .objid = entry->key.relid,
	};

	/* When no more names may wait, the keeper's view of it is mended by nobody: it only lacks the
	 * time of the drop, which reading by name does not need. */
	if (entry->seen.persistence != RELPERSISTENCE_TEMP)
		(void) dbops_outbox_put(&name);
}

/* ---- visits ---- */

static void
begin_cycle_of(Oid datid)
{
	DatabaseEntry *database = find_database(datid);
	TimestampTz now = dbops_clock_now();

	if (database == NULL)
		return;
	database->cycle++;
	database->left_out = 0;
	database->refresh = now - database->refreshed_at >= REFRESH_US;
	if (!database->refresh)
		return;
	database->refreshed_at = now;
	forget_functions(datid);
}

void
dbops_dictionary_begin_cycle(Oid datid)
{
	begin_cycle_of(InvalidOid);
	begin_cycle_of(datid);
}

/* NULL when the dictionary is full. */
static DictionaryEntry *
note_seen(const Inspected *inspected, DatabaseEntry *database)
{
	DictionaryEntry *entry = enter_relation(inspected->datid, inspected->relid);

	if (entry == NULL)
		return NULL;
	if (!entry->known && database->from_start && !database->whole)
		generation++;
	entry->known = true;
	entry->seen = *inspected;
	entry->seen_at = dbops_clock_now();
	entry->cycle = database->cycle;
	return entry;
}

void
dbops_dictionary_learn(const Inspected *inspected, const NamedObject *name)
{
	DatabaseEntry *database = find_database(inspected->datid);
	DictionaryEntry *entry = database == NULL ? NULL : note_seen(inspected, database);
	uint32 hash;

	if (entry == NULL || inspected->persistence == RELPERSISTENCE_TEMP)
		return;
	hash = hash_name(name);
	if (hash == entry->name_hash && !database->refresh)
		return;
	entry->name_hash = dbops_outbox_put(name) ? hash : 0;
	if (entry->name_hash == 0)
		database->left_out++;
}

void
dbops_dictionary_learn_function(const NamedObject *name)
{
	const DictionaryKey key = {name->datid, (Oid) name->objid};
	DatabaseEntry *database = find_database(name->datid);
	uint32 hash = hash_name(name);
	FunctionEntry *function;
	bool found;

	if (database == NULL || hash_get_num_entries(functions) >= DICTIONARY_MAX)
		return;
	function = hash_search(functions, &key, HASH_ENTER, &found);
	if (found && function->name_hash == hash)
		return;
	function->name_hash = dbops_outbox_put(name) ? hash : 0;
	if (function->name_hash == 0)
		database->left_out++;
}

void
dbops_dictionary_learn_density(const SeenDensity *seen)
{
	DictionaryEntry *entry = dbops_dictionary_lookup(seen->datid, seen->relid);

	if (entry != NULL && seen->dense_bytes != FAMILY_NULL)
		entry->dense_bytes = seen->dense_bytes;
}

static int64
own_bytes(const DictionaryEntry *entry)
{
	return entry->seen.all_bytes == FAMILY_NULL ? 0 : entry->seen.all_bytes;
}

static void
clear_sums(DictionaryEntry *entry, void *arg)
{
	entry->index_bytes = 0;
	entry->toast_bytes = 0;
}

static void
add_index_bytes(DictionaryEntry *entry, void *arg)
{
	DictionaryEntry *table;

	if (entry->seen.relkind != RELKIND_INDEX)
		return;
	table = dbops_dictionary_lookup(entry->key.datid, entry->seen.parentid);
	if (table != NULL)
		table->index_bytes += own_bytes(entry);
}

static void
add_toast_bytes(DictionaryEntry *entry, void *arg)
{
	DictionaryEntry *table;

	if (entry->seen.relkind != RELKIND_TOASTVALUE)
		return;
	table = dbops_dictionary_lookup(entry->key.datid, entry->seen.parentid);
	if (table != NULL)
		table->toast_bytes += own_bytes(entry) + entry->index_bytes;
}

/*
 * Drops what the whole cycle has not seen, and counts what it may have missed: what was met after
 * it began.  The shared catalogs are the same in all databases and are never dropped.
 */
static void
end_cycle_of(DatabaseEntry *database)
{
	HASH_SEQ_STATUS status;
	DictionaryEntry *entry;

	database->unknown = 0;
	hash_seq_init(&status, relations);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->key.datid != database->datid || (entry->known && !OidIsValid(database->datid)))
			continue;
		if (!entry->known)
		{
			if (entry->cycle == database->cycle)
				database->unknown++;
			else if (database->cycle - entry->cycle > CYCLES_IN_VAIN)
				remove_relation(entry);
		}
		else if (entry->cycle != database->cycle)
		{
			hand_on_dropped(entry);
			remove_relation(entry);
		}
	}
	database->whole = true;
}

void
dbops_dictionary_end_visit(Oid datid, bool cycle_ends, int64 database_bytes)
{
	DatabaseEntry *database = find_database(datid);

	if (database == NULL)
		return;
	if (cycle_ends)
	{
		end_cycle_of(find_database(InvalidOid));
		end_cycle_of(database);
	}
	if (database_bytes != FAMILY_NULL)
		database->bytes = database_bytes;
	dbops_dictionary_walk(clear_sums, NULL);
	dbops_dictionary_walk(add_index_bytes, NULL);
	dbops_dictionary_walk(add_toast_bytes, NULL);
}

bool
dbops_dictionary_is_whole(Oid datid)
{
	const DatabaseEntry *database = find_database(datid);

	return database != NULL && database->whole;
}

/* Names that found no room are looked for again only when those before them are stored. */
static int
wanted_in(const DatabaseEntry *database)
{
	if (database == NULL)
		return 0;
	return database->unknown + (dbops_outbox_is_empty() ? database->left_out : 0);
}

int
dbops_dictionary_wanted(Oid datid)
{
	return wanted_in(find_database(InvalidOid)) + wanted_in(find_database(datid));
}

void
dbops_dictionary_hand_on_again(void)
{
	HASH_SEQ_STATUS status;
	DatabaseEntry *database;

	if (databases == NULL)
		return;
	hash_seq_init(&status, databases);
	while ((database = hash_seq_search(&status)) != NULL)
	{
		database->refreshed_at = 0;
		database->left_out = Max(database->left_out, 1);
	}
}

int64
dbops_dictionary_database_bytes(Oid datid)
{
	const DatabaseEntry *database = find_database(datid);

	return database == NULL ? FAMILY_NULL : database->bytes;
}
