/*
 * expose/exposition_escape.h
 *		The three escapes that texts of Prometheus know.
 *
 * A file of its own because labels are made before their format is known, and help with it.
 */
#pragma once

#include "lib/stringinfo.h"

/* Backslash and new line; and quotation marks, where the value is within them. */
static inline void
dbops_exposition_escape(StringInfo out, const char *value, bool quoted)
{
	const char *special = quoted ? "\\\n\"" : "\\\n";

	for (;;)
	{
		int plain = (int) strcspn(value, special);

		appendBinaryStringInfo(out, value, plain);
		value += plain;
		if (*value == '\0')
			return;
		appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, *value == '\n' ? 'n' : *value);
		value++;
	}
}
