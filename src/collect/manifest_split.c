/*
 * collect/manifest_split.c
 *		A backup manifest cut into its entries as it is read; see manifest_split.h.
 */
#include "postgres.h"

#include "collect/manifest_split.h"

/* A path of a thousand letters in hexadecimal has 2 kB. */
#define ENTRY_MAX 65536
#define REST_MAX 65536

/* The outermost object is at depth 1, its arrays at 2, their entries from 3 on. */
#define DEPTH_OF_MEMBERS 1
#define DEPTH_OF_ENTRIES 2

#define NAME_MAX_BYTES 64

struct ManifestSplit
{
	ManifestEntryFn take;
	void *arg;
	int depth;
	bool in_text;
	bool escaped;
	bool in_entry;
	bool after_entry;          /* nothing but a comma or the end of the array may follow */
	bool after_comma;          /* nothing but an entry may follow */
	char name[NAME_MAX_BYTES]; /* last text between quotes among the outermost members */
	int name_length;
	StringInfoData entry;
	StringInfoData rest;
};

static void
refuse(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
	                errmsg("backup manifest cannot be read: %s", what)));
}

ManifestSplit *
dbops_manifest_split_begin(ManifestEntryFn take, void *arg)
{
	ManifestSplit *split = palloc0(sizeof(ManifestSplit));

	split->take = take;
	split->arg = arg;
	initStringInfo(&split->entry);
	initStringInfo(&split->rest);
	return split;
}

static void
keep(ManifestSplit *split, char c)
{
	StringInfo where = split->in_entry ? &split->entry : &split->rest;

	if (where->len >= (split->in_entry ? ENTRY_MAX : REST_MAX))
		refuse(split->in_entry ? "an entry is too large" : "too much stands beside its entries");
	appendStringInfoCharMacro(where, c);
}

/* A letter of a text between quotes, the closing quote included. */
static void
take_letter(ManifestSplit *split, char c)
{
	keep(split, c);
	if (split->escaped)
		split->escaped = false;
	else if (c == '\\')
		split->escaped = true;
	else if (c == '"')
		split->in_text = false;
	if (split->depth == DEPTH_OF_MEMBERS && split->in_text &&
	    split->name_length < NAME_MAX_BYTES - 1)
	{
		split->name[split->name_length++] = c;
		split->name[split->name_length] = '\0';
	}
}

static void
open_bracket(ManifestSplit *split, char c)
{
	if (split->depth == DEPTH_OF_ENTRIES && c == '{')
	{
		if (split->after_entry)
			refuse("a comma is missing between two entries");
		split->in_entry = true;
		split->after_comma = false;
		resetStringInfo(&split->entry);
	}
	else if (split->depth == DEPTH_OF_MEMBERS && c == '[')
		split->after_entry = split->after_comma = false;
	split->depth++;
	keep(split, c);
}

static void
close_bracket(ManifestSplit *split, char c)
{
	if (split->depth == DEPTH_OF_ENTRIES && split->after_comma)
		refuse("an entry is missing after a comma");
	keep(split, c);
	if (split->depth > 0)
		split->depth--;
	if (split->in_entry && split->depth == DEPTH_OF_ENTRIES)
	{
		split->take(split->name, split->entry.data, split->entry.len, split->arg);
		split->in_entry = false;
		split->after_entry = true;
	}
}

static void
take_character(ManifestSplit *split, char c)
{
	switch (c)
	{
		case '"':
			split->in_text = true;
			if (split->depth == DEPTH_OF_MEMBERS)
				split->name_length = 0;
			keep(split, c);
			break;
		case '{':
		case '[':
			open_bracket(split, c);
			break;
		case '}':
		case ']':
			close_bracket(split, c);
			break;
		case ',':
			if (split->after_entry && split->depth == DEPTH_OF_ENTRIES)
			{
				split->after_entry = false;
				split->after_comma = true;
				break;
			}
			keep(split, c);
			break;
		case ' ':
		case '\t':
		case '\n':
		case '\r':
			/* One line per entry would make the rest as long as the manifest has lines. */
			if (split->in_entry || split->depth != DEPTH_OF_ENTRIES)
				keep(split, c);
			break;
		default:
			keep(split, c);
	}
}

void
dbops_manifest_split_feed(ManifestSplit *split, const char *data, Size size)
{
	for (Size i = 0; i < size; i++)
	{
		if (split->in_text)
			take_letter(split, data[i]);
		else
			take_character(split, data[i]);
	}
}

StringInfo
dbops_manifest_split_end(ManifestSplit *split)
{
	if (split->in_entry)
		refuse("it ends within an entry");
	return &split->rest;
}
