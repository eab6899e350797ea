/*
 * advise/key_samples.h
 *		How many combinations of the values of several columns there are, from samples that are
 *		taken once for a table.
 *
 * A file of its own because an advisor asks for hundreds of indexes, whose sizes must cost next to
 * nothing.
 */
#pragma once

#include "nodes/bitmapset.h"
#include "utils/relcache.h"

typedef struct KeySamples KeySamples;

/* Empty, in the current context. */
extern KeySamples *dbops_key_samples_new(void);

/*
 * Combinations of the columns of these numbers in a table of so many rows; 0: not known, as they
 * may well be independent.  The table is open and locked.
 */
extern double dbops_key_samples_count(KeySamples *samples, Relation table, const Bitmapset *columns,
                                      double tuples);
