/*
 * store/names.c
 *		Names behind the numbers of labels; see names.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/names.h"

#define FIRST_NAMES 64

/* No padding: compared and hashed as bytes. */
typedef struct NameKey
{
	int64 objid;
	Oid datid;
	int32 class;
} NameKey;

typedef struct NameEntry
{
	NameKey key;
	EntityName name;
} NameEntry;

/* Where the columns of the dictionary are; found by name, as it may be of another version. */
typedef struct Dictionary
{
	Oid table; /* InvalidOid: there is none */
	Oid index;
	AttrNumber class;
	AttrNumber datid;
	AttrNumber objid;
	AttrNumber schemaname;
	AttrNumber objname;
	AttrNumber dropped_at;
} Dictionary;

struct Names
{
	MemoryContext context;
	HTAB *entries;
	Dictionary dictionary;
};

static void
find_dictionary(Dictionary *dictionary)
{
	Oid namespace = get_namespace_oid("dbops", true);

	dictionary->table = get_relname_relid("object", namespace);
	dictionary->index = get_relname_relid("object_pkey", namespace);
	if (!OidIsValid(dictionary->table) || !OidIsValid(dictionary->index))
	{
		dictionary->table = InvalidOid;
		return;
	}
	dictionary->class = get_attnum(dictionary->table, "class");
	dictionary->datid = get_attnum(dictionary->table, "datid");
	dictionary->objid = get_attnum(dictionary->table, "objid");
	dictionary->schemaname = get_attnum(dictionary->table, "schemaname");
	dictionary->objname = get_attnum(dictionary->table, "objname");
	dictionary->dropped_at = get_attnum(dictionary->table, "dropped_at");
	if (!dictionary->class || !dictionary->datid || !dictionary->objid || !dictionary->schemaname ||
	    !dictionary->objname || !dictionary->dropped_at)
		dictionary->table = InvalidOid;
}

Names *
dbops_names_create(void)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops names", ALLOCSET_DEFAULT_SIZES);
	Names *names = MemoryContextAllocZero(context, sizeof(Names));
	HASHCTL control = {.keysize = sizeof(NameKey), .entrysize = sizeof(NameEntry), .hcxt = context};

	names->context = context;
	names->entries =
	    hash_create("dbops names", FIRST_NAMES, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	find_dictionary(&names->dictionary);
	return names;
}

static const char *
copy_name(Names *names, HeapTuple tuple, TupleDesc desc, AttrNumber attribute)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attribute, desc, &isnull);

	return isnull ? NULL : MemoryContextStrdup(names->context, NameStr(*DatumGetName(value)));
}

static void
read_dictionary(Names *names, NameEntry *entry)
{
	const Dictionary *dictionary = &names->dictionary;
	Relation table;
	SysScanDesc scan;
	ScanKeyData keys[3];
	HeapTuple tuple;

	if (!OidIsValid(dictionary->table))
		return;
	table = try_table_open(dictionary->table, AccessShareLock);
	if (table == NULL)
		return;
	ScanKeyInit(&keys[0], dictionary->datid, BTEqualStrategyNumber, F_OIDEQ,
	            ObjectIdGetDatum(entry->key.datid));
	ScanKeyInit(&keys[1], dictionary->objid, BTEqualStrategyNumber, F_INT8EQ,
	            Int64GetDatum(entry->key.objid));
	ScanKeyInit(&keys[2], dictionary->class, BTEqualStrategyNumber, F_CHAREQ,
	            CharGetDatum((char) entry->key.class));
	scan = systable_beginscan(table, dictionary->index, true, GetActiveSnapshot(), 3, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		entry->name.schemaname =
		    copy_name(names, tuple, RelationGetDescr(table), dictionary->schemaname);
		entry->name.objname = copy_name(names, tuple, RelationGetDescr(table), dictionary->objname);
		entry->name.dropped =
		    !heap_attisnull(tuple, dictionary->dropped_at, RelationGetDescr(table));
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
}

/* The catalogs know best what exists; NULL sends to the dictionary. */
static const char *
read_catalog(const NameKey *key)
{
	switch ((NameClass) key->class)
	{
		case NAME_DATABASE:
			return get_database_name((Oid) key->objid);
		case NAME_ROLE:
			return GetUserNameFromId((Oid) key->objid, true);
		case NAME_RELATION:
		case NAME_FUNCTION:
			break;
	}
	return NULL;
}

/* Where the dictionary files an object of the class. */
static Oid
get_datid(NameClass class, Oid datid, int64 objid)
{
	switch (class)
	{
		case NAME_DATABASE:
			return (Oid) objid;
		case NAME_ROLE:
			return InvalidOid;
		case NAME_RELATION:
		case NAME_FUNCTION:
			break;
	}
	return datid;
}

const EntityName *
dbops_names_lookup(Names *names, NameClass class, Oid datid, int64 objid)
{
	NameKey key = {.objid = objid, .datid = get_datid(class, datid, objid), .class = class};
	NameEntry *entry = hash_search(names->entries, &key, HASH_FIND, NULL);
	MemoryContext old;

	if (entry != NULL)
		return &entry->name;
	entry = hash_search(names->entries, &key, HASH_ENTER, NULL);
	entry->name = (EntityName){0};
	old = MemoryContextSwitchTo(names->context);
	entry->name.objname = read_catalog(&key);
	if (entry->name.objname == NULL)
		read_dictionary(names, entry);
	MemoryContextSwitchTo(old);
	return &entry->name;
}
