/*
 * advise/key_counts.h
 *		How often keys occur in a sample, and how many different ones there are in all rows.
 *
 * A file of its own because keys are values of a column for one index, and parts of these for
 * another.
 */
#pragma once

#include "c.h"

typedef struct KeyCounts KeyCounts;

typedef struct KeyEstimate
{
	double occurrences; /* in the sample */
	double keys;        /* different ones in all rows, as ANALYZE would estimate */
	double growing;     /* the same, if new ones go on to come as they did */
	double clustered;   /* a key's rows are in that share of the blocks they might be in */
	double width;       /* bytes of a key, on average */
	int ncommon;
	const float *common; /* shares of the sample's rows, descending */
} KeyEstimate;

/* Where a key is seen; rows of a block follow one another. */
typedef struct KeyPlace
{
	int row;
	uint32 block;
} KeyPlace;

/* In the current context. */
extern KeyCounts *dbops_key_counts_new(void);

/* The key with that hash occurs in a row; again in the same row is not counted. */
extern void dbops_key_counts_add(KeyCounts *counts, uint64 hash, double width, KeyPlace place);

/* From a sample of so many rows of all of them. */
extern KeyEstimate dbops_key_counts_estimate(KeyCounts *counts, double rows, double all_rows);
