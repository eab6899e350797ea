/*
 * store/column.h
 *		A column of integers in few bytes: how every sequence of numbers in the history is written.
 *
 * A file of its own because keys, metrics and histograms of ticks and chunks alike are columns.
 * The writer measures a few encodings and takes the shortest:
 *		zero, null, constant: nothing but the value
 *		packed	distance to the smallest value (divided by the common divisor), either at a fixed
 *				number of bits, the rare larger ones patched with varints, or in Rice codes
 *		sparse	what differs from 0 (or NULL): its gaps and its values, each a column
 *		delta	difference to the value before, packed
 * Layout: a byte with the encoding and its flags, then what the encoding needs.  The number of
 * values is known to the reader.
 */
#pragma once

#include "store/varint.h"

/* The low bits of the first byte. */
typedef enum ColumnEncoding
{
	COLUMN_ZERO,
	COLUMN_NULL,
	COLUMN_CONST, /* followed by one signed varint */
	COLUMN_PACKED,
	COLUMN_SPARSE,
	COLUMN_DELTA,
} ColumnEncoding;

/* Appends n values; FAMILY_NULL survives. */
extern void dbops_column_put(StringInfo out, const int64 *values, int n);

/* Reads n values.  Malformed input raises ERRCODE_DATA_CORRUPTED. */
extern void dbops_column_get(ByteReader *in, int64 *values, int n);
