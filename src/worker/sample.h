/*
 * worker/sample.h
 *		Taking a sample of a family: read the source, subtract the previous sample, encode a tick.
 *
 * Shared by the sampler and the keeper, which sample different families.  A sample is made first
 * and appended to the ring afterwards, so that a round of families gets common flags.
 */
#pragma once

#include "store/ring.h"

typedef struct Sampling Sampling;

/* Made in the current context, which must outlive all samples. */
extern Sampling *dbops_sampling_create(const Family *family);

/*
 * Reads the family and makes its next tick.  Inside a transaction; throws what the source throws,
 * and the next sample then covers this one's time as well.
 */
extern void dbops_sampling_take(Sampling *sampling);

/* Puts the tick just taken into the ring, with more flags.  Does nothing if there is none. */
extern void dbops_sampling_append(Sampling *sampling, uint16 flags);

/* Forgets the previous sample: the next one is a base. */
extern void dbops_sampling_forget(Sampling *sampling);

/* Increase of a counter over all entities in the tick just taken. */
extern int64 dbops_sampling_sum(const Sampling *sampling, int metric);

/* The changes in the tick just taken; NULL when there is none. */
extern const struct Frame *dbops_sampling_changes(const Sampling *sampling);
