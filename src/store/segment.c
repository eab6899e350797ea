/*
 * store/segment.c
 *		Which resolution answers for which time; see segment.h.
 */
#include "postgres.h"

#include "store/segment.h"

ResolutionId
dbops_segment_preferred(int64 step_us, int64 cadence_us)
{
	/* What is sampled once a minute or less is the same in minutes, and read faster. */
	if (step_us == 0)
		return cadence_us < dbops_resolutions[RESOLUTION_MINUTE].step_us ? RESOLUTION_RAW :
		                                                                   RESOLUTION_MINUTE;
	for (ResolutionId resolution = RESOLUTION_HOUR; resolution > RESOLUTION_RAW; resolution--)
	{
		if (step_us % dbops_resolutions[resolution].step_us == 0)
			return resolution;
	}
	return RESOLUTION_RAW;
}

/*
 * From when on ticks answer for all time.  The minute of the first tick may have lost others to
 * retention, so it is left to the chunks if they have it.
 */
static TimestampTz
start_of_raw(const Coverage *coverage)
{
	int64 minute = dbops_resolutions[RESOLUTION_MINUTE].step_us;
	TimestampTz bucket = dbops_bucket_start(coverage[RESOLUTION_RAW].from, minute);
	const Coverage *minutes = &coverage[RESOLUTION_MINUTE];

	return minutes->any && minutes->to >= bucket + minute ? bucket + minute : bucket;
}

/* Where all finer resolutions begin; DT_NOEND when they hold nothing. */
static TimestampTz
start_of_finer(const Coverage *coverage, ResolutionId resolution)
{
	TimestampTz start = DT_NOEND;

	for (ResolutionId finer = 0; finer < resolution; finer++)
	{
		if (coverage[finer].any)
			start =
			    Min(start, finer == RESOLUTION_RAW ? start_of_raw(coverage) : coverage[finer].from);
	}
	return start;
}

/* From when on the next finer resolution answers instead. */
static TimestampTz
cut_after(const Coverage *coverage, ResolutionId preferred, ResolutionId resolution)
{
	TimestampTz end = coverage[resolution].any ? coverage[resolution].to : DT_NOBEGIN;

	if (resolution > preferred)
	{
		TimestampTz finer = start_of_finer(coverage, resolution);

		return finer == DT_NOEND ? end : finer;
	}
	return end;
}

void
dbops_segment_cut(const Coverage *coverage, ResolutionId preferred, Segment *segments)
{
	TimestampTz from = DT_NOBEGIN;

	for (ResolutionId resolution = RESOLUTION_HOUR; resolution > RESOLUTION_RAW; resolution--)
	{
		TimestampTz cut = cut_after(coverage, preferred, resolution);

		segments[resolution].from = from;
		segments[resolution].to = Max(from, cut);
		from = segments[resolution].to;
	}
	segments[RESOLUTION_RAW].from = from;
	segments[RESOLUTION_RAW].to = DT_NOEND;
}
