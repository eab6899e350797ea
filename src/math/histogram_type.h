/*
 * math/histogram_type.h
 *		The bytes of the SQL type dbops.histogram.
 *
 * A file of its own because the type has two users: its SQL functions, and the history, whose rows
 * hold histograms.  A value is a varlena of unsigned LEB128 varints: for each bucket with a count,
 * in ascending order, the distance from the bucket before it (less one; from -1 for the first) and
 * the count.  There is one way to write a histogram, so equal histograms have equal bytes.
 */
#pragma once

#include "math/histogram.h"

/* The largest sum of counts that a value may have: count() is a bigint. */
#define HISTOGRAM_MAX_COUNT ((uint64) PG_INT64_MAX)

struct varlena;

/* A value, allocated in the current context. */
extern struct varlena *dbops_histogram_form(const Histogram *histogram);

/*
 * The histogram of a value that is not toasted, allocated in the current context.  Trusts nothing:
 * raises ERRCODE_DATA_CORRUPTED for bytes that dbops_histogram_form cannot have made.
 */
extern Histogram *dbops_histogram_deform(const struct varlena *value);
