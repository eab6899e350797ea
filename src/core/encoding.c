/*
 * core/encoding.c
 *		Texts in shared memory, which come from databases of any encoding; see encoding.h.
 */
#include "postgres.h"

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
