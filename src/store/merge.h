/*
 * store/merge.h
 *		How several samples of an entity become one.
 *
 * A file of its own because quiet ticks, rollups and readers that ask for a step all merge, and
 * must agree: counters sum, histograms add, gauges follow their MetricRollup.  NULL never wins over
 * a value.  Samples are added in the order of their time.
 */
#pragma once

#include "store/frame.h"

/* One row in the making. */
typedef struct Accumulator
{
	const Family *family;
	MemoryContext context; /* of the histograms it owns */
	int64 *values;
	double *sums; /* by metric, of those that are averaged: values times weights */
	double *weights;
} Accumulator;

/* In the current context, which also takes the histograms. */
extern Accumulator *dbops_merge_create(const Family *family);

/* Frees the accumulator and what it owns. */
extern void dbops_merge_free(Accumulator *accumulator);

/* Adds a sample that stands for weight_us of time. */
extern void dbops_merge_add(Accumulator *accumulator, const int64 *values, int64 weight_us);

/* The merged row; it belongs to the accumulator. */
extern const int64 *dbops_merge_result(Accumulator *accumulator);

/* A sample to be merged with others of its entity and slot.  What it points to must stay. */
typedef struct MergeInput
{
	uint64 hash; /* rows come out in its order, then by key and slot */
	const EntityKey *key;
	const char *texts; /* of the text labels, see store/texts.h; or NULL */
	const int64 *values;
	int64 weight_us;
	int32 slot;
	int32 order; /* of time within the slot */
} MergeInput;

/*
 * Sorts the inputs and appends a row for each entity and slot to `into`; slots[] takes the slot of
 * each row and must have room for ninputs.  A row of one input shares its histograms.
 */
extern void dbops_merge_rows(MergeInput *inputs, int ninputs, Frame *into, int32 *slots);

/*
 * The label that tells a family's entities apart best, -1 for a family without labels.  Chunks are
 * ordered by its hash, so that who knows it alone finds its entities; it must not change.
 */
extern int dbops_merge_identity(const Family *family);

/* Hash of an entity, by its identity label. */
extern uint64 dbops_merge_hash(const Family *family, const EntityKey *key);

/* Hash of a value of the identity label. */
extern uint64 dbops_merge_hash_identity(int64 num);
