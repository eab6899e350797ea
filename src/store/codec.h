/*
 * store/codec.h
 *		Bytes of a tick: a frame of changes, column by column.
 *
 * Layout (integers are unsigned LEB128 varints unless said; signed ones zigzag; columns as in
 * store/integer_column.h):
 *
 *		format byte (1), row count, number of labels, a column for each label's keys (a text
 *		label: a column of lengths, then the bytes), then the metrics: number of metrics; for
 *		each, in order of its id, (id - previous id) * 8 + one of CodecMetric, and what that needs.
 *
 * The data names metrics by id and lists every metric the writer knew, so a reader with another set
 * skips what it does not know, leaves FAMILY_NULL what the writer lacked, and never takes a missing
 * metric for 0.
 *
 * Decoding trusts nothing: any malformed input raises ERRCODE_DATA_CORRUPTED, and never reads
 * beyond its end, or allocates more than its size justifies or than dbops_codec_max_rows() take.
 */
#pragma once

#include "lib/stringinfo.h"

#include "store/frame.h"
#include "store/grouped_column.h"
#include "store/varint.h"

/* Which entities to decode; those that keep() refuses cost no more than their key. */
typedef struct EntityFilter
{
	bool (*keep)(const EntityKey *key, void *arg);
	void *arg;
} EntityFilter;

/* Appends the encoded frame, whose rows must be sorted by key. */
extern void dbops_codec_encode(const Frame *frame, StringInfo out);

/*
 * Decodes into `frame` (reset first), only the metrics set in wanted[] (NULL = all); the others
 * stay FAMILY_NULL.
 */
extern void dbops_codec_decode(const char *data, Size size, const bool *wanted, Frame *frame);

/* The same, for the entities that the filter keeps (NULL = all). */
extern void dbops_codec_decode_some(const char *data, Size size, const bool *wanted,
                                    const EntityFilter *filter, Frame *frame);

/*
 * The most rows of the family that are read at once: a gigabyte of them.  A few bytes can claim any
 * number of rows that are all alike.
 */
extern int dbops_codec_max_rows(const Family *family);

/* Number of rows of an encoded frame. */
extern int dbops_codec_rows(const char *data, Size size);

/*
 * The parts, for chunks.  Keys are written from the rows listed in rows[] (NULL = the first nrows).
 * Reading them fills keys[] of nrows and returns the texts of each, see store/texts.h, all in one
 * allocation; NULL for a family without a text label.
 */
extern void dbops_codec_put_keys(StringInfo out, const Frame *frame, const int *rows, int nrows);
extern char **
dbops_codec_get_keys(ByteReader *in, const Family *family, int nrows, EntityKey *keys);

/* Metrics of `nrows` rows from `first` on, which are in groups by entity (NULL = in none). */
extern void dbops_codec_put_metrics(StringInfo out, const Frame *frame, int first, int nrows,
                                    const RowGroups *groups);

/* Reads metrics into rows that the frame has. */
extern void
dbops_codec_get_metrics(ByteReader *in, const PackedRows *rows, const bool *wanted, Frame *frame);
