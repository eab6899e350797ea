/*
 * store/ticks.h
 *		Moving ticks from the ring into tables.
 *
 * A file of its own because it is the one step from memory to disk.  Writes dbops.tick_*.  While
 * nobody but dbops is active, ticks stay in the ring for five minutes, and then become one per
 * family (store/quiet.h): an idle server is left idle.
 */
#pragma once

#include "store/quiet.h"

typedef enum TicksToStore
{
	TICKS_DUE, /* those of a quiet time wait until they are worth a row */
	TICKS_ALL, /* the ring is about to go */
} TicksToStore;

/*
 * Stores ticks of the ring that are not stored yet, a bounded number of them, and returns the
 * sequence number up to which all is stored: for dbops_ring_set_stored() after the commit.
 */
extern int64 dbops_ticks_store(TicksToStore which);

/* Inserts a node's batch into the current member; a tick that is there already is left as it is. */
extern void dbops_ticks_insert(const TickBatch *batch, int16 node);
