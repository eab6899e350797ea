/*
 * expose/exposition.c
 *		What Prometheus reads; see exposition.h.
 */
#include "postgres.h"

#include "access/htup_details.h" /* from 16 on it brings the macros of varlena */

#include "expose/exposition_escape.h"
#include "expose/exposition_format.h"

/* What was written last will be about as much as is written next. */
static int last_size = 0;

void
dbops_exposition_begin(Exposition *exposition, const ExpositionFormat *format)
{
	static const char header[VARHDRSZ];

	memset(exposition, 0, sizeof(*exposition));
	exposition->format = format;
	initStringInfo(&exposition->text);
	enlargeStringInfo(&exposition->text, last_size + last_size / 8);
	appendBinaryStringInfo(&exposition->text, header, VARHDRSZ);
	initStringInfo(&exposition->family);
	initStringInfo(&exposition->pairs);
	initStringInfo(&exposition->message);
}

int
dbops_exposition_mark(Exposition *exposition)
{
	if (exposition->name != NULL)
		exposition->format->close(exposition);
	exposition->name = NULL;
	return exposition->text.len;
}

void
dbops_exposition_go_back(Exposition *exposition, int mark)
{
	exposition->name = NULL;
	exposition->text.len = mark;
	exposition->text.data[mark] = '\0';
}

struct varlena *
dbops_exposition_end(Exposition *exposition)
{
	struct varlena *written;

	(void) dbops_exposition_mark(exposition);
	exposition->format->end(exposition);
	written = (struct varlena *) exposition->text.data;
	last_size = exposition->text.len;
	SET_VARSIZE(written, exposition->text.len);
	return written;
}

void
dbops_exposition_metric(Exposition *exposition, const char *name, ExposedType type,
                        const char *help)
{
	(void) dbops_exposition_mark(exposition);
	exposition->name = name;
	exposition->name_length = (int) strlen(name);
	exposition->type = type;
	exposition->format->metric(exposition, help);
}

void
dbops_exposition_integer(Exposition *exposition, const StringInfoData *labels, int64 value)
{
	exposition->format->integer(exposition, labels, value);
}

void
dbops_exposition_number(Exposition *exposition, const StringInfoData *labels, double value)
{
	exposition->format->number(exposition, labels, value);
}

void
dbops_exposition_histogram(Exposition *exposition, const StringInfoData *labels,
                           const ExposedHistogram *histogram)
{
	exposition->format->histogram(exposition, labels, histogram);
}

void
dbops_exposition_label(StringInfo labels, const char *name, const char *value)
{
	if (labels->len > 0)
		appendStringInfoChar(labels, ',');
	appendStringInfoString(labels, name);
	appendStringInfoString(labels, "=\"");
	dbops_exposition_escape(labels, value, true);
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
