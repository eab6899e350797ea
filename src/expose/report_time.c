/*
 * expose/report_time.c
 *		The time a report is about; see report_time.h.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "expose/report_time.h"
#include "store/resolution.h"

/* A chart has at most so many points; what has a row for each statement fewer. */
#define MAX_POINTS 150
#define MAX_COARSE_POINTS 13

#define MINUTES INT64CONST(60000000)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)

static const int64 steps[] = {1 * MINUTES,  2 * MINUTES, 5 * MINUTES, 10 * MINUTES, 15 * MINUTES,
                              30 * MINUTES, 1 * HOURS,   2 * HOURS,   3 * HOURS,    6 * HOURS,
                              12 * HOURS,   1 * DAYS,    2 * DAYS,    7 * DAYS,     14 * DAYS,
                              28 * DAYS,    56 * DAYS,   112 * DAYS,  336 * DAYS};

/* The finest step in which this length has no more points. */
static int64
choose_step(int64 length, int max_points)
{
	for (int i = 0; i < lengthof(steps); i++)
	{
		if (length / steps[i] <= max_points)
			return steps[i];
	}
	return steps[lengthof(steps) - 1];
}

ReportTime
dbops_report_time_choose(TimestampTz since, TimestampTz until)
{
	ReportTime time = {.until = until,
	                   .step_us = choose_step(until - since, MAX_POINTS),
	                   .coarse_us = choose_step(until - since, MAX_COARSE_POINTS)};

	/* Not each coarse step is a multiple of the fine one. */
	while (time.coarse_us % time.step_us != 0)
		time.coarse_us = choose_step(2 * time.coarse_us, 1);
	time.since = dbops_bucket_start(since, time.coarse_us);
	return time;
}

int
dbops_report_time_points(const ReportTime *time, int64 step_us)
{
	return (int) ((time->until - time->since + step_us - 1) / step_us);
}

static char *
format_time(TimestampTz at, const char *format)
{
	pg_time_t seconds = timestamptz_to_time_t(at);
	const struct pg_tm *local = pg_localtime(&seconds, session_timezone);
	char written[64];

	if (local == NULL)
		return pstrdup("");
	pg_strftime(written, sizeof(written), format, local);
	return pstrdup(written);
}

char *
dbops_report_time_text(TimestampTz at)
{
	return format_time(at, "%Y-%m-%d %H:%M:%S");
}

char *
dbops_report_time_minute(TimestampTz at)
{
	return format_time(at, "%Y-%m-%d %H:%M");
}

/* How far a place's clock is ahead of UTC at a moment. */
static int64
ahead_us(TimestampTz at)
{
	pg_time_t seconds = timestamptz_to_time_t(at);
	const struct pg_tm *local = pg_localtime(&seconds, session_timezone);

	return local == NULL ? 0 : local->tm_gmtoff * USECS_PER_SEC;
}

int
dbops_report_time_ticks(const ReportTime *time, int64 step_us, ChartTick *ticks, int room)
{
	int npoints = dbops_report_time_points(time, step_us);
	int64 distance = choose_step(time->until - time->since, room - 1);
	TimestampTz previous = 0;
	int nticks = 0;

	distance = Max(distance, step_us);
	for (int i = 0; i < npoints && nticks < room; i++)
	{
		TimestampTz at = time->since + i * step_us;
		TimestampTz place = dbops_bucket_start(at + ahead_us(at), distance);

		if (i > 0 && place != previous)
			ticks[nticks++] = (ChartTick){
			    .point = i,
			    .label = format_time(at, distance >= DAYS                     ? "%b %d" :
			                             (at + ahead_us(at)) % DAYS < step_us ? "%b %d" :
			                                                                    "%H:%M")};
		previous = place;
	}
	return nticks;
}

const char *const *
dbops_report_time_names(const ReportTime *time, int64 step_us)
{
	int npoints = dbops_report_time_points(time, step_us);
	const char **names = palloc(sizeof(char *) * (npoints + 1));

	for (int i = 0; i < npoints; i++)
		names[i] =
		    format_time(time->since + i * step_us, step_us >= DAYS ? "%Y-%m-%d" : "%b %d %H:%M");
	return names;
}
