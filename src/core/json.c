/*
 * core/json.c
 *		JSON that a program printed, as a tree; see json.h.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "core/compat_json.h"
#include "core/json.h"

/* The deepest that any program we read nests is 8. */
#define DEPTH_MAX 64

/* About 100 bytes each; a catalogue of a thousand backups has some 60,000. */
#define VALUES_MAX 500000

/* What is quoted of a text that is wrong. */
#define QUOTED_MAX 200

typedef struct Reading
{
	const char *source;
	Json *root;
	Json *open;       /* the array or object that is being read */
	const char *name; /* of the member that comes next */
	int depth;
	int values;
} Reading;

static const char *const kind_names[] = {
    [JSON_NULL] = "null",   [JSON_BOOLEAN] = "a boolean", [JSON_NUMBER] = "a number",
    [JSON_TEXT] = "a text", [JSON_ARRAY] = "an array",    [JSON_OBJECT] = "an object",
};

/* ---- what the server's parser calls ---- */

static Json *
add_value(Reading *reading, JsonKind kind)
{
	Json *value = palloc0(sizeof(Json));

	if (++reading->values > VALUES_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("%s is JSON of more than %d values", reading->source, VALUES_MAX)));
	value->kind = kind;
	value->parent = reading->open;
	value->name = reading->name;
	reading->name = NULL;
	if (value->parent == NULL)
		reading->root = value;
	else if (value->parent->first == NULL)
		value->parent->first = value->parent->last = value;
	else
	{
		value->parent->last->next = value;
		value->parent->last = value;
	}
	return value;
}

static void
open_value(Reading *reading, JsonKind kind)
{
	reading->open = add_value(reading, kind);
	if (++reading->depth > DEPTH_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("%s is JSON nested deeper than %d", reading->source, DEPTH_MAX)));
}

static void
close_value(Reading *reading)
{
	reading->open = reading->open->parent;
	reading->depth--;
}

static COMPAT_JSON_RESULT
begin_object(void *reading)
{
	open_value(reading, JSON_OBJECT);
	return COMPAT_JSON_DONE;
}

static COMPAT_JSON_RESULT
begin_array(void *reading)
{
	open_value(reading, JSON_ARRAY);
	return COMPAT_JSON_DONE;
}

static COMPAT_JSON_RESULT
end_value(void *reading)
{
	close_value(reading);
	return COMPAT_JSON_DONE;
}

static COMPAT_JSON_RESULT
begin_member(void *reading, char *name, bool isnull)
{
	((Reading *) reading)->name = name;
	return COMPAT_JSON_DONE;
}

static JsonKind
kind_of(JsonTokenType type)
{
	switch (type)
	{
		case JSON_TOKEN_STRING:
			return JSON_TEXT;
		case JSON_TOKEN_NUMBER:
			return JSON_NUMBER;
		case JSON_TOKEN_TRUE:
		case JSON_TOKEN_FALSE:
			return JSON_BOOLEAN;
		default:
			return JSON_NULL;
	}
}

static COMPAT_JSON_RESULT
take_scalar(void *reading, char *token, JsonTokenType type)
{
	add_value(reading, kind_of(type))->words = token;
	return COMPAT_JSON_DONE;
}

Json *
dbops_json_read(const char *words, Size size, const char *source)
{
	Reading reading = {.source = source};
	JsonSemAction actions = {
	    .semstate = &reading,
	    .object_start = begin_object,
	    .object_end = end_value,
	    .array_start = begin_array,
	    .array_end = end_value,
	    .object_field_start = begin_member,
	    .scalar = take_scalar,
	};
	JsonLexContext *lexer;
	JsonParseErrorType result;

	if (size > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("%s is too large to be read: %zu bytes", source, size)));
	lexer = dbops_compat_json_lexer(words, size, PG_UTF8);
	result = pg_parse_json(lexer, &actions);
	if (result != JSON_SUCCESS)
	{
		char *detail = json_errdetail(result, lexer);

		if (strlen(detail) > QUOTED_MAX)
			detail[QUOTED_MAX] = '\0';
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT), errmsg("%s is no JSON", source),
		                errdetail_internal("%s", detail)));
	}
	return reading.root;
}

/* ---- asking ---- */

static void
append_step(StringInfo path, const Json *json)
{
	int index = 0;

	if (json->parent == NULL)
		return;
	append_step(path, json->parent);
	if (json->name != NULL)
	{
		appendStringInfo(path, ".%.*s", QUOTED_MAX, json->name);
		return;
	}
	for (const Json *other = json->parent->first; other != json; other = other->next)
		index++;
	appendStringInfo(path, "[%d]", index);
}

const char *
dbops_json_path(const Json *json)
{
	StringInfoData path;

	initStringInfo(&path);
	append_step(&path, json);
	return path.len == 0 ? "the whole" : path.data;
}

void
dbops_json_expect(const Json *json, JsonKind kind)
{
	if (json->kind != kind)
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("JSON has %s where %s is expected: %s", kind_names[json->kind],
		                       kind_names[kind], dbops_json_path(json))));
}

const Json *
dbops_json_member(const Json *object, const char *name, JsonKind kind)
{
	const Json *found = NULL;

	if (object == NULL || object->kind == JSON_NULL)
		return NULL;
	dbops_json_expect(object, JSON_OBJECT);
	/* Of several of one name the last counts, as elsewhere in the server. */
	for (const Json *member = object->first; member != NULL; member = member->next)
	{
		if (strcmp(member->name, name) == 0)
			found = member;
	}
	if (found == NULL || found->kind == JSON_NULL)
		return NULL;
	dbops_json_expect(found, kind);
	return found;
}

const char *
dbops_json_text(const Json *object, const char *name)
{
	const Json *member = dbops_json_member(object, name, JSON_TEXT);

	return member == NULL ? NULL : member->words;
}

int64
dbops_json_integer(const Json *object, const char *name, int64 missing)
{
	const Json *member = dbops_json_member(object, name, JSON_NUMBER);
	char *end;
	int64 value;

	if (member == NULL)
		return missing;
	errno = 0;
	value = strtoll(member->words, &end, 10);
	if (errno != 0 || *end != '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("JSON has %.*s where a whole number is expected: %s", QUOTED_MAX,
		                       member->words, dbops_json_path(member))));
	return value;
}

bool
dbops_json_boolean(const Json *object, const char *name, bool missing)
{
	const Json *member = dbops_json_member(object, name, JSON_BOOLEAN);

	return member == NULL ? missing : strcmp(member->words, "true") == 0;
}
