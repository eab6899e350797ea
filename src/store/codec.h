/*
 * store/codec.h
 *		Bytes of a tick: a frame of changes, column by column, delta and varint coded.
 *
 * Layout (all integers unsigned LEB128 varints unless said; signed ones zigzag):
 *		format byte (1), row count, then for each label the keys (sorted; parts delta coded against the
 *		row before, a text label as length and bytes), then for each metric that is not all zero or NULL:
 *		metric id, encoding byte, byte length, data.
 * The data names metrics by id, so a reader with another column set skips what it does not know and
 * leaves FAMILY_NULL what it lacks.  A counter column that is absent reads as 0 for the rows of the
 * tick only if the writer knew the metric; the writer lists the metrics that are NULL throughout.
 *
 * Decoding trusts nothing: any malformed input raises ERRCODE_DATA_CORRUPTED, and never reads or
 * allocates beyond what the size of the input justifies.
 */
#pragma once

#include "lib/stringinfo.h"

#include "store/frame.h"

/* Appends the encoded frame, whose rows must be sorted by key. */
extern void dbops_codec_encode(const Frame *frame, StringInfo out);

/*
 * Decodes into `frame` (reset first), only the metrics set in wanted[] (NULL = all); the others stay
 * FAMILY_NULL.
 */
extern void dbops_codec_decode(const char *data, Size size, const bool *wanted, Frame *frame);
