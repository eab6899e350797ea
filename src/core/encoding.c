/*
 * core/encoding.c
 *		Texts in shared memory, which come from databases of any encoding; see encoding.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "core/encoding.h"

void
dbops_encoding_fit(char *words, int encoding)
{
	int length = strlen(words);

	if (encoding == GetDatabaseEncoding() && pg_verify_mbstr(encoding, words, length, true))
		return;
	for (int i = 0; i < length; i++)
	{
		if (IS_HIGHBIT_SET(words[i]))
			words[i] = '?';
	}
}

int
dbops_encoding_clip(const char *words, int length, int limit)
{
	return length <= limit ? length : pg_mbcliplen(words, length, limit);
}

char *
dbops_encoding_utf8(char *words)
{
	int encoding = GetDatabaseEncoding();
	int left = strlen(words);
	Oid conversion;
	char *made;
	char *next;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return words;
	conversion = FindDefaultConversionProc(encoding, PG_UTF8);
	made = palloc((Size) left * MAX_CONVERSION_GROWTH + 1);
	next = made;
	*next = '\0';
	while (left > 0)
	{
		/* It stops at a letter that cannot be converted. */
		int done = !OidIsValid(conversion) ?
		               0 :
		               pg_do_encoding_conversion_buf(
		                   conversion, encoding, PG_UTF8, (unsigned char *) words, left,
		                   (unsigned char *) next, left * MAX_CONVERSION_GROWTH + 1, true);

		next += strlen(next);
		words += done;
		left -= done;
		if (left <= 0)
			break;
		*next++ = IS_HIGHBIT_SET(*words) ? '?' : *words;
		*next = '\0';
		done = Min(left, Max(pg_mblen(words), 1));
		words += done;
		left -= done;
	}
	return made;
}
