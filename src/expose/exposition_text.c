/*
 * expose/exposition_text.c
 *		The formats of Prometheus that are text: its own, and OpenMetrics.
 *
 * They are one but for the headings.  OpenMetrics knows a counter by samples that end in _total,
 * and calls the metric by what is before that.  So do the counters of dbops.  Those that have the
 * names of others often do not, or are there under both names; as no two metrics may share one,
 * these are of unknown type, and their samples are what they are in the other formats.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "expose/exposition_escape.h"
#include "expose/exposition_format.h"

#define OWN "dbops_"
#define TOTAL "_total"

/* ---- headings -------------------------------------------------------------------------------- */

static void
write_metric(Exposition *exposition, const char *help)
{
	static const char *const words[] = {"untyped", "counter", "gauge", "histogram"};
	StringInfo out = &exposition->text;

	appendStringInfo(out, "# HELP %s ", exposition->name);
	dbops_exposition_escape(out, help, false);
	appendStringInfo(out, "\n# TYPE %s %s\n", exposition->name, words[exposition->type]);
}

static bool
is_own_counter(const Exposition *exposition)
{
	const int tail = (int) strlen(TOTAL);

	return exposition->type == EXPOSED_COUNTER &&
	       strncmp(exposition->name, OWN, strlen(OWN)) == 0 && exposition->name_length > tail &&
	       strcmp(exposition->name + exposition->name_length - tail, TOTAL) == 0;
}

static void
write_openmetrics_metric(Exposition *exposition, const char *help)
{
	static const char *const words[] = {"unknown", "unknown", "gauge", "histogram"};
	const bool counter = is_own_counter(exposition);
	const int length = exposition->name_length - (counter ? (int) strlen(TOTAL) : 0);
	StringInfo out = &exposition->text;

	appendStringInfo(out, "# TYPE %.*s %s\n# HELP %.*s ", length, exposition->name,
	                 counter ? "counter" : words[exposition->type], length, exposition->name);
	dbops_exposition_escape(out, help, true);
	appendStringInfoChar(out, '\n');
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

static void
write_integer(Exposition *exposition, const StringInfoData *labels, int64 value)
{
	char *at = begin_line(exposition, PIECE(""), labels, PIECE(""));

	end_line(exposition, at + pg_lltoa(value, at));
}

static void
write_number(Exposition *exposition, const StringInfoData *labels, double value)
{
	char *at = begin_line(exposition, PIECE(""), labels, PIECE(""));

	end_line(exposition, put_number(at, value));
}

/* In OpenMetrics, a bound that is a whole number does not look like one. */
static char *
put_bound(const Exposition *exposition, char *at, double bound)
{
	char *end = put_number(at, bound);

	if (exposition->format == &dbops_exposition_openmetrics && !isinf(bound) &&
	    memchr(at, '.', end - at) == NULL && memchr(at, 'e', end - at) == NULL)
		end = put(end, PIECE(".0"));
	return end;
}

static void
write_bucket(Exposition *exposition, const StringInfoData *labels, double bound, int64 count)
{
	char le[DOUBLE_SHORTEST_DECIMAL_LEN + 8];
	char *end = put(put_bound(exposition, put(le, PIECE("le=\"")), bound), PIECE("\""));
	char *at = begin_line(exposition, PIECE("_bucket"), labels, (Piece){le, (int) (end - le)});

	end_line(exposition, at + pg_lltoa(count, at));
}

static void
write_histogram(Exposition *exposition, const StringInfoData *labels,
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

/* ---- the end --------------------------------------------------------------------------------- */

static void
write_nothing(Exposition *exposition)
{
}

static void
write_end(Exposition *exposition)
{
	appendStringInfoString(&exposition->text, "# EOF\n");
}

const ExpositionFormat dbops_exposition_text = {
    .metric = write_metric,
    .integer = write_integer,
    .number = write_number,
    .histogram = write_histogram,
    .close = write_nothing,
    .end = write_nothing,
};

const ExpositionFormat dbops_exposition_openmetrics = {
    .metric = write_openmetrics_metric,
    .integer = write_integer,
    .number = write_number,
    .histogram = write_histogram,
    .close = write_nothing,
    .end = write_end,
};
