/*
 * advise/row_places.h
 *		Where to look for rows, at random.
 *
 * Pure.  A file of its own because how rows are drawn decides what can be told from them: blocks
 * are drawn again and again, as rows that came together have values in common, and lie together; to
 * see each block once would make such values look rarer than they are, to see many rows of it more
 * common.
 */
#pragma once

#include "storage/block.h"
#include "storage/off.h"

typedef struct RowPlace
{
	BlockNumber block;
	OffsetNumber offset;
	bool alone; /* drawn for itself: these are a random sample of all rows */
} RowPlace;

typedef struct RowPlaceLimits
{
	BlockNumber blocks; /* of the table */
	int offsets;        /* in a block, from 1 */
	int draws;          /* of blocks */
	int per_draw;       /* places, the first of which is drawn for itself */
} RowPlaceLimits;

/*
 * At most draws * per_draw different places, in their order, the same ones each time.  In the
 * current context.
 */
extern RowPlace *dbops_row_places_choose(const RowPlaceLimits *limits, int *count);
