/*
 * core/compat_json.h
 *		The differences between PostgreSQL 15 and 19 in their parser of JSON.
 *
 * A part of core/compat.h in a file of its own, as each of its parts serves one need.
 */
#pragma once

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

/* What a callback of the parser returns: 16 lets it fail. */
#if PG_VERSION_NUM >= 160000
#define COMPAT_JSON_RESULT JsonParseErrorType
#define COMPAT_JSON_DONE JSON_SUCCESS
#else
#define COMPAT_JSON_RESULT void
#define COMPAT_JSON_DONE
#endif

/* A lexer of a text in the encoding given, which takes the escapes out: 17 may take its struct. */
static inline JsonLexContext *
dbops_compat_json_lexer(const char *words, Size size, int encoding)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, words, size, encoding, true);
#else
	return makeJsonLexContextCstringLen(unconstify(char *, words), (int) size, encoding, true);
#endif
}
