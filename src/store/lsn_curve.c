/*
 * store/lsn_curve.c
 *		How far WAL was at which time; see lsn_curve.h.
 */
#include "postgres.h"

#include "store/lsn_curve.h"

/* Younger points are all kept. */
#define FINE_US (2 * USECS_PER_HOUR)

/* Thinning makes room for several minutes, so that its cost is no cost per sample. */
#define TARGET_POINTS (LSN_CURVE_POINTS - 512)

/*
 * What may be missing between two old points, as the divisor of their age.  A year of points then
 * is about a thousand: 128 * ln(8760 h / 2 h).
 */
#define AGE_PER_GAP 128

static LsnPoint *
last_point(LsnCurve *curve)
{
	return curve->count > 0 ? &curve->points[curve->count - 1] : NULL;
}

static void
move_times(LsnCurve *curve, int64 back_us)
{
	for (int i = 0; i < curve->count; i++)
	{
		curve->points[i].first_at -= back_us;
		curve->points[i].last_at -= back_us;
	}
}

static void
thin_to_gaps(LsnCurve *curve, int age_per_gap)
{
	TimestampTz now = last_point(curve)->last_at;
	int kept = 1;

	for (int i = 1; i < curve->count; i++)
	{
		const LsnPoint *point = &curve->points[i];
		int64 age_us = now - point->last_at;
		bool drop =
		    i < curve->count - 1 && age_us > FINE_US &&
		    curve->points[i + 1].first_at - curve->points[kept - 1].last_at <= age_us / age_per_gap;

		if (!drop)
			curve->points[kept++] = *point;
	}
	curve->count = kept;
}

static void
make_room(LsnCurve *curve)
{
	int excess;

	for (int age_per_gap = AGE_PER_GAP; age_per_gap > 0 && curve->count > TARGET_POINTS;
	     age_per_gap /= 2)
		thin_to_gaps(curve, age_per_gap);
	excess = curve->count - TARGET_POINTS;
	if (excess <= 0)
		return;
	memmove(curve->points, &curve->points[excess], sizeof(LsnPoint) * (curve->count - excess));
	curve->count -= excess;
}

void
dbops_lsn_curve_add(LsnCurve *curve, const LsnPoint *sample, int64 set_back_us)
{
	LsnPoint *last = last_point(curve);

	if (set_back_us != 0)
		move_times(curve, set_back_us);
	if (last != NULL && sample->lsn < last->lsn)
	{
		if (sample->timeline <= last->timeline)
			return;
		while (curve->count > 0 && curve->points[curve->count - 1].lsn > sample->lsn)
			curve->count--;
		last = last_point(curve);
	}
	if (last != NULL && sample->lsn == last->lsn)
	{
		last->important = sample->important;
		last->next_xid = sample->next_xid;
		last->last_at = Max(last->last_at, sample->last_at);
		last->timeline = sample->timeline;
		return;
	}
	if (curve->count == LSN_CURVE_POINTS)
	{
		make_room(curve);
		last = last_point(curve);
	}
	curve->points[curve->count] = *sample;
	if (last != NULL)
	{
		LsnPoint *added = &curve->points[curve->count];

		added->first_at = Max(added->first_at, last->last_at);
		added->last_at = Max(added->last_at, added->first_at);
	}
	curve->count++;
}

/* Whether a point at that position is before the moment asked for. */
static bool
is_before(const LsnBracket *bracket, XLogRecPtr lsn)
{
	return bracket->question == LSN_REACHED ? lsn < bracket->lsn : lsn <= bracket->lsn;
}

void
dbops_lsn_bracket_narrow(LsnBracket *bracket, const LsnPoint *point)
{
	LsnPoint *low = &bracket->low;
	LsnPoint *high = &bracket->high;

	if (is_before(bracket, point->lsn))
	{
		if (point->lsn > low->lsn || (point->lsn == low->lsn && point->last_at > low->last_at))
			*low = *point;
	}
	else if (high->lsn == InvalidXLogRecPtr || point->lsn < high->lsn ||
	         (point->lsn == high->lsn && point->first_at < high->first_at))
		*high = *point;
}

void
dbops_lsn_curve_find(const LsnCurve *curve, LsnBracket *bracket)
{
	int count = *(volatile const int *) &curve->count;
	int from = 0;
	int to = Max(0, Min(count, LSN_CURVE_POINTS));
	int found;

	/* The first point that is not before. */
	count = to;
	while (from < to)
	{
		int middle = from + (to - from) / 2;

		if (is_before(bracket, curve->points[middle].lsn))
			from = middle + 1;
		else
			to = middle;
	}
	found = from;
	if (found > 0)
		dbops_lsn_bracket_narrow(bracket, &curve->points[found - 1]);
	if (found < count)
		dbops_lsn_bracket_narrow(bracket, &curve->points[found]);
}

static TimestampTz
interpolate(const LsnPoint *low, const LsnPoint *high, XLogRecPtr lsn)
{
	int64 span_us = high->first_at - low->last_at;

	if (span_us <= 0)
		return high->first_at;
	return low->last_at +
	       (int64) (span_us * ((double) (lsn - low->lsn) / (double) (high->lsn - low->lsn)));
}

bool
dbops_lsn_bracket_answer(const LsnBracket *bracket, TimestampTz *at)
{
	const LsnPoint *low = &bracket->low;
	const LsnPoint *high = &bracket->high;
	const LsnPoint *exact = bracket->question == LSN_REACHED ? high : low;

	if (exact->lsn == bracket->lsn)
		*at = bracket->question == LSN_REACHED ? exact->first_at : exact->last_at;
	else if (low->lsn != InvalidXLogRecPtr && high->lsn != InvalidXLogRecPtr)
		*at = interpolate(low, high, bracket->lsn);
	else
		return false;
	return true;
}

bool
dbops_lsn_bracket_xid(const LsnBracket *bracket, uint64 *next_xid)
{
	const LsnPoint *low = &bracket->low;
	const LsnPoint *high = &bracket->high;
	const LsnPoint *exact = bracket->question == LSN_REACHED ? high : low;

	if (exact->lsn == bracket->lsn && exact->next_xid != 0)
		*next_xid = exact->next_xid;
	else if (low->next_xid != 0 && high->next_xid != 0)
		*next_xid =
		    low->next_xid +
		    (uint64) ((double) (high->next_xid - low->next_xid) *
		              ((double) (bracket->lsn - low->lsn) / (double) (high->lsn - low->lsn)));
	else
		return false;
	return true;
}

bool
dbops_lsn_curve_unimportant_until(const LsnCurve *curve, XLogRecPtr lsn, TimestampTz *at)
{
	int from = 0;
	int to = Max(0, Min(*(volatile const int *) &curve->count, LSN_CURVE_POINTS));

	/* The first point with a record that matters at the LSN or beyond. */
	while (from < to)
	{
		int middle = from + (to - from) / 2;

		if (curve->points[middle].important < lsn)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == 0 || curve->points[from - 1].important == InvalidXLogRecPtr)
		return false;
	*at = curve->points[from - 1].last_at;
	return true;
}
