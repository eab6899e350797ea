/*
 * core/json_writer.c
 *		Writing JSON member by member; see json_writer.h.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/json.h"

#include "core/json_writer.h"

#define INDENT 2

/* As many digits as a double always has. */
#define NUMBER_FORMAT "%.15g"

static void
begin_line(JsonWriter *writer)
{
	appendStringInfoChar(&writer->text, '\n');
	appendStringInfoSpaces(&writer->text, INDENT * writer->depth);
}

/* What stands before a value. */
static void
lead(JsonWriter *writer, const char *name)
{
	if (!writer->empty)
		appendStringInfoChar(&writer->text, ',');
	if (writer->depth > 0)
		begin_line(writer);
	writer->empty = false;
	if (name == NULL)
		return;
	escape_json(&writer->text, name);
	appendStringInfoString(&writer->text, ": ");
}

void
dbops_json_writer_begin(JsonWriter *writer)
{
	initStringInfo(&writer->text);
	writer->depth = 0;
	writer->empty = true;
}

void
dbops_json_writer_open(JsonWriter *writer, const char *name, char bracket)
{
	lead(writer, name);
	appendStringInfoChar(&writer->text, bracket);
	writer->depth++;
	writer->empty = true;
}

void
dbops_json_writer_close(JsonWriter *writer, char bracket)
{
	writer->depth--;
	if (!writer->empty)
		begin_line(writer);
	appendStringInfoChar(&writer->text, bracket);
	writer->empty = false;
}

void
dbops_json_writer_text(JsonWriter *writer, const char *name, const char *value)
{
	lead(writer, name);
	escape_json(&writer->text, value);
}

void
dbops_json_writer_number(JsonWriter *writer, const char *name, double value)
{
	lead(writer, name);
	appendStringInfo(&writer->text, NUMBER_FORMAT, value);
}

void
dbops_json_writer_boolean(JsonWriter *writer, const char *name, bool value)
{
	lead(writer, name);
	appendStringInfoString(&writer->text, value ? "true" : "false");
}

void
dbops_json_writer_null(JsonWriter *writer, const char *name)
{
	lead(writer, name);
	appendStringInfoString(&writer->text, "null");
}

void
dbops_json_writer_items(JsonWriter *writer, const JsonItem *items)
{
	List *brackets = NIL;

	for (const JsonItem *item = items; item->kind != JSON_ITEM_END; item++)
	{
		switch (item->kind)
		{
			case JSON_ITEM_OBJECT:
				dbops_json_writer_open(writer, item->name, '{');
				brackets = lcons_int('}', brackets);
				break;
			case JSON_ITEM_ARRAY:
				dbops_json_writer_open(writer, item->name, '[');
				brackets = lcons_int(']', brackets);
				break;
			case JSON_ITEM_CLOSE:
				dbops_json_writer_close(writer, (char) linitial_int(brackets));
				brackets = list_delete_first(brackets);
				break;
			case JSON_ITEM_TEXT:
				dbops_json_writer_text(writer, item->name, item->text);
				break;
			case JSON_ITEM_NUMBER:
				dbops_json_writer_number(writer, item->name, item->number);
				break;
			case JSON_ITEM_BOOLEAN:
				dbops_json_writer_boolean(writer, item->name, item->number != 0);
				break;
			case JSON_ITEM_NULL:
				dbops_json_writer_null(writer, item->name);
				break;
			case JSON_ITEM_END:
				break;
		}
	}
	Assert(brackets == NIL);
}
