/*
 * test/unit/segment_test.c
 *		Each moment is answered by one resolution: nothing is lost between two, nothing counted twice.
 *
 * sources: src/store/segment.c src/store/resolution.c
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"

#include "core/guc.h"
#include "store/segment.h"

#include "tap.h"

/* What the resolutions name but no segment needs. */
int dbops_guc_raw_retention;
int dbops_guc_minute_retention;
int dbops_guc_ten_minute_retention;
int dbops_guc_hour_retention;

Oid
get_namespace_oid(const char *nspname, bool missing_ok)
{
	return InvalidOid;
}

Oid
get_relname_relid(const char *relname, Oid relnamespace)
{
	return InvalidOid;
}

#define HOUR USECS_PER_HOUR
#define MINUTE USECS_PER_MINUTE
#define DAY USECS_PER_DAY

#define NARROW (10 * USECS_PER_SEC)
#define WIDE USECS_PER_MINUTE

static bool
is_seamless(const Segment *segments)
{
	bool seamless =
	    segments[RESOLUTION_HOUR].from == DT_NOBEGIN && segments[RESOLUTION_RAW].to == DT_NOEND;

	for (ResolutionId finer = RESOLUTION_RAW; finer < RESOLUTION_HOUR; finer++)
		seamless &= segments[finer].from == segments[finer + 1].to &&
		            segments[finer + 1].from <= segments[finer + 1].to;
	return seamless;
}

static void
test_preference(void)
{
	is_int(dbops_segment_preferred(0, NARROW), RESOLUTION_RAW,
	       "a narrow family is read as sampled");
	is_int(dbops_segment_preferred(0, WIDE), RESOLUTION_MINUTE,
	       "a wide family is read in minutes, which are its samples");
	is_int(dbops_segment_preferred(15 * USECS_PER_SEC, WIDE), RESOLUTION_RAW,
	       "a step below a minute needs samples");
	is_int(dbops_segment_preferred(2 * MINUTE, NARROW), RESOLUTION_MINUTE,
	       "two minutes are made of minutes");
	is_int(dbops_segment_preferred(90 * MINUTE, NARROW), RESOLUTION_TEN_MINUTES,
	       "an hour and a half is made of ten minutes");
	is_int(dbops_segment_preferred(7 * DAY, NARROW), RESOLUTION_HOUR, "a week is made of hours");
}

/* A server that runs for long: each resolution begins later and ends later than the coarser one. */
static void
test_long_history(void)
{
	const Coverage coverage[RESOLUTION_COUNT] = {
	    [RESOLUTION_RAW] = {.any = true, .from = 100 * DAY + 25 * USECS_PER_SEC},
	    [RESOLUTION_MINUTE] = {.any = true, .from = 70 * DAY, .to = 101 * DAY},
	    [RESOLUTION_TEN_MINUTES] = {.any = true, .from = 10 * DAY, .to = 100 * DAY},
	    [RESOLUTION_HOUR] = {.any = true, .from = -900 * DAY, .to = 98 * DAY},
	};
	Segment segments[RESOLUTION_COUNT];

	dbops_segment_cut(coverage, RESOLUTION_RAW, segments);
	ok(is_seamless(segments), "samples preferred: no gap, no overlap");
	is_int(segments[RESOLUTION_RAW].from, 100 * DAY + MINUTE,
	       "the minute of the oldest sample, which may be torn, is read from the chunk");
	is_int(segments[RESOLUTION_MINUTE].from, 70 * DAY,
	       "older time is in minutes while there are any");
	is_int(segments[RESOLUTION_HOUR].to, 10 * DAY, "the oldest time is in hours");

	dbops_segment_cut(coverage, RESOLUTION_MINUTE, segments);
	ok(is_seamless(segments), "minutes preferred: no gap, no overlap");
	is_int(segments[RESOLUTION_RAW].from, 101 * DAY,
	       "samples answer only for what is no chunk yet");

	dbops_segment_cut(coverage, RESOLUTION_HOUR, segments);
	ok(is_seamless(segments), "hours preferred: no gap, no overlap");
	is_int(segments[RESOLUTION_TEN_MINUTES].from, 98 * DAY, "after the hours come ten minutes");
	is_int(segments[RESOLUTION_MINUTE].from, 100 * DAY, "then minutes");
	is_int(segments[RESOLUTION_RAW].from, 101 * DAY, "then samples");
}

static void
test_young_history(void)
{
	const Coverage nothing[RESOLUTION_COUNT] = {{0}};
	const Coverage samples[RESOLUTION_COUNT] = {[RESOLUTION_RAW] = {.any = true, .from = 5 * DAY}};
	Segment segments[RESOLUTION_COUNT];

	for (ResolutionId preferred = 0; preferred < RESOLUTION_COUNT; preferred++)
	{
		dbops_segment_cut(nothing, preferred, segments);
		ok(is_seamless(segments) && segments[RESOLUTION_RAW].from == DT_NOBEGIN,
		   "with empty tables the ring answers for all time (%d)", (int) preferred);
		dbops_segment_cut(samples, preferred, segments);
		ok(is_seamless(segments) && segments[RESOLUTION_RAW].from <= 5 * DAY,
		   "without chunks all samples are read (%d)", (int) preferred);
	}
}

/* After promotion or a long outage, chunks end long before the samples begin. */
static void
test_gap(void)
{
	const Coverage coverage[RESOLUTION_COUNT] = {
	    [RESOLUTION_RAW] = {.any = true, .from = 50 * DAY},
	    [RESOLUTION_MINUTE] = {.any = true, .from = 10 * DAY, .to = 20 * DAY},
	};
	Segment segments[RESOLUTION_COUNT];

	dbops_segment_cut(coverage, RESOLUTION_RAW, segments);
	ok(is_seamless(segments), "an outage leaves no hole between resolutions");
	is_int(segments[RESOLUTION_RAW].from, 50 * DAY,
	       "the first minute after an outage is read from the samples");
	is_int(segments[RESOLUTION_MINUTE].from, 10 * DAY, "minutes from before the outage are read");
}

static void
test_places(void)
{
	is_int(dbops_bucket_start(-1, MINUTE), -MINUTE, "buckets before 2000 begin at their lower end");
	is_int(dbops_bucket_start(MINUTE, MINUTE), MINUTE, "a bucket begins with its first moment");
	is_int(dbops_tick_place(10 * MINUTE, MINUTE), 10 * MINUTE - MINUTE / 2,
	       "a sample belongs to the middle of its span");
	is_int(dbops_tick_place(10 * DAY, 9 * DAY), 10 * DAY - DAY / 2,
	       "a sample after a long gap is not placed far in the past");
}

int
main(void)
{
	test_preference();
	test_long_history();
	test_young_history();
	test_gap();
	test_places();
	return tap_done();
}
