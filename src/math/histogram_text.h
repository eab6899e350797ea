/*
 * math/histogram_text.h
 *		A histogram as text: {bucket:count, ...}, its buckets numbered as in histogram.h.
 *
 * A file of its own beside the SQL functions so that what anybody may send is parsed by code that
 * needs no server, and can be tried with whatever a fuzzer thinks of.
 */
#pragma once

#include "math/histogram.h"

/*
 * The histogram of a text, allocated in the current context.  Buckets may come in any order.  What
 * is no histogram raises ERRCODE_INVALID_TEXT_REPRESENTATION or ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE.
 */
extern Histogram *dbops_histogram_parse(const char *input);

/* The text, allocated in the current context. */
extern char *dbops_histogram_print(const Histogram *histogram);
