/*
 * store/object_batch.c
 *		The form in which names travel; see object_batch.h.
 *
 * A file of its own because it is bytes only: the inspector and the sampler use it without a table.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"

#include "store/object_batch.h"

#define BATCH_FORMAT 1

#define HAS_SCHEMA 1
#define HAS_NAME 2
#define HAS_DEFINITION 4

/* The text, cut to at most `limit` bytes at a character's border. */
static void
append_text(StringInfo batch, const char *words, int limit)
{
	int length;

	if (words == NULL)
		return;
	length = (int) strlen(words);
	/* A text that is no UTF-8 may end within a character: then the clipped length is too long. */
	length = Min(length, pg_encoding_mbcliplen(PG_UTF8, words, length, limit));
	appendBinaryStringInfo(batch, words, length);
	appendStringInfoChar(batch, '\0');
}

void
dbops_object_batch_append(StringInfo batch, const NamedObject *objects, int nobjects)
{
	if (batch->len == 0)
		pq_sendbyte(batch, BATCH_FORMAT);
	for (int i = 0; i < nobjects; i++)
	{
		const NamedObject *object = &objects[i];

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
decode_one(StringInfo batch, NamedObject *object)
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
dbops_object_batch_decode(char *data, Size size, NamedObject **objects)
{
	StringInfoData batch = {.data = data, .len = (int) size, .maxlen = (int) size};
	int capacity = 64;
	int count = 0;

	if (pq_getmsgbyte(&batch) != BATCH_FORMAT)
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_CORRUPTED), errmsg("batch of names has an unknown format")));
	*objects = palloc(sizeof(NamedObject) * capacity);
	while (batch.cursor < batch.len)
	{
		if (count == capacity)
		{
			capacity *= 2;
			*objects = repalloc(*objects, sizeof(NamedObject) * capacity);
		}
		decode_one(&batch, &(*objects)[count++]);
	}
	return count;
}

char
dbops_object_batch_class(const char *data, Size size)
{
	return size > 1 && data[0] == BATCH_FORMAT ? data[1] : 0;
}
