/*
 * store/ticks.h
 *		Moving ticks from the ring into tables.
 *
 * A file of its own because it is the one step from memory to disk.  Writes dbops.tick_0 and so on.
 * While nobody but dbops is active, ticks stay in the ring and then become one per family for five
 * minutes: an idle server is left idle.
 */
#pragma once

#include "store/ring.h"

/*
 * Stores ticks of the ring that are not stored yet, a bounded number of them, and returns the sequence
 * number up to which all is stored: for dbops_ring_set_stored() once the transaction has committed.
 */
extern int64 dbops_ticks_store(void);

/* Ticks on their way into a table. */
typedef struct TickBatch
{
	int count;
	int capacity;
	Tick *ticks;
	char **data;
} TickBatch;

/* Appends a tick; `data` is not copied. */
extern void dbops_ticks_batch_add(TickBatch *batch, const Tick *tick, char *data);

/* Merges runs of quiet ticks of a family, up to five minutes each. */
extern void dbops_ticks_merge_quiet(TickBatch *batch);

/* Inserts a node's batch into the current member; a tick that is there already is left as it is. */
extern void dbops_ticks_insert(const TickBatch *batch, int16 node);
