/*
 * expose/html.c
 *		Text into a page; see html.h.
 */
#include "postgres.h"

#include <limits.h>

#include "expose/html.h"

#define NO_LETTER 0xFFFD

/* The length of a sequence by its first byte, and the least letter that may take it. */
typedef struct Lead
{
	unsigned char mask;
	unsigned char bits;
	int length;
	uint32 least;
} Lead;

static const Lead leads[] = {
    {0x80, 0x00, 1, 0}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}};

static bool
is_letter(uint32 letter, uint32 least)
{
	return letter >= least && letter <= 0x10FFFF && (letter < 0xD800 || letter > 0xDFFF);
}

/* Reads one letter and moves on; a byte that begins none is NO_LETTER. */
static uint32
next_letter(const unsigned char **words)
{
	const unsigned char *byte = *words;

	(*words)++;
	for (int i = 0; i < lengthof(leads); i++)
	{
		const Lead *lead = &leads[i];
		uint32 letter = *byte & (unsigned char) ~lead->mask;
		int n = 1;

		if ((*byte & lead->mask) != lead->bits)
			continue;
		for (; n < lead->length && (byte[n] & 0xC0) == 0x80; n++)
			letter = letter << 6 | (byte[n] & 0x3F);
		if (n < lead->length || !is_letter(letter, lead->least))
			return NO_LETTER;
		*words = byte + n;
		return letter;
	}
	return NO_LETTER;
}

static void
append_letter(StringInfo page, uint32 letter)
{
	switch (letter)
	{
		case '&':
			appendStringInfoString(page, "&amp;");
			return;
		case '<':
			appendStringInfoString(page, "&lt;");
			return;
		case '>':
			appendStringInfoString(page, "&gt;");
			return;
		case '"':
			appendStringInfoString(page, "&quot;");
			return;
		case '\'':
			appendStringInfoString(page, "&#39;");
			return;
		default:
			break;
	}
	if (letter < ' ' && letter != '\n' && letter != '\t' && letter != '\r')
		letter = NO_LETTER;
	if (letter < 0x7F)
		appendStringInfoChar(page, (char) letter);
	else
		appendStringInfo(page, "&#%u;", (letter >= 0x7F && letter < 0xA0) ? NO_LETTER : letter);
}

void
dbops_html_clipped(StringInfo page, const char *words, int limit)
{
	const unsigned char *next = (const unsigned char *) words;

	for (int n = 0; *next != '\0'; n++)
	{
		if (n >= limit)
		{
			appendStringInfoString(page, "&#8230;");
			return;
		}
		append_letter(page, next_letter(&next));
	}
}

void
dbops_html_text(StringInfo page, const char *words)
{
	dbops_html_clipped(page, words, INT_MAX);
}
