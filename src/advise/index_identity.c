/*
 * advise/index_identity.c
 *		What makes two indexes the same; see index_identity.h.
 *
 * Reads what the server's own deparser writes, so keywords stand in upper case and between single
 * blanks, and literals and quoted names double the quotes in them.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "advise/index_identity.h"

/* Past what is quoted, or past one character. */
static const char *
step_over(const char *at)
{
	char quote = *at;

	if (quote != '\'' && quote != '"')
		return at + 1;
	for (at++; *at != '\0'; at++)
	{
		if (*at == quote && *++at != quote)
			return at;
	}
	return at;
}

/* Past the word, if it stands there. */
static bool
take(const char **at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*at, word, length) != 0)
		return false;
	*at += length;
	return true;
}

/* The end of a name, which may be qualified, with what is quoted. */
static const char *
end_of_name(const char *at)
{
	while (*at != '\0' && *at != ' ' && *at != '(' && *at != ';')
		at = step_over(at);
	return at;
}

/* The parenthesis that closes the one at `at`; or the end. */
static const char *
find_closing(const char *at)
{
	int depth = 0;

	while (*at != '\0')
	{
		depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
		if (depth == 0)
			return at;
		at = step_over(at);
	}
	return at;
}

/* Past it; what has no end ends with the text. */
static const char *
step_over_parentheses(const char *at)
{
	const char *closing = find_closing(at);

	return *closing == '\0' ? closing : closing + 1;
}

/*
 * One key.  Around an expression there are parentheses where it is no function call; who writes
 * DDL may put them around a call as well.
 */
static void
append_key(StringInfo identity, const char *begin, const char *end)
{
	const char *closing = begin < end && *begin == '(' ? find_closing(begin) : end;

	if (closing < end)
	{
		appendBinaryStringInfo(identity, begin + 1, closing - begin - 1);
		begin = closing + 1;
	}
	appendBinaryStringInfo(identity, begin, end - begin);
}

/* A list in parentheses, key by key; returns what follows. */
static const char *
append_list(StringInfo identity, const char *at)
{
	const char *closing = find_closing(at);
	const char *begin = ++at;

	appendStringInfoChar(identity, '(');
	while (at < closing)
	{
		const char *end = at;

		while (end < closing && *end != ',')
			end = *end == '(' ? step_over_parentheses(end) : step_over(end);
		end = Min(end, closing);
		appendStringInfoString(identity, at == begin ? "" : ", ");
		append_key(identity, at, end);
		at = end < closing && end[1] == ' ' ? end + 2 : end + 1;
	}
	appendStringInfoChar(identity, ')');
	return *closing == '\0' ? closing : closing + 1;
}

/* The predicate, up to the end of the command, without parentheses around all of it. */
static void
append_predicate(StringInfo identity, const char *at)
{
	const char *end = at;

	while (*end != '\0' && *end != ';')
		end = step_over(end);
	while (at < end && *at == '(' && find_closing(at) == end - 1)
	{
		at++;
		end--;
	}
	appendStringInfoString(identity, " WHERE ");
	appendBinaryStringInfo(identity, at, end - at);
}

/* What follows the keys and is no part of the identity. */
static const char *
skip_options(const char *at)
{
	(void) take(&at, " NULLS NOT DISTINCT");
	if (take(&at, " WITH "))
		at = *at == '(' ? step_over_parentheses(at) : at;
	if (take(&at, " TABLESPACE "))
		at = end_of_name(at);
	return at;
}

/* Up to the table. */
static bool
take_beginning(const char **at)
{
	if (!take(at, "CREATE "))
		return false;
	(void) take(at, "UNIQUE ");
	if (!take(at, "INDEX "))
		return false;
	(void) take(at, "CONCURRENTLY ");
	(void) take(at, "IF NOT EXISTS ");
	if (!take(at, "ON "))
	{
		*at = end_of_name(*at);
		if (!take(at, " ON "))
			return false;
	}
	(void) take(at, "ONLY ");
	return true;
}

char *
dbops_index_identity_of(const char *definition)
{
	const char *at = definition;
	const char *end;
	StringInfoData identity;

	if (!take_beginning(&at))
		return NULL;
	initStringInfo(&identity);
	end = end_of_name(at);
	appendBinaryStringInfo(&identity, at, end - at);
	at = end;
	(void) take(&at, " ");
	if (take(&at, "USING "))
	{
		end = end_of_name(at);
		appendStringInfoString(&identity, " USING ");
		appendBinaryStringInfo(&identity, at, end - at);
		at = end;
		(void) take(&at, " ");
	}
	else
		appendStringInfoString(&identity, " USING btree");
	if (*at != '(')
		return NULL;
	appendStringInfoChar(&identity, ' ');
	at = append_list(&identity, at);
	if (take(&at, " INCLUDE "))
	{
		appendStringInfoString(&identity, " INCLUDE ");
		at = *at == '(' ? append_list(&identity, at) : at;
	}
	at = skip_options(at);
	if (take(&at, " WHERE "))
		append_predicate(&identity, at);
	return identity.data;
}

char *
dbops_index_identity_of_advice(const char *action, const char *ddl)
{
	char *identity = dbops_index_identity_of(ddl);
	const char *at = ddl;

	if (identity != NULL)
		return identity;
	if (take(&at, "DROP INDEX "))
	{
		(void) take(&at, "CONCURRENTLY ");
		(void) take(&at, "IF EXISTS ");
		return psprintf("DROP INDEX %.*s", (int) (end_of_name(at) - at), at);
	}
	return psprintf("%s %s", action, ddl);
}
