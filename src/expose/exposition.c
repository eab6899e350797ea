/*
 * expose/exposition.c
 *		Writing Prometheus' text exposition format; see exposition.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h" /* from 16 on it brings the macros of varlena */
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "expose/exposition.h"

static const char *const type_words[] = {"untyped", "counter", "gauge", "histogram"};

/* What was written last will be about as much as is written next. */
static int last_size = 0;

void
dbops_exposition_begin(Exposition *exposition)
{
	static const char header[VARHDRSZ];

	initStringInfo(&exposition->text);
	enlargeStringInfo(&exposition->text, last_size + last_size / 8);
	appendBinaryStringInfo(&exposition->text, header, VARHDRSZ);
	exposition->name = NULL;
	exposition->name_length = 0;
}

struct varlena *
dbops_exposition_end(Exposition *exposition)
{
	struct varlena *written = (struct varlena *) exposition->text.data;

	last_size = exposition->text.len;
	SET_VARSIZE(written, exposition->text.len);
	return written;
}

/* The format knows three escapes; in help, a quotation mark is none. */
static void
append_escaped(StringInfo out, const char *value, bool quoted)
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

void
dbops_exposition_metric(Exposition *exposition, const char *name, ExposedType type,
                        const char *help)
{
	StringInfo out = &exposition->text;

	exposition->name = name;
	exposition->name_length = (int) strlen(name);
	appendStringInfo(out, "# HELP %s ", name);
	append_escaped(out, help, false);
	appendStringInfo(out, "\n# TYPE %s %s\n", name, type_words[type]);
}

void
dbops_exposition_label(StringInfo labels, const char *name, const char *value)
{
	if (labels->len > 0)
		appendStringInfoChar(labels, ',');
	appendStringInfoString(labels, name);
	appendStringInfoString(labels, "=\"");
	append_escaped(labels, value, true);
	appendStringInfoChar(labels, '"');
}

StringInfoData
dbops_exposition_keep(const StringInfoData *labels)
{
	StringInfoData kept = *labels;

	kept.maxlen = labels->len + 1;
	kept.data = palloc(kept.maxlen);
	memcpy(kept.data, labels->data, kept.maxlen);
	return kept;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/*
 * There are tens of thousands of them, so room is made once for each, and what is put into it does
 * not ask again.
 */
typedef struct Piece
{
	const char *bytes;
	int size;
} Piece;

#define PIECE(literal) ((Piece){.bytes = (literal), .size = (int) sizeof(literal) - 1})

/* Braces, blank, a number, the end of the line and of the text. */
#define LINE_EXTRA (8 + Max(MAXINT8LEN, DOUBLE_SHORTEST_DECIMAL_LEN))

static inline char *
put(char *at, Piece piece)
{
	memcpy(at, piece.bytes, piece.size);
	return at + piece.size;
}

/* The metric's name with an ending, and its labels with one more. */
static char *
begin_line(Exposition *exposition, Piece ending, const StringInfoData *labels, Piece more)
{
	StringInfo out = &exposition->text;
	const Piece name = {exposition->name, exposition->name_length};
	const Piece own = {labels == NULL ? "" : labels->data, labels == NULL ? 0 : labels->len};
	char *at;

	enlargeStringInfo(out, name.size + ending.size + own.size + more.size + LINE_EXTRA);
	at = put(put(out->data + out->len, name), ending);
	if (own.size > 0 || more.size > 0)
	{
		*at++ = '{';
		at = put(at, own);
		if (own.size > 0 && more.size > 0)
			*at++ = ',';
		at = put(at, more);
		*at++ = '}';
	}
	*at++ = ' ';
	return at;
}

static void
end_line(Exposition *exposition, char *at)
{
	*at++ = '\n';
	*at = '\0';
	exposition->text.len = (int) (at - exposition->text.data);
}

static char *
put_number(char *at, double value)
{
	if (isnan(value))
		return put(at, PIECE("NaN"));
	if (isinf(value))
		return put(at, value > 0 ? PIECE("+Inf") : PIECE("-Inf"));
	return at + double_to_shortest_decimal_bufn(value, at);
}

void
dbops_exposition_integer(Exposition *exposition, const StringInfoData *labels, int64 value)
{
	char *at = begin_line(exposition, PIECE(""), labels, PIECE(""));

	end_line(exposition, at + pg_lltoa(value, at));
}

void
dbops_exposition_number(Exposition *exposition, const StringInfoData *labels, double value)
{
	char *at = begin_line(exposition, PIECE(""), labels, PIECE(""));

	end_line(exposition, put_number(at, value));
}

static void
write_bucket(Exposition *exposition, const StringInfoData *labels, double bound, int64 count)
{
	char le[DOUBLE_SHORTEST_DECIMAL_LEN + 8];
	char *end = put(put_number(put(le, PIECE("le=\"")), bound), PIECE("\""));
	char *at = begin_line(exposition, PIECE("_bucket"), labels, (Piece){le, (int) (end - le)});

	end_line(exposition, at + pg_lltoa(count, at));
}

void
dbops_exposition_histogram(Exposition *exposition, const StringInfoData *labels,
                           const ExposedHistogram *histogram)
{
	const int64 count = histogram->counts[histogram->nbounds];
	char *at;

	for (int i = 0; i < histogram->nbounds; i++)
		write_bucket(exposition, labels, histogram->bounds[i], histogram->counts[i]);
	write_bucket(exposition, labels, get_float8_infinity(), count);
	at = begin_line(exposition, PIECE("_sum"), labels, PIECE(""));
	end_line(exposition, put_number(at, histogram->sum));
	at = begin_line(exposition, PIECE("_count"), labels, PIECE(""));
	end_line(exposition, at + pg_lltoa(count, at));
}
