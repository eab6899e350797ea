/*
 * store/text_column.h
 *		A text label of many entities as bytes.
 *
 * A file of its own beside the other columns: texts repeat where entities have several labels, so
 * each different text is written once and then referred to by number.
 *
 * Layout: number of different texts, their lengths as an integer column, their bytes; then, if they
 * are fewer than the rows, which text each row has as an integer column.
 */
#pragma once

#include "lib/stringinfo.h"

#include "store/varint.h"

/* Appends the texts of `nrows` rows; hashes[] are theirs by dbops_entity_hash. */
extern void
dbops_text_column_put(StringInfo out, const char *const *texts, const int64 *hashes, int nrows);

/* A text as it lies in the bytes read, with its dbops_entity_hash. */
typedef struct ColumnText
{
	const char *bytes; /* `size` of them, without a zero byte at the end or elsewhere */
	int size;
	int64 hash;
} ColumnText;

/* Reads the column into texts[] of `nrows`.  The bytes stay those of the reader. */
extern void dbops_text_column_get(ByteReader *in, ColumnText *texts, int nrows);
