/*
 * store/delta.h
 *		From cumulative values to changes: what a tick stores.
 *
 * Keeps the previous cumulative values of every entity of one family, in private memory of the
 * process that samples it.  A counter that went down was reset: its new value is the increase, so
 * no increase is ever negative.  A counter or histogram that a frame does not give (FAMILY_NULL) is
 * as it was; a gauge that it does not give is unknown.  Entities seen for the first time after the
 * base tick count from zero; entities that vanished are forgotten.
 */
#pragma once

#include "store/frame.h"

typedef struct DeltaState DeltaState;

/* Made in a child of the current context, with no previous values: the next frame is the base. */
extern DeltaState *dbops_delta_create(const Family *family);

/* Forgets all previous values, as after a gap that must not be bridged. */
extern void dbops_delta_forget(DeltaState *state);

/*
 * Fills `changes` (reset first) from the cumulative frame `now`: a row per entity with any change,
 * sorted by key: counters and histograms as increases, 0 or NULL when none, gauges as they are.
 * With all_entities every entity has a row.  Returns whether there was a base to subtract from;
 * without one, counters are 0 and every entity has a row.
 */
extern bool
dbops_delta_apply(DeltaState *state, const Frame *now, Frame *changes, bool all_entities);

extern int64 dbops_delta_entities(const DeltaState *state);
