/*
 * collect/outbox.h
 *		Names on their way from the dictionary to dbops.object, kept until they are stored.
 *
 * Names wait here in batches.  A few batches at a time, a flight, go into the ring, and the next
 * flight only when the keeper has stored that one: names never crowd out samples, and a server
 * that cannot store has one flight in its ring at most.  A flight that the ring has
 * overwritten before it was stored goes once more.  So what was put is stored, whatever the size of
 * the ring; at worst twice, which storing does not mind.  Lives in the process that feeds it, like
 * the dictionary.
 */
#pragma once

#include "store/object_batch.h"

/* False when no more names may wait. */
extern bool dbops_outbox_put(const NamedObject *name);

/* Whether all that was put is stored. */
extern bool dbops_outbox_is_empty(void);

/* Whether dbops_outbox_post has something to do; cheap. */
extern bool dbops_outbox_is_due(void);

/* Puts the next flight into the ring when the one before is stored; whether it did. */
extern bool dbops_outbox_post(void);
