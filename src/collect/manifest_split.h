/*
 * collect/manifest_split.h
 *		A backup manifest cut into its entries as it is read, so that it is never whole in memory.
 *
 * A file of its own because the server's parser of JSON wants all of a text until version 17, and a
 * manifest may have a hundred megabytes.  Only the outer shape is looked at here: each object in an
 * array of the outermost object is one entry, handed on as text; the rest is kept for the parser,
 * which so sees a small object with empty arrays.
 */
#pragma once

#include "lib/stringinfo.h"

typedef struct ManifestSplit ManifestSplit;

/* An entry of the array of that name, as JSON; valid during the call. */
typedef void (*ManifestEntryFn)(const char *array, const char *words, Size size, void *arg);

/* Lives in the context that is current. */
extern ManifestSplit *dbops_manifest_split_begin(ManifestEntryFn take, void *arg);

/* Takes the next part of the text.  Entries or a rest that are too large are an error. */
extern void dbops_manifest_split_feed(ManifestSplit *split, const char *data, Size size);

/* What is left without the entries.  An error when the text ends within one. */
extern StringInfo dbops_manifest_split_end(ManifestSplit *split);
