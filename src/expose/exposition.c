/*
 * expose/exposition.c
 *		Writing Prometheus' text exposition format; see exposition.h.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "expose/exposition.h"

static const char *const type_words[] = {"untyped", "counter", "gauge", "histogram"};

void
dbops_exposition_begin(Exposition *exposition)
{
	initStringInfo(&exposition->text);
	exposition->name = NULL;
	exposition->name_length = 0;
}

/* The format knows three escapes; in help, a quotation mark is none. */
static void
append_escaped(StringInfo out, const char *value, bool quoted)
{
	for (const char *c = value; *c != '\0'; c++)
	{
		if (*c == '\n')
			appendStringInfoString(out, "\\n");
		else
		{
			if (*c == '\\' || (quoted && *c == '"'))
				appendStringInfoChar(out, '\\');
			appendStringInfoCharMacro(out, *c);
		}
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

static void
append_labels(StringInfo out, const StringInfoData *labels, const char *more)
{
	bool some = labels != NULL && labels->len > 0;

	if (!some && more == NULL)
		return;
	appendStringInfoChar(out, '{');
	if (some)
		appendBinaryStringInfo(out, labels->data, labels->len);
	if (some && more != NULL)
		appendStringInfoChar(out, ',');
	if (more != NULL)
		appendStringInfoString(out, more);
	appendStringInfoChar(out, '}');
}

static void
append_integer(StringInfo out, int64 value)
{
	enlargeStringInfo(out, MAXINT8LEN + 1);
	out->len += pg_lltoa(value, out->data + out->len);
}

static void
append_number(StringInfo out, double value)
{
	if (isnan(value))
		appendStringInfoString(out, "NaN");
	else if (isinf(value))
		appendStringInfoString(out, value > 0 ? "+Inf" : "-Inf");
	else
	{
		enlargeStringInfo(out, DOUBLE_SHORTEST_DECIMAL_LEN);
		out->len += double_to_shortest_decimal_buf(value, out->data + out->len);
	}
}

static void
begin_sample(Exposition *exposition, const StringInfoData *labels)
{
	appendBinaryStringInfo(&exposition->text, exposition->name, exposition->name_length);
	append_labels(&exposition->text, labels, NULL);
	appendStringInfoChar(&exposition->text, ' ');
}

void
dbops_exposition_integer(Exposition *exposition, const StringInfoData *labels, int64 value)
{
	begin_sample(exposition, labels);
	append_integer(&exposition->text, value);
	appendStringInfoChar(&exposition->text, '\n');
}

void
dbops_exposition_number(Exposition *exposition, const StringInfoData *labels, double value)
{
	begin_sample(exposition, labels);
	append_number(&exposition->text, value);
	appendStringInfoChar(&exposition->text, '\n');
}

static void
append_bucket(Exposition *exposition, const StringInfoData *labels, double bound, int64 count)
{
	StringInfo out = &exposition->text;
	char more[DOUBLE_SHORTEST_DECIMAL_LEN + 8];

	if (isinf(bound))
		strlcpy(more, "le=\"+Inf\"", sizeof(more));
	else
	{
		int length = 4;

		memcpy(more, "le=\"", 4);
		length += double_to_shortest_decimal_bufn(bound, more + length);
		memcpy(more + length, "\"", 2);
	}
	appendStringInfo(out, "%s_bucket", exposition->name);
	append_labels(out, labels, more);
	appendStringInfoChar(out, ' ');
	append_integer(out, count);
	appendStringInfoChar(out, '\n');
}

void
dbops_exposition_histogram(Exposition *exposition, const StringInfoData *labels,
                           const ExposedHistogram *histogram)
{
	StringInfo out = &exposition->text;

	for (int i = 0; i < histogram->nbounds; i++)
		append_bucket(exposition, labels, histogram->bounds[i], histogram->counts[i]);
	append_bucket(exposition, labels, get_float8_infinity(), histogram->counts[histogram->nbounds]);
	appendStringInfo(out, "%s_sum", exposition->name);
	append_labels(out, labels, NULL);
	appendStringInfoChar(out, ' ');
	append_number(out, histogram->sum);
	appendStringInfo(out, "\n%s_count", exposition->name);
	append_labels(out, labels, NULL);
	appendStringInfoChar(out, ' ');
	append_integer(out, histogram->counts[histogram->nbounds]);
	appendStringInfoChar(out, '\n');
}
