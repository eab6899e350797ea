/*
 * expose/relation_names.c
 *		The relations of all databases, kept for a minute; see relation_names.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "executor/tuptable.h"
#include "port/pg_bitutils.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/clock.h"
#include "core/compat_table.h"
#include "expose/relation_names.h"

#define FIRST_NAMES 256

/* Columns of dbops.object, found by name, as it may be of another version. */
enum
{
	COLUMN_CLASS,
	COLUMN_DATID,
	COLUMN_OBJID,
	COLUMN_KIND,
	COLUMN_SCHEMANAME,
	COLUMN_OBJNAME,
	COLUMN_PARENTID,
	COLUMN_DROPPED_AT,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
    "class", "datid", "objid", "kind", "schemaname", "objname", "parentid", "dropped_at"};

static const char *const kinds[] = {"table",
                                    "toast",
                                    "index",
                                    "matview",
                                    "view",
                                    "sequence",
                                    "foreign table",
                                    "partitioned table",
                                    "partitioned index"};

/* No relation has the number 0, which is that of a free slot. */
typedef struct RelationSlot
{
	uint64 key;
	int place;
} RelationSlot;

typedef struct Reader
{
	AttrNumber columns[COLUMNS];
	TupleTableSlot *slot;
	RelationNames names;
	int capacity;
} Reader;

static MemoryContext context = NULL; /* of what is kept */
static RelationNames kept;
static TimestampTz read_at = 0;

static Datum
get_column(const Reader *reader, int column, bool *isnull)
{
	return slot_getattr(reader->slot, reader->columns[column], isnull);
}

/* NULL where it has none. */
static const char *
get_name(const Reader *reader, int column)
{
	bool isnull;
	Datum value = get_column(reader, column, &isnull);

	return isnull ? NULL : pstrdup(NameStr(*DatumGetName(value)));
}

static const char *
get_kind(const Reader *reader)
{
	bool isnull;
	const text *kind = DatumGetTextPP(get_column(reader, COLUMN_KIND, &isnull));

	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strlen(kinds[i]) == VARSIZE_ANY_EXHDR(kind) &&
		    memcmp(VARDATA_ANY(kind), kinds[i], VARSIZE_ANY_EXHDR(kind)) == 0)
			return kinds[i];
	}
	return "relation";
}

static bool
is_users(const RelationName *name)
{
	const char *schema = name->schemaname;

	return schema != NULL && name->relname != NULL && strcmp(schema, "pg_catalog") != 0 &&
	       strcmp(schema, "pg_toast") != 0 && strcmp(schema, "information_schema") != 0 &&
	       strcmp(schema, "dbops") != 0 && strncmp(schema, "pg_temp_", 8) != 0;
}

static void
keep_row(Reader *reader)
{
	RelationNames *names = &reader->names;
	RelationName *name;
	bool isnull;
	bool dropped;
	char class = DatumGetChar(get_column(reader, COLUMN_CLASS, &isnull));

	get_column(reader, COLUMN_DROPPED_AT, &dropped);
	if (class != 'r' || !dropped)
		return;
	if (names->count == reader->capacity)
	{
		reader->capacity *= 2;
		names->names = repalloc_huge(names->names, sizeof(RelationName) * (Size) reader->capacity);
	}
	name = &names->names[names->count++];
	name->datid = DatumGetObjectId(get_column(reader, COLUMN_DATID, &isnull));
	name->relid = (Oid) DatumGetInt64(get_column(reader, COLUMN_OBJID, &isnull));
	name->parentid = DatumGetObjectId(get_column(reader, COLUMN_PARENTID, &isnull));
	if (isnull)
		name->parentid = InvalidOid;
	name->kind = get_kind(reader);
	name->schemaname = get_name(reader, COLUMN_SCHEMANAME);
	name->relname = get_name(reader, COLUMN_OBJNAME);
	name->users = is_users(name);
}

static uint64
make_key(Oid datid, Oid relid)
{
	return (uint64) datid << 32 | relid;
}

static int
compare_names(const void *a, const void *b)
{
	const RelationName *x = a;
	const RelationName *y = b;
	uint64 key_x = make_key(x->datid, x->relid);
	uint64 key_y = make_key(y->datid, y->relid);

	return key_x == key_y ? 0 : key_x < key_y ? -1 : 1;
}

static uint32
hash_key(uint64 key)
{
	return (uint32) ((key * UINT64CONST(0x9E3779B97F4A7C15)) >> 32);
}

static void
make_slots(RelationNames *names)
{
	Size count = pg_nextpower2_32(Max(names->count, 1)) * (Size) 2;

	names->mask = (uint32) count - 1;
	names->slots = palloc_extended(sizeof(RelationSlot) * count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < names->count; i++)
	{
		uint64 key = make_key(names->names[i].datid, names->names[i].relid);
		uint32 at = hash_key(key) & names->mask;

		while (names->slots[at].key != 0)
			at = (at + 1) & names->mask;
		names->slots[at] = (RelationSlot){.key = key, .place = i};
	}
}

/* What can be known once all have been read. */
static void
sort_names(RelationNames *names)
{
	qsort(names->names, names->count, sizeof(RelationName), compare_names);
	make_slots(names);
	for (int i = 0; i < names->count; i++)
	{
		RelationName *name = &names->names[i];

		name->parent = OidIsValid(name->parentid) ?
		                   dbops_relation_names_find(names, name->datid, name->parentid) :
		                   -1;
	}
}

static void
read_table(Relation table, Reader *reader)
{
	TableScanDesc scan = dbops_compat_beginscan(table, GetActiveSnapshot());

	reader->slot = table_slot_create(table, NULL);
	reader->capacity = FIRST_NAMES;
	reader->names.names = palloc(sizeof(RelationName) * reader->capacity);
	while (table_scan_getnextslot(scan, ForwardScanDirection, reader->slot))
		keep_row(reader);
	ExecDropSingleTupleTableSlot(reader->slot);
	table_endscan(scan);
	sort_names(&reader->names);
}

static Oid
find_dictionary(Reader *reader)
{
	Oid table = get_relname_relid("object", get_namespace_oid("dbops", true));

	for (int i = 0; OidIsValid(table) && i < COLUMNS; i++)
	{
		reader->columns[i] = get_attnum(table, column_names[i]);
		if (reader->columns[i] == InvalidAttrNumber)
			return InvalidOid;
	}
	return table;
}

/* What was read last stays until this has succeeded; who has the table locked is not waited for. */
static void
read_names(void)
{
	MemoryContext fresh =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops relation names", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(fresh);
	Reader reader = {0};
	Oid dictionary = find_dictionary(&reader);

	if (OidIsValid(dictionary) && ConditionalLockRelationOid(dictionary, AccessShareLock))
	{
		Relation table = table_open(dictionary, NoLock);

		read_table(table, &reader);
		table_close(table, AccessShareLock);
		MemoryContextSetParent(fresh, CacheMemoryContext);
		if (context != NULL)
			MemoryContextDelete(context);
		context = fresh;
		kept = reader.names;
		read_at = dbops_clock_now();
	}
	MemoryContextSwitchTo(caller);
	if (fresh != context)
		MemoryContextDelete(fresh);
}

const RelationNames *
dbops_relation_names(void)
{
	TimestampTz now = dbops_clock_now();

	/* A clock that was set back must not keep them for longer. */
	if (kept.count == 0 || now < read_at || now - read_at > RELATION_NAMES_S * USECS_PER_SEC)
		read_names();
	return &kept;
}

int
dbops_relation_names_find(const RelationNames *names, Oid datid, Oid relid)
{
	const uint64 wanted = make_key(datid, relid);

	if (names->count == 0)
		return -1;
	for (uint32 at = hash_key(wanted) & names->mask; names->slots[at].key != 0;
	     at = (at + 1) & names->mask)
	{
		if (names->slots[at].key == wanted)
			return names->slots[at].place;
	}
	return -1;
}
