/*
 * store/integer_column.h
 *		A column of integers in few bytes: how every sequence of numbers in the history is written.
 *
 * A file of its own because keys, metrics and histograms of ticks and chunks alike are columns.
 * The writer measures a few encodings and takes the shortest:
 *
 *		zero, null, constant: nothing but the value
 *
 *		packed: distance to the smallest value, divided by the common divisor, either at a fixed
 *		number of bits, the rare larger ones patched with varints, or in Rice codes
 *
 *		sparse: gaps and values of what differs from 0 (or NULL), each a column
 *
 *		delta: difference to the value before, packed
 *
 * Layout: a byte with the encoding and its flags, then what the encoding needs.  The number of
 * values is known to the reader.
 */
#pragma once

#include "store/varint.h"

/* The low bits of the first byte. */
typedef enum IntegerEncoding
{
	INTEGER_ZERO,
	INTEGER_NULL,
	INTEGER_CONST, /* followed by one signed varint */
	INTEGER_PACKED,
	INTEGER_SPARSE,
	INTEGER_DELTA,
} IntegerEncoding;

/* Appends n values; FAMILY_NULL survives. */
extern void dbops_integer_column_put(StringInfo out, const int64 *values, int n);

/* Reads n values.  Malformed input raises ERRCODE_DATA_CORRUPTED. */
extern void dbops_integer_column_get(ByteReader *in, int64 *values, int n);
