/*
 * collect/departed.h
 *		Last rows of entities that are gone.
 *
 * To the history an entity without a row has not changed.  That is right for counters, but locks
 * or connections of a kind that nobody has any more would seem to stay for ever.  So what the
 * previous frame had and this one lacks gets one last row that ends its gauges.  Works for the
 * sampler, whose frames follow each other; a frame read alone has nothing to end.
 */
#pragma once

#include "store/frame.h"

/* What the previous frame had; one static variable, begun as zero, for each family. */
typedef struct Departed
{
	uint64 bookmark;
	MemoryContext context;
	int count;
	EntityKey *keys; /* sorted */
	char **texts;
} Departed;

/* To be called when the frame is filled.  `end` sets the values of a last row, all of them NULL. */
extern void dbops_departed_add(Departed *departed, Frame *frame, void (*end)(int64 *values));
