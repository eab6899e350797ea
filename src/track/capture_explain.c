/*
 * track/capture_explain.c
 *		Statements to paste that show the plan of what was captured; see capture_explain.h.
 *
 * A file of its own because it reads text as text: a parser would raise an error for the fragments
 * that procedural languages run.
 */
#include "postgres.h"

#include "access/transam.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

#include "track/capture_explain.h"

/* What EXPLAIN accepts; a parenthesis begins a SELECT. */
static const char *const explained[] = {"select", "insert", "update", "delete", "merge",
                                        "values", "table",  "with",   "declare"};

static const char *
skip_block_comment(const char *c)
{
	int depth = 0;

	do
	{
		if (c[0] == '/' && c[1] == '*')
			depth++;
		else if (c[0] == '*' && c[1] == '/')
			depth--;
		else
		{
			c++;
			continue;
		}
		c += 2;
	} while (depth > 0 && *c != '\0');
	return c;
}

/* Skips white space and comments. */
static const char *
skip_space(const char *c)
{
	for (;;)
	{
		if (scanner_isspace(*c))
			c++;
		else if (c[0] == '-' && c[1] == '-')
			c += strcspn(c, "\r\n");
		else if (c[0] == '/' && c[1] == '*')
			c = skip_block_comment(c);
		else
			return c;
	}
}

static bool
is_word_letter(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

/* Skips the keyword; NULL if the text does not begin with it. */
static const char *
skip_keyword(const char *c, const char *keyword)
{
	Size length = strlen(keyword);

	return pg_strncasecmp(c, keyword, length) == 0 && !is_word_letter(c[length]) ?
	           skip_space(c + length) :
	           NULL;
}

static const char *
skip_name(const char *c)
{
	if (*c != '"')
	{
		while (is_word_letter(*c))
			c++;
		return skip_space(c);
	}
	do
		c += 1 + strcspn(c + 1, "\"");
	while (c[0] == '"' && c[1] == '"' && *++c != '\0');
	return *c == '\0' ? c : skip_space(c + 1);
}

/* PREPARE name (types) AS statement: the statement; else what it is given. */
static const char *
skip_prepare(const char *c)
{
	const char *after = skip_keyword(c, "prepare");

	if (after == NULL)
		return c;
	after = skip_name(after);
	if (*after == '(')
	{
		after += strcspn(after, ")");
		after = *after == ')' ? skip_space(after + 1) : after;
	}
	after = skip_keyword(after, "as");
	return after != NULL ? after : c;
}

static bool
is_explained(const char *statement)
{
	if (*statement == '(')
		return true;
	for (int i = 0; i < lengthof(explained); i++)
	{
		if (skip_keyword(statement, explained[i]) != NULL)
			return true;
	}
	return false;
}

/* Whether $1 or the like stands in it, be it in a string. */
static bool
has_parameter(const char *statement)
{
	for (const char *c = strchr(statement, '$'); c != NULL; c = strchr(c + 1, '$'))
	{
		if (isdigit((unsigned char) c[1]))
			return true;
	}
	return false;
}

/* The search_path as it was set, with the role's name in place of "$user". */
static void
append_path(StringInfo script, const char *path, const char *rolname)
{
	const char *user = strstr(path, "\"$user\"");

	if (path[0] == '\0')
		path = "''";
	if (user == NULL || rolname == NULL)
	{
		appendStringInfoString(script, path);
		return;
	}
	appendBinaryStringInfo(script, path, user - path);
	appendStringInfoString(script, quote_identifier(rolname));
	appendStringInfoString(script, user + strlen("\"$user\""));
}

const char *
dbops_capture_type_name(const Capture *capture, Oid type)
{
	/* Types made by users are those of one database, and found by whatever search_path. */
	bool made = type >= FirstNormalObjectId;
	uint16 flags = FORMAT_TYPE_INVALID_AS_NULL | (made ? FORMAT_TYPE_FORCE_QUALIFY : 0);
	char *name = NULL;

	if (OidIsValid(type) && (!made || capture->key.datid == MyDatabaseId))
		name = format_type_extended(type, -1, flags);
	return name != NULL ? name : "unknown";
}

static bool
has_all_values(const Capture *capture)
{
	for (int i = 0; i < capture->nparameters; i++)
	{
		if (!capture->parameters[i].known)
			return false;
	}
	return true;
}

/* With the values it ran with, or else for values not known. */
static void
append_prepared(StringInfo script, const Capture *capture, const char *statement)
{
	bool with_values = has_all_values(capture);

	if (!with_values)
		appendStringInfoString(script, "SET LOCAL plan_cache_mode = force_generic_plan;\n");
	appendStringInfoString(script, "PREPARE dbops_sample (");
	for (int i = 0; i < capture->nparameters; i++)
		appendStringInfo(script, "%s%s", i > 0 ? ", " : "",
		                 dbops_capture_type_name(capture, capture->parameters[i].type));
	appendStringInfo(script, ") AS\n%s\n;\nEXPLAIN EXECUTE dbops_sample (", statement);
	for (int i = 0; i < capture->nparameters; i++)
	{
		const char *value = with_values ? capture->parameters[i].value : NULL;

		appendStringInfo(script, "%s%s", i > 0 ? ", " : "",
		                 value != NULL ? quote_literal_cstr(value) : "NULL");
	}
	appendStringInfoString(script, ");\nROLLBACK;\nDEALLOCATE dbops_sample;");
}

char *
dbops_capture_explain(const Capture *capture, const char *rolname)
{
	const char *statement = skip_prepare(skip_space(capture->query));
	StringInfoData script;

	if (capture->truncated || capture->named_parameters || !is_explained(statement) ||
	    (capture->nparameters == 0 && has_parameter(statement)))
		return NULL;
	initStringInfo(&script);
	appendStringInfoString(&script, "BEGIN;\nSET LOCAL search_path = ");
	append_path(&script, capture->search_path, rolname);
	appendStringInfoString(&script, ";\n");
	if (capture->nparameters > 0)
		append_prepared(&script, capture, statement);
	else
		/* On a line of its own: a comment may end the statement. */
		appendStringInfo(&script, "EXPLAIN %s\n;\nROLLBACK;", statement);
	return script.data;
}
