/*
 * store/objects.c
 *		The dictionary of names, dbops.object; see objects.h.
 *
 * A file of its own because the table has one writer.  Writing is set-based: arrays go in, one
 * statement stores what is new or changed and another marks what was dropped.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type_d.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/encoding.h"
#include "core/guc.h"
#include "core/spi.h"
#include "store/objects.h"
#include "store/shipping.h"

/*
 * The last word on each object counts: a batch may tell twice of one.  A definition that could not
 * be read this time stays as it was.
 */
static const char upsert_query[] =
    "INSERT INTO dbops.object AS o (\n"
    "    class, datid, objid, kind, schemaname, objname, parentid, definition,\n"
    "    is_unique, is_primary, is_valid, has_constraint, first_seen_at, last_seen_at\n"
    ")\n"
    "SELECT DISTINCT ON (n.datid, n.objid, n.class)\n"
    "    n.class, n.datid, n.objid, n.kind, n.schemaname, n.objname, n.parentid, n.definition,\n"
    "    CASE WHEN n.is_index THEN (n.flags & 1) <> 0 END,\n"
    "    CASE WHEN n.is_index THEN (n.flags & 2) <> 0 END,\n"
    "    CASE WHEN n.is_index THEN (n.flags & 4) <> 0 END,\n"
    "    CASE WHEN n.is_index THEN (n.flags & 8) <> 0 END,\n"
    "    $10, $10\n"
    "FROM (\n"
    "    SELECT a.*, a.kind IN ('index', 'partitioned index') AS is_index\n"
    "    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY\n"
    "        AS a (class, datid, objid, kind, schemaname, objname, parentid, definition, flags, nr)\n"
    ") AS n\n"
    "WHERE (n.flags & 16) = 0\n"
    "ORDER BY n.datid, n.objid, n.class, n.nr DESC\n"
    "ON CONFLICT (datid, objid, class) DO UPDATE\n"
    "SET kind = excluded.kind,\n"
    "    schemaname = excluded.schemaname,\n"
    "    objname = excluded.objname,\n"
    "    parentid = excluded.parentid,\n"
    "    definition = coalesce(excluded.definition, o.definition),\n"
    "    is_unique = excluded.is_unique,\n"
    "    is_primary = excluded.is_primary,\n"
    "    is_valid = excluded.is_valid,\n"
    "    has_constraint = excluded.has_constraint,\n"
    "    last_seen_at = excluded.last_seen_at,\n"
    "    dropped_at = NULL\n"
    "WHERE o.dropped_at IS NOT NULL\n"
    "    OR o.last_seen_at < excluded.last_seen_at - interval '1 day'\n"
    "    OR (o.kind, o.schemaname, o.objname, o.parentid, o.definition,\n"
    "        o.is_unique, o.is_primary, o.is_valid, o.has_constraint)\n"
    "        IS DISTINCT FROM\n"
    "        (excluded.kind, excluded.schemaname, excluded.objname, excluded.parentid,\n"
    "         coalesce(excluded.definition, o.definition), excluded.is_unique,\n"
    "         excluded.is_primary, excluded.is_valid,\n"
    "         excluded.has_constraint)";

/* Runs after the statement above, so what was told before the drop is stored by then. */
static const char drop_query[] =
    "UPDATE dbops.object AS o\n"
    "SET dropped_at = $5, last_seen_at = GREATEST(o.last_seen_at, $5)\n"
    "FROM (\n"
    "    SELECT DISTINCT ON (a.datid, a.objid, a.class) a.class, a.datid, a.objid, a.flags\n"
    "    FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS a (class, datid, objid, flags, nr)\n"
    "    ORDER BY a.datid, a.objid, a.class, a.nr DESC\n"
    ") AS n\n"
    "WHERE (n.flags & 16) <> 0\n"
    "    AND o.datid = n.datid AND o.objid = n.objid AND o.class = n.class\n"
    "    AND o.dropped_at IS NULL";

/* A text that is there stays. */
static const char add_statements_query[] =
    "INSERT INTO dbops.object AS o (\n"
    "    class, datid, objid, kind, definition, first_seen_at, last_seen_at\n"
    ")\n"
    "SELECT DISTINCT ON (n.datid, n.objid)\n"
    "    's', n.datid, n.objid, 'statement', n.definition, $4, $4\n"
    "FROM unnest($1, $2, $3) AS n (datid, objid, definition)\n"
    "WHERE n.definition IS NOT NULL\n"
    "ORDER BY n.datid, n.objid\n"
    "ON CONFLICT (datid, objid, class) DO UPDATE\n"
    "SET last_seen_at = excluded.last_seen_at\n"
    "WHERE o.last_seen_at < excluded.last_seen_at - interval '1 day'";

static const char shared_query[] =
    "INSERT INTO dbops.object AS o (\n"
    "    class, datid, objid, kind, objname, first_seen_at, last_seen_at\n"
    ")\n"
    "SELECT 'd', d.oid, d.oid, 'database', d.datname, $1, $1\n"
    "FROM pg_catalog.pg_database AS d\n"
    "UNION ALL\n"
    "SELECT 'u', 0, r.oid, 'role', r.rolname, $1, $1\n"
    "FROM pg_catalog.pg_roles AS r\n"
    "ON CONFLICT (datid, objid, class) DO UPDATE\n"
    "SET objname = excluded.objname, last_seen_at = excluded.last_seen_at, dropped_at = NULL\n"
    "WHERE o.dropped_at IS NOT NULL\n"
    "    OR o.last_seen_at < excluded.last_seen_at - interval '1 day'\n"
    "    OR o.objname <> excluded.objname";

/* Relations and statements go with their database. */
static const char shared_drop_query[] =
    "UPDATE dbops.object AS o\n"
    "SET dropped_at = $1\n"
    "WHERE o.dropped_at IS NULL\n"
    "    AND (\n"
    "        (o.class = 'u' AND NOT EXISTS (\n"
    "            SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid::bigint = o.objid))\n"
    "        OR (o.datid <> 0 AND NOT EXISTS (\n"
    "            SELECT FROM pg_catalog.pg_database AS d WHERE d.oid = o.datid))\n"
    "    )";

static const char prune_query[] =
    "DELETE FROM dbops.object AS o\n"
    "WHERE o.dropped_at < $1 OR (o.class IN ('s', 'f') AND o.last_seen_at < $1)";

static const char *
kind_of(const NamedObject *object)
{
	switch (object->class)
	{
		case OBJECT_CLASS_DATABASE:
			return "database";
		case OBJECT_CLASS_ROLE:
			return "role";
		case OBJECT_CLASS_STATEMENT:
			return "statement";
		case OBJECT_CLASS_FUNCTION:
			return "function";
		default:
			break;
	}
	switch (object->relkind)
	{
		case RELKIND_RELATION:
			return "table";
		case RELKIND_TOASTVALUE:
			return "toast";
		case RELKIND_INDEX:
			return "index";
		case RELKIND_MATVIEW:
			return "matview";
		case RELKIND_SEQUENCE:
			return "sequence";
		case RELKIND_VIEW:
			return "view";
		case RELKIND_FOREIGN_TABLE:
			return "foreign table";
		case RELKIND_PARTITIONED_TABLE:
			return "partitioned table";
		case RELKIND_PARTITIONED_INDEX:
			return "partitioned index";
		default:
			return "relation";
	}
}

/*
 * A text in the encoding of this database.  Databases of one cluster may differ in encoding; what
 * cannot be represented here becomes question marks, since a name must not make storing fail.
 */
static char *
to_own_encoding(const char *words)
{
	char *copy = pstrdup(words);

	dbops_encoding_fit(copy, PG_UTF8);
	return copy;
}

static Datum
text_or_null(const char *words, bool as_name, bool *isnull)
{
	char *own;

	*isnull = words == NULL;
	if (words == NULL)
		return (Datum) 0;
	own = to_own_encoding(words);
	if (as_name)
		return DirectFunctionCall1(namein, CStringGetDatum(own));
	return CStringGetTextDatum(own);
}

typedef enum ObjectColumn
{
	COLUMN_CLASS,
	COLUMN_DATID,
	COLUMN_OBJID,
	COLUMN_KIND,
	COLUMN_SCHEMA,
	COLUMN_NAME,
	COLUMN_PARENT,
	COLUMN_DEFINITION,
	COLUMN_FLAGS,
	OBJECT_NCOLUMNS
} ObjectColumn;

typedef struct ColumnType
{
	Oid element;
	Oid array;
	int16 length;
	bool by_value;
	char align;
} ColumnType;

static const ColumnType column_types[] = {
    [COLUMN_CLASS] = {CHAROID, CHARARRAYOID, 1, true, TYPALIGN_CHAR},
    [COLUMN_DATID] = {OIDOID, OIDARRAYOID, 4, true, TYPALIGN_INT},
    [COLUMN_OBJID] = {INT8OID, INT8ARRAYOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE},
    [COLUMN_KIND] = {TEXTOID, TEXTARRAYOID, -1, false, TYPALIGN_INT},
    [COLUMN_SCHEMA] = {NAMEOID, NAMEARRAYOID, NAMEDATALEN, false, TYPALIGN_CHAR},
    [COLUMN_NAME] = {NAMEOID, NAMEARRAYOID, NAMEDATALEN, false, TYPALIGN_CHAR},
    [COLUMN_PARENT] = {OIDOID, OIDARRAYOID, 4, true, TYPALIGN_INT},
    [COLUMN_DEFINITION] = {TEXTOID, TEXTARRAYOID, -1, false, TYPALIGN_INT},
    [COLUMN_FLAGS] = {INT4OID, INT4ARRAYOID, 4, true, TYPALIGN_INT},
};

static Datum
column_of(const NamedObject *object, ObjectColumn column, bool *isnull)
{
	*isnull = false;
	switch (column)
	{
		case COLUMN_CLASS:
			return CharGetDatum(object->class);
		case COLUMN_DATID:
			return ObjectIdGetDatum(object->datid);
		case COLUMN_OBJID:
			return Int64GetDatum(object->objid);
		case COLUMN_KIND:
			return CStringGetTextDatum(kind_of(object));
		case COLUMN_SCHEMA:
			return text_or_null(object->schemaname, true, isnull);
		case COLUMN_NAME:
			return text_or_null(object->objname, true, isnull);
		case COLUMN_PARENT:
			*isnull = !OidIsValid(object->parentid);
			return ObjectIdGetDatum(object->parentid);
		case COLUMN_DEFINITION:
			return text_or_null(object->definition, false, isnull);
		default:
			return Int32GetDatum(object->flags);
	}
}

static SpiValue
array_of(const NamedObject *objects, int nobjects, ObjectColumn column)
{
	const ColumnType *type = &column_types[column];
	Datum *values = palloc(sizeof(Datum) * Max(nobjects, 1));
	bool *nulls = palloc(sizeof(bool) * Max(nobjects, 1));
	int lower = 1;
	ArrayType *array;

	for (int i = 0; i < nobjects; i++)
		values[i] = column_of(&objects[i], column, &nulls[i]);
	array = construct_md_array(values, nulls, 1, &nobjects, &lower, type->element, type->length,
	                           type->by_value, type->align);
	return (SpiValue){.type = type->array, .value = PointerGetDatum(array)};
}

/* From the parameters of the upsert. */
static uint64
mark_dropped(const SpiValue *params)
{
	const SpiValue drops[] = {params[COLUMN_CLASS], params[COLUMN_DATID], params[COLUMN_OBJID],
	                          params[COLUMN_FLAGS], params[OBJECT_NCOLUMNS]};

	return dbops_spi_execute(drop_query, drops, lengthof(drops));
}

uint64
dbops_objects_upsert(const NamedObject *objects, int nobjects, TimestampTz at)
{
	SpiValue params[OBJECT_NCOLUMNS + 1];
	uint64 written;

	if (nobjects == 0)
		return 0;
	for (int column = 0; column < OBJECT_NCOLUMNS; column++)
		params[column] = array_of(objects, nobjects, column);
	params[OBJECT_NCOLUMNS] = dbops_spi_instant(at);
	written = dbops_spi_execute(upsert_query, params, lengthof(params));
	return written + mark_dropped(params);
}

uint64
dbops_objects_store_batch(char *data, Size size, TimestampTz at)
{
	NamedObject *objects;
	int nobjects = dbops_object_batch_decode(data, size, &objects);

	return dbops_objects_upsert(objects, nobjects, at);
}

uint64
dbops_objects_add_statements(char *data, Size size, TimestampTz at)
{
	NamedObject *objects;
	int nobjects = dbops_object_batch_decode(data, size, &objects);

	for (int i = 0; i < nobjects; i++)
	{
		if (objects[i].class != OBJECT_CLASS_STATEMENT)
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
			                errmsg("names of other things than statements")));
		if (objects[i].definition != NULL && strlen(objects[i].definition) > OBJECT_DEFINITION_MAX)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("a text is too long")));
	}
	return dbops_spi_execute(add_statements_query,
	                         (SpiValue[]){
	                             array_of(objects, nobjects, COLUMN_DATID),
	                             array_of(objects, nobjects, COLUMN_OBJID),
	                             array_of(objects, nobjects, COLUMN_DEFINITION),
	                             dbops_spi_instant(at),
	                         },
	                         4);
}

uint64
dbops_objects_learn_shared(TimestampTz at)
{
	const SpiValue params[] = {dbops_spi_instant(at)};

	return dbops_spi_execute(shared_query, params, 1) +
	       dbops_spi_execute(shared_drop_query, params, 1);
}

uint64
dbops_objects_prune(TimestampTz before)
{
	const SpiValue params[] = {dbops_spi_instant(before)};

	return dbops_spi_execute(prune_query, params, 1);
}

/* ---- texts of statements ---- */

/*
 * After so many ids or so long the set begins anew: many ids belong to statements long gone, and
 * what is still there is to be seen once a day.
 */
#define KNOWN_MAX 200000
#define KNOWN_US (INT64CONST(12) * 60 * 60 * USECS_PER_SEC)

/* At most so much text is read at a time; the rest follows. */
#define TEXTS_MAX_BYTES (16 * 1024 * 1024)

static const char known_query[] = "SELECT o.datid, o.objid\n"
                                  "FROM dbops.object AS o\n"
                                  "WHERE o.class = 's'\n"
                                  "    AND o.last_seen_at > $1 - interval '1 day'";

static const char extension_query[] =
    "SELECT pg_catalog.quote_ident(n.nspname)\n"
    "FROM pg_catalog.pg_extension AS e\n"
    "    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace\n"
    "WHERE e.extname = 'pg_stat_statements'";

/* %s is the quoted schema of pg_stat_statements: a function cannot be a parameter. */
static const char texts_query[] =
    "SELECT t.dbid, t.queryid, t.query\n"
    "FROM (\n"
    "    SELECT DISTINCT ON (s.dbid, s.queryid)\n"
    "        s.dbid, s.queryid, pg_catalog.left(s.query, $3) AS query,\n"
    "        sum(pg_catalog.octet_length(pg_catalog.left(s.query, $3)))\n"
    "            OVER (ORDER BY s.dbid, s.queryid) AS bytes\n"
    "    FROM %s.pg_stat_statements(true) AS s\n"
    "        JOIN unnest($1, $2) AS w (datid, queryid)\n"
    "            ON w.datid = s.dbid AND w.queryid = s.queryid\n"
    "    WHERE s.query IS NOT NULL\n"
    "    ORDER BY s.dbid, s.queryid\n"
    ") AS t\n"
    "WHERE t.bytes <= $4 + pg_catalog.octet_length(t.query)";

typedef struct StatementKey
{
	int64 queryid;
	Oid datid;
	Oid unused;
} StatementKey;

typedef struct StatementEntry
{
	StatementKey key;
	bool known; /* has its text in the table; else waits for it */
} StatementEntry;

static HTAB *statements = NULL;
static int64 waiting = 0;
static int64 created_us = 0; /* monotonic, as the next */
static int64 read_us = 0;

static void
create_statements(void)
{
	HASHCTL table = {.keysize = sizeof(StatementKey), .entrysize = sizeof(StatementEntry)};

	table.hcxt =
	    AllocSetContextCreate(TopMemoryContext, "dbops statement ids", ALLOCSET_DEFAULT_SIZES);
	statements =
	    hash_create("dbops statement ids", 1024, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	waiting = 0;
	created_us = dbops_clock_monotonic_us();
}

static void
drop_statements(void)
{
	hash_destroy(statements);
	statements = NULL;
}

void
dbops_objects_forget_statements(void)
{
	if (statements != NULL)
		drop_statements();
	read_us = 0;
}

static void
set_known(Oid datid, int64 queryid)
{
	const StatementKey key = {.queryid = queryid, .datid = datid};
	bool found;
	StatementEntry *entry = hash_search(statements, &key, HASH_ENTER, &found);

	if (found && !entry->known)
		waiting--;
	entry->known = true;
}

void
dbops_objects_note_statement(Oid datid, int64 queryid)
{
	const StatementKey key = {.queryid = queryid, .datid = datid};
	bool found;
	StatementEntry *entry;

	if (statements == NULL)
		create_statements();
	entry = hash_search(statements, &key, HASH_ENTER, &found);
	if (found)
		return;
	entry->known = false;
	waiting++;
}

/* Which texts the table has, so that a new process does not read them all again. */
static void
load_known(TimestampTz now)
{
	const SpiValue params[] = {dbops_spi_instant(now)};
	const SpiRows *rows = dbops_spi_query(known_query, params, lengthof(params));
	bool isnull;

	for (uint64 i = 0; i < rows->nrows; i++)
		set_known(DatumGetObjectId(dbops_spi_cell(rows, i, 0, &isnull)),
		          DatumGetInt64(dbops_spi_cell(rows, i, 1, &isnull)));
}

/* The ids that wait, in the shape of names without a text. */
static NamedObject *
list_waiting(int *count)
{
	NamedObject *wanted = palloc0(sizeof(NamedObject) * Max(waiting, 1));
	HASH_SEQ_STATUS status;
	StatementEntry *entry;

	*count = 0;
	hash_seq_init(&status, statements);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->known || *count >= waiting)
			continue;
		wanted[*count].datid = entry->key.datid;
		wanted[(*count)++].objid = entry->key.queryid;
	}
	return wanted;
}

/*
 * What was looked for is noted again when it is seen again.  Whether its text is known then is for
 * the table to say: the transaction that stores it may still fail.
 */
static void
forget_waiting(const NamedObject *wanted, int nwanted)
{
	for (int i = 0; i < nwanted; i++)
	{
		const StatementKey key = {.queryid = wanted[i].objid, .datid = wanted[i].datid};

		hash_search(statements, &key, HASH_REMOVE, NULL);
	}
	waiting = 0;
}

static SpiRows *
read_texts(const char *schema, const NamedObject *wanted, int nwanted)
{
	const SpiValue params[] = {
	    array_of(wanted, nwanted, COLUMN_DATID),
	    array_of(wanted, nwanted, COLUMN_OBJID),
	    {.type = INT4OID, .value = Int32GetDatum(OBJECT_DEFINITION_MAX)},
	    {.type = INT8OID, .value = Int64GetDatum(TEXTS_MAX_BYTES)},
	};

	return dbops_spi_query(psprintf(texts_query, schema), params, lengthof(params));
}

/* What goes into the ring is not looked for again: the table has it only once it is shipped. */
static void
ship_texts(const NamedObject *objects, int nobjects)
{
	dbops_shipping_add_texts(objects, nobjects);
	for (int i = 0; i < nobjects; i++)
		set_known(objects[i].datid, objects[i].objid);
}

static int
store_texts(const SpiRows *rows, TimestampTz now)
{
	NamedObject *objects = palloc0(sizeof(NamedObject) * Max(rows->nrows, 1));
	bool isnull;

	for (uint64 i = 0; i < rows->nrows; i++)
	{
		char *definition = TextDatumGetCString(dbops_spi_cell(rows, i, 2, &isnull));

		definition[dbops_encoding_clip(definition, (int) strlen(definition),
		                               OBJECT_DEFINITION_MAX)] = '\0';
		objects[i].class = OBJECT_CLASS_STATEMENT;
		objects[i].datid = DatumGetObjectId(dbops_spi_cell(rows, i, 0, &isnull));
		objects[i].objid = DatumGetInt64(dbops_spi_cell(rows, i, 1, &isnull));
		objects[i].definition = definition;
	}
	if (RecoveryInProgress())
		ship_texts(objects, (int) rows->nrows);
	else
		dbops_objects_upsert(objects, (int) rows->nrows, now);
	return (int) rows->nrows;
}

/* Whether there is something to read and it is time. */
static bool
is_due(int64 now_us)
{
	if (statements == NULL || waiting == 0)
		return false;
	return read_us == 0 || now_us - read_us >= dbops_guc_wide_interval * USECS_PER_SEC;
}

int
dbops_objects_learn_statements(void)
{
	TimestampTz now = dbops_clock_now();
	int64 now_us = dbops_clock_monotonic_us();
	const SpiRows *schema;
	const SpiRows *rows;
	NamedObject *wanted;
	int nwanted;
	bool isnull;

	if (statements != NULL &&
	    (now_us - created_us > KNOWN_US || hash_get_num_entries(statements) > KNOWN_MAX))
		drop_statements();
	if (!is_due(now_us))
		return 0;
	load_known(now);
	if (waiting == 0)
		return 0;
	schema = dbops_spi_query(extension_query, NULL, 0);
	if (schema->nrows == 0)
		return 0;
	wanted = list_waiting(&nwanted);
	rows = read_texts(TextDatumGetCString(dbops_spi_cell(schema, 0, 0, &isnull)), wanted, nwanted);
	/* Not before: a failure stays one until a reading succeeds. */
	read_us = now_us;
	forget_waiting(wanted, nwanted);
	return store_texts(rows, now);
}
