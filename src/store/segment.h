/*
 * store/segment.h
 *		Which resolution answers for which time.
 *
 * A file of its own because it decides and reads nothing: given what each resolution holds, it cuts
 * time so that every moment is answered by one resolution, none is lost between two, and none is
 * counted twice.  From the preferred resolution on, older time is answered by the finest one that
 * still has it, later time by the coarsest one that has it already.
 */
#pragma once

#include "store/resolution.h"

/* What a resolution holds of one family and node. */
typedef struct Coverage
{
	bool any;
	TimestampTz from; /* place of the first tick; start of the first chunk */
	TimestampTz to;   /* end of the last chunk; not used for ticks */
} Coverage;

/* Samples whose place (ticks) or bucket start (chunks) is in [from, to) are read from here. */
typedef struct Segment
{
	TimestampTz from;
	TimestampTz to;
} Segment;

/*
 * The resolution to answer from: at a step, or with step 0 as stored, for a family that is sampled
 * every cadence_us.
 */
extern ResolutionId dbops_segment_preferred(int64 step_us, int64 cadence_us);

/* Fills segments[] by resolution; empty ones have from >= to. */
extern void dbops_segment_cut(const Coverage *coverage, ResolutionId preferred, Segment *segments);
