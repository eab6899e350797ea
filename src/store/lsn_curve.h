/*
 * store/lsn_curve.h
 *		How far WAL was at which time: points of a curve that only rises, and questions to it.
 *
 * A file of its own because it is arithmetic alone: it knows no clock, no server and no lock; see
 * store/lsn_time.h for those.  A point tells from when to when a position was the latest one, so
 * that an idle server takes no new points and its rest is not smeared over the WAL that follows.
 *
 * Points are in order of their LSN and of their time.  The last two hours keep every point; older
 * ones are thinned so that between two that are left no more than 1/128 of their age is missing.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef struct LsnPoint
{
	XLogRecPtr lsn;       /* InvalidXLogRecPtr: no point */
	XLogRecPtr important; /* start of the last record that matters; invalid where unknown */
	TimestampTz first_at; /* when the position was first seen as the latest */
	TimestampTz last_at;  /* and last */
	uint64 next_xid;      /* next transaction id then, with its epoch; 0 where unknown */
	TimeLineID timeline;
} LsnPoint;

#define LSN_CURVE_POINTS 9216

typedef struct LsnCurve
{
	int count;
	LsnPoint points[LSN_CURVE_POINTS];
} LsnCurve;

/* What is asked about an LSN. */
typedef enum LsnQuestion
{
	LSN_REACHED, /* when WAL reached it */
	LSN_PASSED,  /* when it stopped being the latest position */
} LsnQuestion;

/* The nearest points on both sides of what is asked for. */
typedef struct LsnBracket
{
	XLogRecPtr lsn;
	LsnQuestion question;
	LsnPoint low;
	LsnPoint high;
} LsnBracket;

/*
 * Adds what was seen.  `set_back_us` tells by how much the clock was set back since the sample
 * before (negative: forward, where times are to be told by another clock): all points move with it,
 * so that they are told by the clock as it is set now.  A position behind the last point's is no
 * news, unless it is on a newer timeline, which takes the place of what the old one had beyond it.
 */
extern void dbops_lsn_curve_add(LsnCurve *curve, const LsnPoint *sample, int64 set_back_us);

/*
 * Narrows the bracket by the points of the curve.  The curve may change meanwhile: then the result
 * means nothing, but nothing else happens.
 */
extern void dbops_lsn_curve_find(const LsnCurve *curve, LsnBracket *bracket);

/* Narrows the bracket by one point. */
extern void dbops_lsn_bracket_narrow(LsnBracket *bracket, const LsnPoint *point);

/* The answer, interpolated between the points; false if there is no point on a needed side. */
extern bool dbops_lsn_bracket_answer(const LsnBracket *bracket, TimestampTz *at);

/*
 * When nothing that matters was last known to be beyond the LSN; false if the curve does not say.
 * As with the above, a curve that changes meanwhile makes no harm.
 */
extern bool
dbops_lsn_curve_unimportant_until(const LsnCurve *curve, XLogRecPtr lsn, TimestampTz *at);

/* The next transaction id when WAL reached the LSN, by the same means. */
extern bool dbops_lsn_bracket_xid(const LsnBracket *bracket, uint64 *next_xid);
