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

/* A part of a text. */
typedef struct Span
{
	const char *at;
	const char *end;
} Span;

/* An identity, taken apart. */
typedef struct Parts
{
	Span head; /* table and method */
	bool ordered;
	Span keys;
	Span included;
	Span predicate;
} Parts;

/* A key without its direction, and that. */
typedef struct Key
{
	Span what;
	bool descending;
	bool nulls_first;
} Key;

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

/*
 * Takes what stands before the word, outside of parentheses and quotes, or else the rest.  False if
 * nothing is left.
 */
static bool
take_part(Span *list, const char *word, Span *part)
{
	size_t length = strlen(word);
	const char *end = list->at;

	if (list->at >= list->end)
		return false;
	while (end < list->end && strncmp(end, word, length) != 0)
		end = *end == '(' ? step_over_parentheses(end) : step_over(end);
	end = Min(end, list->end);
	*part = (Span){list->at, end};
	list->at = Min(end + length, list->end);
	return true;
}

/* Without parentheses around all of it. */
static Span
strip(Span span)
{
	while (span.at < span.end && *span.at == '(' && find_closing(span.at) == span.end - 1)
	{
		span.at++;
		span.end--;
	}
	return span;
}

/* A list in parentheses, key by key; returns what follows. */
static const char *
append_list(StringInfo identity, const char *at)
{
	const char *closing = find_closing(at);
	Span list = {at + 1, closing};
	Span key;

	appendStringInfoChar(identity, '(');
	for (bool first = true; take_part(&list, ", ", &key); first = false)
	{
		appendStringInfoString(identity, first ? "" : ", ");
		append_key(identity, key.at, key.end);
	}
	appendStringInfoChar(identity, ')');
	return *closing == '\0' ? closing : closing + 1;
}

/* The predicate, up to the end of the command. */
static void
append_predicate(StringInfo identity, const char *at)
{
	Span span = {at, at};

	while (*span.end != '\0' && *span.end != ';')
		span.end = step_over(span.end);
	span = strip(span);
	appendStringInfoString(identity, " WHERE ");
	appendBinaryStringInfo(identity, span.at, span.end - span.at);
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

/* ---- whether one is as good as another ------------------------------------------------------- */

static bool
is_same(Span a, Span b)
{
	return a.end - a.at == b.end - b.at && memcmp(a.at, b.at, a.end - a.at) == 0;
}

/* The inside of a list in parentheses. */
static Span
take_list(const char **at)
{
	const char *closing = find_closing(*at);
	Span list = {*at + 1, closing};

	*at = *closing == '\0' ? closing : closing + 1;
	return list;
}

/* False of what is no identity of an index. */
static bool
take_apart(const char *identity, Parts *parts)
{
	const char *at = end_of_name(identity);

	*parts = (Parts){.head.at = identity};
	if (!take(&at, " USING "))
		return false;
	parts->ordered = strncmp(at, "btree ", strlen("btree ")) == 0;
	parts->head.end = at = end_of_name(at);
	if (!take(&at, " ") || *at != '(')
		return false;
	parts->keys = take_list(&at);
	if (take(&at, " INCLUDE ") && *at == '(')
		parts->included = take_list(&at);
	if (take(&at, " WHERE "))
		parts->predicate = (Span){at, at + strlen(at)};
	return true;
}

static bool
cut_ending(Span *span, const char *ending)
{
	ptrdiff_t length = strlen(ending);

	if (span->end - span->at < length || memcmp(span->end - length, ending, length) != 0)
		return false;
	span->end -= length;
	return true;
}

/* As the server writes it, leaving out what is usual: NULLs are last, or first if it descends. */
static Key
read_key(Span words)
{
	Key key = {.what = words};
	const bool first = cut_ending(&key.what, " NULLS FIRST");
	const bool last = !first && cut_ending(&key.what, " NULLS LAST");

	key.descending = cut_ending(&key.what, " DESC");
	key.nulls_first = first || (key.descending && !last);
	return key;
}

/* An index is read from either end, so all of the keys may be the other way round. */
static bool
has_keys_first(const Parts *built, const Parts *advised)
{
	Span theirs = built->keys;
	Span ours = advised->keys;
	Span words;
	bool reversed = false;

	for (bool first = true; take_part(&ours, ", ", &words); first = false)
	{
		const Key key = read_key(words);
		Key other;

		if (!take_part(&theirs, ", ", &words))
			return false;
		other = read_key(words);
		reversed = first ? built->ordered && key.descending != other.descending : reversed;
		if (!is_same(key.what, other.what) || (key.descending != other.descending) != reversed ||
		    (key.nulls_first != other.nulls_first) != reversed)
			return false;
	}
	/* What other methods make of more keys is another index. */
	return built->ordered || theirs.at >= theirs.end;
}

static bool
has_key(Span keys, Span column)
{
	Span words;

	while (take_part(&keys, ", ", &words))
	{
		if (is_same(read_key(words).what, column))
			return true;
	}
	return false;
}

static bool
has_columns(const Parts *built, const Parts *advised)
{
	Span wanted = advised->included;
	Span column;

	while (take_part(&wanted, ", ", &column))
	{
		if (!has_key(built->keys, column) && !has_key(built->included, column))
			return false;
	}
	return true;
}

static bool
has_condition(Span predicate, Span condition)
{
	Span part;

	while (take_part(&predicate, " AND ", &part))
	{
		if (is_same(strip(part), condition))
			return true;
	}
	return false;
}

/* Whether it has all rows of the other: each of its conditions is one of that. */
static bool
has_rows(const Parts *built, const Parts *advised)
{
	Span conditions = built->predicate;
	Span condition;

	while (take_part(&conditions, " AND ", &condition))
	{
		if (!has_condition(advised->predicate, strip(condition)))
			return false;
	}
	return true;
}

bool
dbops_index_identity_serves(const char *built, const char *advised)
{
	Parts theirs;
	Parts ours;

	return take_apart(built, &theirs) && take_apart(advised, &ours) &&
	       is_same(theirs.head, ours.head) && has_keys_first(&theirs, &ours) &&
	       has_columns(&theirs, &ours) && has_rows(&theirs, &ours);
}
