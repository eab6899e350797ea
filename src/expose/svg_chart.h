/*
 * expose/svg_chart.h
 *		A chart over time as SVG: lines, or areas on top of each other; and one the size of a word.
 *
 * A file of its own because drawing knows nothing of what is drawn, nor of clocks: the caller gives
 * values at equal distances and the labels of the time axis.  No script is needed: what a point
 * says is a tooltip.  Colours are the page's, as classes s0 to s7 in the order of the series, `was`
 * for what is compared with.
 */
#pragma once

#include "lib/stringinfo.h"

#define CHART_MAX_SERIES 8

typedef struct ChartSeries
{
	const char *name;     /* in UTF-8 */
	const double *values; /* NaN is a gap, and drawn as one */
} ChartSeries;

typedef enum ChartKind
{
	CHART_LINES,
	CHART_STACKED,
} ChartKind;

typedef struct ChartTick
{
	int point;
	char *label;
} ChartTick;

typedef struct Chart
{
	const char *title;
	const char *unit; /* of expose/figure.h */
	ChartKind kind;
	int npoints;
	int nseries;
	const ChartSeries *series;
	const double *before; /* of the time compared with, or NULL */
	int nticks;
	const ChartTick *ticks;
	const char *const *times; /* what each point is called, or NULL: no tooltips */
} Chart;

/* False, and nothing is appended, if no value is known. */
extern bool dbops_svg_chart_draw(StringInfo page, const Chart *chart);

/* A line the size of a word; the dashes of `before` are left out. */
extern void dbops_svg_chart_spark(StringInfo page, const double *values, int npoints);
