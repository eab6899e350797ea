/*
 * advise/key_groups.h
 *		How many rows share a key: from a few common keys and the number of all keys.
 *
 * A file of its own because every access method that merges equal keys needs it, each in its own
 * way: sizes do not follow from the average, as a tuple is rounded up and a list has a limit.
 */
#pragma once

#include "c.h"

typedef struct KeyGroups
{
	double rows; /* all of them, the sum over keys */
	double keys; /* at least one */
	int ncommon;
	const float *common; /* shares of `of` of the most common keys, descending */
	double of;
} KeyGroups;

/* Takes `keys` keys, a fraction maybe, each of `rows` rows, a whole number of at least one. */
typedef void (*KeyGroupTaker)(void *arg, double keys, double rows);

/* Tells all keys, group by group. */
extern void dbops_key_groups(const KeyGroups *groups, KeyGroupTaker take, void *arg);
