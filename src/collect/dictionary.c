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
#include "core/clock.h"
#include "core/databases.h"
#include "store/family.h"

/* Names that wait to be handed on; what does not fit is handed on by the next visit. */
#define PENDING_MAX (4 * 1024 * 1024)

/* A relation that so many visits did not find is forgotten: it was dropped, or is not committed. */
#define VISITS_IN_VAIN 3

/* All names are handed on once in this time, so that dbops.object knows what still exists. */
#define REFRESH_US (INT64CONST(24) * 60 * 60 * USECS_PER_SEC)

typedef struct DatabaseEntry
{
	Oid datid;
	bool listed;     /* in the shared catalog; always true for 0, the shared catalogs */
	bool from_start; /* was there when the dictionary began */
	bool visited;    /* completely, at least once */
	bool refresh;    /* this visit hands on every name */
	TimestampTz refreshed_at;
	uint32 visits;
	int unknown;
	int64 bytes;
} DatabaseEntry;

static MemoryContext dictionary_context = NULL;
static HTAB *relations = NULL;
static HTAB *databases = NULL;
static bool databases_known = false;
static int64 generation = 0;
static List *pending = NIL; /* of StringInfo, each a batch */
static Size pending_bytes = 0;

static DatabaseEntry *enter_database(Oid datid);

static void
start_up(void)
{
	HASHCTL relation_table = {.keysize = sizeof(DictionaryKey),
	                          .entrysize = sizeof(DictionaryEntry)};
	HASHCTL database_table = {.keysize = sizeof(Oid), .entrysize = sizeof(DatabaseEntry)};
	DatabaseEntry *shared;

	if (dictionary_context != NULL)
		return;
	dictionary_context =
	    AllocSetContextCreate(TopMemoryContext, "dbops dictionary", ALLOCSET_DEFAULT_SIZES);
	relation_table.hcxt = dictionary_context;
	database_table.hcxt = dictionary_context;
	relations = hash_create("dbops relations", 1024, &relation_table,
	                        HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	databases =
	    hash_create("dbops databases", 16, &database_table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
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
	entry->visit = database->visits;
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

/* ---- names on their way to dbops.object ---- */

/* False when no more names may wait. */
static bool
hand_on(const NamedObject *name)
{
	MemoryContext old = MemoryContextSwitchTo(dictionary_context);
	StringInfo batch = pending == NIL ? NULL : llast(pending);
	int before;

	if (pending_bytes >= PENDING_MAX)
	{
		MemoryContextSwitchTo(old);
		return false;
	}
	if (batch == NULL || batch->len >= DICTIONARY_BATCH)
	{
		batch = makeStringInfo();
		pending = lappend(pending, batch);
	}
	before = batch->len;
	dbops_object_batch_append(batch, name, 1);
	pending_bytes += batch->len - before;
	MemoryContextSwitchTo(old);
	return true;
}

bool
dbops_dictionary_next_batch(StringInfo batch)
{
	StringInfo first;

	resetStringInfo(batch);
	if (pending == NIL)
		return false;
	first = linitial(pending);
	appendBinaryStringInfo(batch, first->data, first->len);
	pending_bytes -= first->len;
	pending = list_delete_first(pending);
	pfree(first->data);
	pfree(first);
	return true;
}

static void
clear_hash(DictionaryEntry *entry, void *arg)
{
	entry->name_hash = 0;
}

void
dbops_dictionary_hand_on_again(void)
{
	dbops_dictionary_walk(clear_hash, NULL);
}

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
		(void) hand_on(&name);
}

/* ---- visits ---- */

static void
begin_visit_of(Oid datid)
{
	DatabaseEntry *database = find_database(datid);
	TimestampTz now = dbops_clock_now();

	if (database == NULL)
		return;
	database->visits++;
	database->refresh = now - database->refreshed_at >= REFRESH_US;
	if (database->refresh)
		database->refreshed_at = now;
}

void
dbops_dictionary_begin_visit(Oid datid)
{
	begin_visit_of(InvalidOid);
	begin_visit_of(datid);
}

void
dbops_dictionary_learn(const Inspected *inspected, const NamedObject *name)
{
	const DatabaseEntry *database = find_database(inspected->datid);
	DictionaryEntry *entry =
	    database == NULL ? NULL : enter_relation(inspected->datid, inspected->relid);
	uint32 hash;

	if (entry == NULL)
		return;
	entry->known = true;
	entry->seen = *inspected;
	entry->seen_at = dbops_clock_now();
	entry->visit = database->visits;
	if (inspected->persistence == RELPERSISTENCE_TEMP)
		return;
	hash = hash_name(name);
	if ((hash != entry->name_hash || database->refresh) && hand_on(name))
		entry->name_hash = hash;
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

/* Drops what the visit has not seen, and counts what it could not have seen. */
static void
end_visit_of(DatabaseEntry *database, bool complete)
{
	HASH_SEQ_STATUS status;
	DictionaryEntry *entry;

	database->unknown = 0;
	hash_seq_init(&status, relations);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->key.datid != database->datid)
			continue;
		if (!entry->known)
		{
			if (entry->visit == database->visits)
				database->unknown++;
			else if (database->visits - entry->visit > VISITS_IN_VAIN)
				remove_relation(entry);
		}
		else if (complete && entry->visit != database->visits)
		{
			hand_on_dropped(entry);
			remove_relation(entry);
		}
	}
	if (!database->visited && database->from_start)
		generation++;
	if (complete)
		database->visited = true;
}

void
dbops_dictionary_end_visit(Oid datid, bool complete, int64 database_bytes)
{
	DatabaseEntry *database = find_database(datid);

	if (database == NULL)
		return;
	end_visit_of(find_database(InvalidOid), complete);
	end_visit_of(database, complete);
	if (complete)
		database->bytes = database_bytes;
	dbops_dictionary_walk(clear_sums, NULL);
	dbops_dictionary_walk(add_index_bytes, NULL);
	dbops_dictionary_walk(add_toast_bytes, NULL);
}

int
dbops_dictionary_unknown(Oid datid)
{
	const DatabaseEntry *shared = find_database(InvalidOid);
	const DatabaseEntry *database = find_database(datid);

	return shared->unknown + (database == NULL ? 0 : database->unknown);
}

int64
dbops_dictionary_database_bytes(Oid datid)
{
	const DatabaseEntry *database = find_database(datid);

	return database == NULL ? FAMILY_NULL : database->bytes;
}
