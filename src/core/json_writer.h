/*
 * core/json_writer.h
 *		Writing JSON member by member, laid out for people who read it or compare two versions.
 *
 * A file of its own because escaping, commas and indentation are no matter of what is written.
 * What is always the same can be given as a list of items.
 */
#pragma once

#include "lib/stringinfo.h"

typedef struct JsonWriter
{
	StringInfoData text;
	int depth;
	bool empty; /* nothing was written into what was opened last */
} JsonWriter;

typedef enum JsonItemKind
{
	JSON_ITEM_END, /* of a list of items */
	JSON_ITEM_OBJECT,
	JSON_ITEM_ARRAY,
	JSON_ITEM_CLOSE,
	JSON_ITEM_TEXT,
	JSON_ITEM_NUMBER,
	JSON_ITEM_BOOLEAN,
	JSON_ITEM_NULL,
} JsonItemKind;

typedef struct JsonItem
{
	JsonItemKind kind;
	const char *name; /* NULL within an array */
	const char *text;
	double number;
} JsonItem;

/* In the current context. */
extern void dbops_json_writer_begin(JsonWriter *writer);

/* In all of these `name` is NULL within an array, and for the outermost value. */
extern void dbops_json_writer_open(JsonWriter *writer, const char *name, char bracket);
extern void dbops_json_writer_close(JsonWriter *writer, char bracket);
extern void dbops_json_writer_text(JsonWriter *writer, const char *name, const char *value);
extern void dbops_json_writer_number(JsonWriter *writer, const char *name, double value);
extern void dbops_json_writer_boolean(JsonWriter *writer, const char *name, bool value);
extern void dbops_json_writer_null(JsonWriter *writer, const char *name);

/* The items up to the end of their list; what they open they close. */
extern void dbops_json_writer_items(JsonWriter *writer, const JsonItem *items);
