/*
 * core/json.h
 *		JSON that a program printed, as a tree that is asked by name.
 *
 * A file of its own because the server's parser calls back token by token, and what reads several
 * formats wants to ask for members instead.  All of it lives in the context that was current when
 * it was read.  A member that is missing or null is no value, one of another type is an error.
 */
#pragma once

#include "postgres.h"

typedef enum JsonKind
{
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_ARRAY,
	JSON_OBJECT,
} JsonKind;

typedef struct Json
{
	JsonKind kind;
	const char *name;   /* within an object */
	const char *words;  /* of a text, a number or a boolean */
	struct Json *first; /* within an array or an object, in their order */
	struct Json *next;
	struct Json *last;
	struct Json *parent;
} Json;

/*
 * Reads a text in the encoding of this database.  `source` names it in errors: it is no JSON, it
 * is nested too deep, or it has too many values for the memory that its size may cost.
 */
extern Json *dbops_json_read(const char *words, Size size, const char *source);

/* NULL when `object` is NULL or null or has none of that name; else it must be of that kind. */
extern const Json *dbops_json_member(const Json *object, const char *name, JsonKind kind);

/* NULL when there is none. */
extern const char *dbops_json_text(const Json *object, const char *name);

/* A number without fraction; `missing` when there is none. */
extern int64 dbops_json_integer(const Json *object, const char *name, int64 missing);

extern bool dbops_json_boolean(const Json *object, const char *name, bool missing);

/* That a value is of the kind that is expected; an error names it by its path. */
extern void dbops_json_expect(const Json *json, JsonKind kind);

/* For errors: where a value stands, as `[0].backup[3].lsn`. */
extern const char *dbops_json_path(const Json *json);
