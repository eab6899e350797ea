/*
 * expose/report_chart.c
 *		Rows of a report as charts; see report_chart.h.
 */
#include "postgres.h"

#include <math.h>

#include "expose/figure.h"
#include "expose/html.h"
#include "expose/report_chart.h"
#include "expose/report_rows.h"
#include "expose/report_table.h"
#include "expose/svg_chart.h"

/* Columns of a chart's rows, and of a tile's. */
#define CHART_TITLE 0
#define CHART_UNIT 1
#define CHART_NAME 2
#define CHART_SERIES 3
#define TILE_NAME 0
#define TILE_UNIT 1
#define TILE_BAD 2
#define TILE_SERIES 3

/* Labels below a chart. */
#define TICKS 8

/* Rows that make one chart. */
typedef struct Group
{
	uint64 first;
	uint64 end;
} Group;

static Group
find_group(const SpiRows *rows, uint64 first)
{
	char *title = dbops_report_rows_text(rows, first, CHART_TITLE);
	Group group = {first, first + 1};

	while (group.end < rows->nrows && group.end - first < CHART_MAX_SERIES &&
	       strcmp(title, dbops_report_rows_text(rows, group.end, CHART_TITLE)) == 0)
		group.end++;
	return group;
}

/* Of a time compared with only the sum of what is stacked, or the first line, is drawn. */
static double *
sum_before(const ReportPart *part, const SpiRows *before, const char *title, int npoints)
{
	double *sum = NULL;

	for (uint64 row = 0; before != NULL && row < before->nrows; row++)
	{
		double *values;

		if (strcmp(title, dbops_report_rows_text(before, row, CHART_TITLE)) != 0)
			continue;
		values = dbops_report_rows_series(before, row, CHART_SERIES, npoints);
		if (sum == NULL)
		{
			sum = values;
			continue;
		}
		if (part->kind == PART_LINES)
			break;
		for (int i = 0; i < npoints; i++)
			sum[i] = isnan(sum[i]) ? values[i] : isnan(values[i]) ? sum[i] : sum[i] + values[i];
	}
	return sum;
}

/* The axis of time, by how many points there are. */
static void
set_time(Chart *chart, const ReportTime *time, ChartTick *ticks)
{
	bool is_fine = chart->npoints == dbops_report_time_points(time, time->step_us);
	int64 step_us = is_fine ? time->step_us : time->coarse_us;

	/* Who names the points must have as many. */
	if (chart->npoints > dbops_report_time_points(time, step_us))
		elog(ERROR, "chart \"%s\" has %d points, too many for its time", chart->title,
		     chart->npoints);
	chart->nticks = dbops_report_time_ticks(time, step_us, ticks, TICKS);
	chart->ticks = ticks;
	chart->times = dbops_report_time_names(time, step_us);
}

static bool
draw_group(StringInfo page, const ReportPart *part, const ReportTime *time, const SpiRows *rows[2],
           Group group)
{
	char *title = dbops_report_rows_text(rows[0], group.first, CHART_TITLE);
	ChartSeries series[CHART_MAX_SERIES];
	ChartTick ticks[TICKS];
	Chart chart = {.title = title,
	               .unit = dbops_report_rows_text(rows[0], group.first, CHART_UNIT),
	               .kind = part->kind == PART_STACKED ? CHART_STACKED : CHART_LINES,
	               .npoints = dbops_report_rows_length(rows[0], group.first, CHART_SERIES),
	               .nseries = (int) (group.end - group.first),
	               .series = series};

	chart.before = sum_before(part, rows[1], title, chart.npoints);
	set_time(&chart, time, ticks);
	for (int i = 0; i < chart.nseries; i++)
		series[i] =
		    (ChartSeries){.name = dbops_report_rows_text(rows[0], group.first + i, CHART_NAME),
		                  .values = dbops_report_rows_series(rows[0], group.first + i, CHART_SERIES,
		                                                     chart.npoints)};
	return dbops_svg_chart_draw(page, &chart);
}

bool
dbops_report_chart_draw(StringInfo page, const ReportPart *part, const ReportTime *time,
                        const SpiRows *rows, const SpiRows *before)
{
	const SpiRows *both[2] = {rows, before};
	bool drawn = false;
	Group group;

	appendStringInfoString(page, "<div class=\"charts\">\n");
	for (uint64 row = 0; row < rows->nrows; row = group.end)
	{
		group = find_group(rows, row);
		drawn |= draw_group(page, part, time, both, group);
	}
	appendStringInfoString(page, "</div>\n");
	return drawn;
}

/* ---- tiles --------------------------------------------------------------------------------- */

/* What a tile says of a series. */
typedef struct Extent
{
	double mean;
	double low;
	double high;
} Extent;

static Extent
measure(const double *values, int count)
{
	Extent extent = {0, INFINITY, -INFINITY};
	int known = 0;

	for (int i = 0; i < count; i++)
	{
		if (isnan(values[i]))
			continue;
		extent.mean += values[i];
		extent.low = Min(extent.low, values[i]);
		extent.high = Max(extent.high, values[i]);
		known++;
	}
	extent.mean = known == 0 ? NAN : extent.mean / known;
	return extent;
}

static Extent
measure_tile(const SpiRows *rows, uint64 row)
{
	int count = dbops_report_rows_length(rows, row, TILE_SERIES);

	return measure(dbops_report_rows_series(rows, row, TILE_SERIES, count), count);
}

static ReportColumn
tile_column(const char *unit, const char *bad)
{
	return (ReportColumn){.format = CELL_FIGURE,
	                      .unit = unit,
	                      .worse = strcmp(bad, "high") == 0 ? WORSE_HIGH :
	                               strcmp(bad, "low") == 0  ? WORSE_LOW :
	                                                          WORSE_UNKNOWN};
}

/* Rows of both times stand in the same order. */
static void
draw_tile(StringInfo page, const SpiRows *rows, uint64 row, const SpiRows *before)
{
	int count = dbops_report_rows_length(rows, row, TILE_SERIES);
	char *unit = dbops_report_rows_text(rows, row, TILE_UNIT);
	ReportColumn column = tile_column(unit, dbops_report_rows_text(rows, row, TILE_BAD));
	Extent extent = measure_tile(rows, row);

	appendStringInfoString(page, "<div class=\"tile\"><span>");
	dbops_html_text(page, dbops_report_rows_text(rows, row, TILE_NAME));
	appendStringInfoString(page, "</span><b>");
	dbops_html_text(page, dbops_figure(extent.mean, unit));
	appendStringInfoString(page, "</b>");
	dbops_svg_chart_spark(page, dbops_report_rows_series(rows, row, TILE_SERIES, count), count);
	appendStringInfoString(page, "<small>");
	dbops_html_text(page, dbops_figure(extent.low, unit));
	appendStringInfoString(page, " &#8211; ");
	dbops_html_text(page, dbops_figure(extent.high, unit));
	appendStringInfoString(page, "</small>");
	if (before != NULL && row < before->nrows)
		dbops_report_table_compare(page, &column, extent.mean, measure_tile(before, row).mean);
	appendStringInfoString(page, "</div>\n");
}

/* The row of a figure, or -1. */
static int64
find_figure(const SpiRows *rows, const char *figure)
{
	for (uint64 row = 0; rows != NULL && row < rows->nrows; row++)
	{
		if (strcmp(dbops_report_rows_text(rows, row, TILE_NAME), figure) == 0)
			return (int64) row;
	}
	return -1;
}

/* Draws the curves that have the title of the first; returns the next. */
static const TileCurve *
draw_curves(StringInfo page, const TileCurve *curve, const ReportTime *time,
            const SpiRows *const rows[2])
{
	int64 first = find_figure(rows[0], curve->figure);
	int64 was = find_figure(rows[1], curve->figure);
	ChartSeries series[CHART_MAX_SERIES];
	ChartTick ticks[TICKS];
	Chart chart = {.title = curve->title, .kind = CHART_LINES, .series = series};

	for (; curve->title != NULL && strcmp(curve->title, chart.title) == 0; curve++)
	{
		int64 row = find_figure(rows[0], curve->figure);

		if (row < 0 || first < 0)
			continue;
		chart.npoints = dbops_report_rows_length(rows[0], first, TILE_SERIES);
		series[chart.nseries++] = (ChartSeries){
		    .name = curve->figure,
		    .values = dbops_report_rows_series(rows[0], row, TILE_SERIES, chart.npoints)};
	}
	if (chart.nseries == 0)
		return curve;
	chart.unit = dbops_report_rows_text(rows[0], first, TILE_UNIT);
	if (was >= 0)
		chart.before = dbops_report_rows_series(rows[1], was, TILE_SERIES, chart.npoints);
	set_time(&chart, time, ticks);
	(void) dbops_svg_chart_draw(page, &chart);
	return curve;
}

bool
dbops_report_chart_tiles(StringInfo page, const ReportPart *part, const ReportTime *time,
                         const SpiRows *rows, const SpiRows *before)
{
	const SpiRows *const both[2] = {rows, before};
	const TileCurve *curve = part->curves;
	bool drawn = false;

	appendStringInfoString(page, "<div class=\"charts\">\n");
	while (curve != NULL && curve->title != NULL)
		curve = draw_curves(page, curve, time, both);
	appendStringInfoString(page, "</div>\n<div class=\"tiles\">\n");
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		if (isnan(measure_tile(rows, row).mean))
			continue;
		draw_tile(page, rows, row, before);
		drawn = true;
	}
	appendStringInfoString(page,
	                       "</div>\n<p class=\"lead\">Means of the time; below each its lowest "
	                       "and its highest step.</p>\n");
	return drawn;
}

/* ---- of tables ----------------------------------------------------------------------------- */

/* Adds what rows from `first` on have; NULL while none has anything. */
static double *
sum_rows(const SpiRows *rows, uint64 first, int column, int npoints)
{
	double *sum = NULL;

	for (uint64 row = first; row < rows->nrows; row++)
	{
		double *values = dbops_report_rows_series(rows, row, column, npoints);

		for (int i = 0; sum != NULL && i < npoints; i++)
			values[i] = isnan(sum[i]) ? values[i] : isnan(values[i]) ? sum[i] : sum[i] + values[i];
		sum = values;
	}
	return sum;
}

static bool
draw_of_table(StringInfo page, const PartChart *kind, const ReportTime *time, const SpiRows *rows)
{
	int room = kind->stacked ? CHART_MAX_SERIES - 1 : CHART_MAX_SERIES - 3;
	ChartSeries series[CHART_MAX_SERIES];
	ChartTick ticks[TICKS];
	Chart chart = {.title = kind->title,
	               .unit = kind->unit,
	               .kind = kind->stacked ? CHART_STACKED : CHART_LINES,
	               .npoints = dbops_report_rows_length(rows, 0, kind->series),
	               .series = series};

	set_time(&chart, time, ticks);
	for (uint64 row = 0; row < rows->nrows && chart.nseries < room; row++)
	{
		char *label = dbops_report_rows_text(rows, row, kind->label);

		if (label != NULL)
			series[chart.nseries++] = (ChartSeries){
			    .name = label,
			    .values = dbops_report_rows_series(rows, row, kind->series, chart.npoints)};
	}
	if (kind->stacked && rows->nrows > room)
		series[chart.nseries++] = (ChartSeries){
		    .name = "the next ones", .values = sum_rows(rows, room, kind->series, chart.npoints)};
	return dbops_svg_chart_draw(page, &chart);
}

void
dbops_report_chart_of_table(StringInfo page, const ReportPart *part, const ReportTime *time,
                            const SpiRows *rows)
{
	int from = page->len;
	bool drawn = false;

	appendStringInfoString(page, "<div class=\"charts\">\n");
	for (int i = 0; i < PART_CHARTS && part->charts[i].title != NULL; i++)
		drawn |= draw_of_table(page, &part->charts[i], time, rows);
	appendStringInfoString(page, "</div>\n");
	if (!drawn)
		page->len = from;
}
