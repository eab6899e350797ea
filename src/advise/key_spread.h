/*
 * advise/key_spread.h
 *		How many rows share a key: from a few common keys and the number of all keys.
 *
 * A file of its own because every access method that merges equal keys needs it, each in its own
 * way: sizes do not follow from the average, as a tuple is rounded up and a list has a limit.
 *
 * Keys are told in strata: so many keys, each of which a row has with the same chance.  A key that
 * nobody has is none: of the keys of a stratum with few rows some may not occur.
 */
#pragma once

#include "c.h"

#define KEY_STRATA 160

typedef struct KeyStratum
{
	double keys;
	double rows; /* expected for each, above 0 */
} KeyStratum;

typedef struct KeySpread
{
	double rows; /* the sum */
	int nstrata;
	KeyStratum strata[KEY_STRATA];
} KeySpread;

typedef struct KnownKeys
{
	double rows;    /* all that have a key: their sum over keys */
	double keys;    /* that occur */
	bool estimated; /* by ANALYZE from the sample, so that rare ones are hardly counted */
	int ncommon;
	const float *common; /* shares of `of` of the most common keys, descending */
	double of;
	double sampled; /* share of rows that was looked at; 0: all */
} KnownKeys;

/* The keys of one column. */
extern void dbops_key_spread_begin(KeySpread *spread, const KnownKeys *known);

/* One more key, such as NULL. */
extern void dbops_key_spread_add(KeySpread *spread, double rows);

/* Combines with the keys of a column that is independent; both are of the same rows. */
extern void dbops_key_spread_combine(KeySpread *spread, const KeySpread *with);

/* How many keys occur. */
extern double dbops_key_spread_count(const KeySpread *spread);

/* Takes `keys` keys, a fraction maybe, each of `rows` rows, a whole number of at least one. */
typedef void (*KeyGroupTaker)(void *arg, double keys, double rows);

/* Tells all keys that occur, group by group. */
extern void dbops_key_spread_tell(const KeySpread *spread, KeyGroupTaker take, void *arg);
