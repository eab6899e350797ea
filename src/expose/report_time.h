/*
 * expose/report_time.h
 *		The time a report is about: steps, axes, and how moments are written.
 *
 * A file of its own because all of a report's charts share one axis, and everything that depends on
 * time zones is here.
 */
#pragma once

#include "datatype/timestamp.h"

#include "expose/svg_chart.h"

typedef struct ReportTime
{
	TimestampTz since; /* a multiple of both steps */
	TimestampTz until;
	int64 step_us;   /* of charts */
	int64 coarse_us; /* of what would have too many rows */
} ReportTime;

/* The steps for a time; its beginning moves back to a whole one. */
extern ReportTime dbops_report_time_choose(TimestampTz since, TimestampTz until);

/* Points of a chart with this step. */
extern int dbops_report_time_points(const ReportTime *time, int64 step_us);

/* In the session's time zone, to the second or to the minute. */
extern char *dbops_report_time_text(TimestampTz at);
extern char *dbops_report_time_minute(TimestampTz at);

/* The axis of a chart with this step: labels, and what each point is called. */
extern int
dbops_report_time_ticks(const ReportTime *time, int64 step_us, ChartTick *ticks, int room);
extern const char *const *dbops_report_time_names(const ReportTime *time, int64 step_us);
