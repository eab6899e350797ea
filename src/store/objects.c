/*
 * store/objects.c
 *		The dictionary of names, dbops.object; see objects.h.
 *
 * A file of its own because the table has one writer.  Writing is set-based: arrays go in, one
 * statement stores what is new or changed and another marks what was dropped.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type_d.h"
#include "common/string.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/spi.h"
#include "store/objects.h"

#define BATCH_FORMAT 1

#define HAS_SCHEMA 1
#define HAS_NAME 2
#define HAS_DEFINITION 4

/* The last word on each object counts: a batch may tell twice of one. */
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
    "    definition = excluded.definition,\n"
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
    "         excluded.definition, excluded.is_unique, excluded.is_primary, excluded.is_valid,\n"
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
    "WHERE o.dropped_at < $1 OR (o.class = 's' AND o.last_seen_at < $1)";

/* ---- batches ---- */

/* The text, cut to at most `limit` bytes at a character's border. */
static void
append_text(StringInfo batch, const char *words, int limit)
{
	int length;

	if (words == NULL)
		return;
	length = pg_encoding_mbcliplen(PG_UTF8, words, (int) strlen(words), limit);
	appendBinaryStringInfo(batch, words, length);
	appendStringInfoChar(batch, '\0');
}

void
dbops_objects_encode_batch(StringInfo batch, const ObjectName *objects, int nobjects)
{
	if (batch->len == 0)
		pq_sendbyte(batch, BATCH_FORMAT);
	for (int i = 0; i < nobjects; i++)
	{
		const ObjectName *object = &objects[i];

		pq_sendbyte(batch, object->class);
		pq_sendbyte(batch, object->relkind);
		pq_sendbyte(batch, object->flags);
		pq_sendbyte(batch, (object->schemaname ? HAS_SCHEMA : 0) |
		                       (object->objname ? HAS_NAME : 0) |
		                       (object->definition ? HAS_DEFINITION : 0));
		pq_sendint32(batch, object->datid);
		pq_sendint64(batch, object->objid);
		pq_sendint32(batch, object->parentid);
		append_text(batch, object->schemaname, NAMEDATALEN - 1);
		append_text(batch, object->objname, NAMEDATALEN - 1);
		append_text(batch, object->definition, OBJECT_DEFINITION_MAX);
	}
}

static void
decode_one(StringInfo batch, ObjectName *object)
{
	int present;

	object->class = (char) pq_getmsgbyte(batch);
	object->relkind = (char) pq_getmsgbyte(batch);
	object->flags = (uint8) pq_getmsgbyte(batch);
	present = pq_getmsgbyte(batch);
	object->datid = pq_getmsgint(batch, 4);
	object->objid = pq_getmsgint64(batch);
	object->parentid = pq_getmsgint(batch, 4);
	object->schemaname = present & HAS_SCHEMA ? pq_getmsgrawstring(batch) : NULL;
	object->objname = present & HAS_NAME ? pq_getmsgrawstring(batch) : NULL;
	object->definition = present & HAS_DEFINITION ? pq_getmsgrawstring(batch) : NULL;
}

int
dbops_objects_decode_batch(char *data, Size size, ObjectName **objects)
{
	StringInfoData batch = {.data = data, .len = (int) size, .maxlen = (int) size};
	int capacity = 64;
	int count = 0;

	if (pq_getmsgbyte(&batch) != BATCH_FORMAT)
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_CORRUPTED), errmsg("batch of names has an unknown format")));
	*objects = palloc(sizeof(ObjectName) * capacity);
	while (batch.cursor < batch.len)
	{
		if (count == capacity)
		{
			capacity *= 2;
			*objects = repalloc(*objects, sizeof(ObjectName) * capacity);
		}
		decode_one(&batch, &(*objects)[count++]);
	}
	return count;
}

/* ---- storing ---- */

static const char *
kind_of(const ObjectName *object)
{
	switch (object->class)
	{
		case OBJECT_CLASS_DATABASE:
			return "database";
		case OBJECT_CLASS_ROLE:
			return "role";
		case OBJECT_CLASS_STATEMENT:
			return "statement";
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
	int length = (int) strlen(words);
	bool keeps = GetDatabaseEncoding() == PG_UTF8 ? pg_verify_mbstr(PG_UTF8, words, length, true) :
	                                                pg_is_ascii(words);
	char *copy = pstrdup(words);

	for (char *c = copy; !keeps && *c != '\0'; c++)
	{
		if (IS_HIGHBIT_SET(*c))
			*c = '?';
	}
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
column_of(const ObjectName *object, ObjectColumn column, bool *isnull)
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
array_of(const ObjectName *objects, int nobjects, ObjectColumn column)
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

static SpiValue
instant_of(TimestampTz at)
{
	return (SpiValue){.type = TIMESTAMPTZOID, .value = TimestampTzGetDatum(at)};
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
dbops_objects_upsert(const ObjectName *objects, int nobjects, TimestampTz at)
{
	SpiValue params[OBJECT_NCOLUMNS + 1];
	uint64 written;

	if (nobjects == 0)
		return 0;
	for (int column = 0; column < OBJECT_NCOLUMNS; column++)
		params[column] = array_of(objects, nobjects, column);
	params[OBJECT_NCOLUMNS] = instant_of(at);
	written = dbops_spi_execute(upsert_query, params, lengthof(params));
	return written + mark_dropped(params);
}

uint64
dbops_objects_store_batch(char *data, Size size, TimestampTz at)
{
	ObjectName *objects;
	int nobjects = dbops_objects_decode_batch(data, size, &objects);

	return dbops_objects_upsert(objects, nobjects, at);
}

uint64
dbops_objects_learn_shared(TimestampTz at)
{
	const SpiValue params[] = {instant_of(at)};

	return dbops_spi_execute(shared_query, params, 1) +
	       dbops_spi_execute(shared_drop_query, params, 1);
}

uint64
dbops_objects_prune(TimestampTz before)
{
	const SpiValue params[] = {instant_of(before)};

	return dbops_spi_execute(prune_query, params, 1);
}
