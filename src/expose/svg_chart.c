/*
 * expose/svg_chart.c
 *		A chart over time as SVG; see svg_chart.h.
 *
 * Coordinates are those of the view box, which the page scales to the room there is.
 */
#include "postgres.h"

#include <math.h>

#include "expose/figure.h"
#include "expose/html.h"
#include "expose/svg_chart.h"

#define WIDTH 480.0
#define HEIGHT 150.0
#define LEFT 52.0
#define RIGHT 4.0
#define TOP 6.0
#define BOTTOM 18.0

#define SPARK_WIDTH 90.0
#define SPARK_HEIGHT 18.0

/* Lines across a chart, about. */
#define LINES_ACROSS 4

/* Where values are drawn: points side by side, 0 at the bottom. */
typedef struct Plot
{
	double left;
	double top;
	double width;
	double height;
	double high; /* value at the top */
	int npoints;
} Plot;

static double
x_of(const Plot *plot, int point)
{
	return plot->left + plot->width * (point + 0.5) / plot->npoints;
}

static double
y_of(const Plot *plot, double value)
{
	double share = isinf(value) ? (value > 0 ? 1 : 0) : value / plot->high;

	return plot->top + plot->height * (1 - Min(Max(share, 0), 1));
}

static bool
is_known(const Chart *chart, int point)
{
	for (int s = 0; s < chart->nseries; s++)
	{
		if (!isnan(chart->series[s].values[point]))
			return true;
	}
	return false;
}

/* The sum of series 0 to `last` at a point. */
static double
stack_height(const Chart *chart, int last, int point)
{
	double sum = 0;

	for (int s = 0; s <= last; s++)
	{
		double value = chart->series[s].values[point];

		sum += isnan(value) ? 0 : value;
	}
	return sum;
}

static double
highest(const Chart *chart)
{
	double high = 0;

	for (int point = 0; point < chart->npoints; point++)
	{
		if (chart->before != NULL && isfinite(chart->before[point]))
			high = Max(high, chart->before[point]);
		if (chart->kind == CHART_STACKED)
		{
			double sum = stack_height(chart, chart->nseries - 1, point);

			high = isfinite(sum) ? Max(high, sum) : high;
			continue;
		}
		for (int s = 0; s < chart->nseries; s++)
		{
			double value = chart->series[s].values[point];

			high = isfinite(value) ? Max(high, value) : high;
		}
	}
	return high;
}

/* ---- the axes ------------------------------------------------------------------------------ */

/* The largest unit that people would say such a value in. */
static double
scale_of(double value, const char *unit)
{
	static const struct
	{
		const char *unit;
		double sizes[5];
	} scales[] = {
	    {"bytes", {1024.0, 1048576.0, 1073741824.0, 1099511627776.0, 1125899906842624.0}},
	    {"ms", {1000.0, 60000.0, 3600000.0, 86400000.0, INFINITY}},
	    {"seconds", {60.0, 3600.0, 86400.0, INFINITY, INFINITY}},
	};
	double scale = 1;

	for (int i = 0; i < lengthof(scales); i++)
	{
		if (strncmp(unit, scales[i].unit, strlen(scales[i].unit)) != 0)
			continue;
		for (int s = 0; s < lengthof(scales[i].sizes); s++)
			scale = value >= scales[i].sizes[s] ? scales[i].sizes[s] : scale;
	}
	return scale;
}

/* A distance of lines that is easily counted in. */
static double
choose_distance(double high, const char *unit)
{
	double scale = scale_of(high, unit);
	double rough = high / scale / LINES_ACROSS;
	double power = pow(10, floor(log10(rough)));
	double digit = rough / power;

	return scale * power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static void
draw_lines_across(StringInfo page, const Plot *plot, double distance, const char *unit)
{
	int count = (int) rint(plot->high / distance);

	for (int i = 0; i <= count; i++)
	{
		double y = y_of(plot, i * distance);

		appendStringInfo(
		    page, "<path class=\"%s\" d=\"M%.0f %.1fh%.0f\"/><text x=\"%.0f\" y=\"%.1f\">",
		    i == 0 ? "base" : "line", plot->left, y, plot->width, plot->left - 4, y + 3);
		dbops_html_text(page, i == 0 ? "0" : dbops_figure(i * distance, unit));
		appendStringInfoString(page, "</text>");
	}
}

static void
draw_times(StringInfo page, const Plot *plot, const Chart *chart)
{
	for (int i = 0; i < chart->nticks; i++)
	{
		double x = plot->left + plot->width * chart->ticks[i].point / plot->npoints;

		appendStringInfo(page,
		                 "<path class=\"line\" d=\"M%.1f %.0fv3\"/><text class=\"at\" x=\"%.1f\" "
		                 "y=\"%.0f\">",
		                 x, plot->top + plot->height, x, HEIGHT - 3);
		dbops_html_text(page, chart->ticks[i].label);
		appendStringInfoString(page, "</text>");
	}
}

/* ---- the values ---------------------------------------------------------------------------- */

/* A line through what is known; a point between two gaps is a short one. */
static void
append_line(StringInfo page, const Plot *plot, const double *values)
{
	bool drawing = false;

	for (int i = 0; i < plot->npoints; i++)
	{
		bool alone = !drawing && (i + 1 == plot->npoints || isnan(values[i + 1]));

		if (isnan(values[i]))
		{
			drawing = false;
			continue;
		}
		appendStringInfo(page, "%s%.1f %.1f", drawing ? " " : "M", x_of(plot, i),
		                 y_of(plot, values[i]));
		if (alone)
			appendStringInfoString(page, "h1");
		drawing = true;
	}
}

static void
draw_line(StringInfo page, const Plot *plot, const double *values, const char *class)
{
	appendStringInfo(page, "<path class=\"%s\" d=\"", class);
	append_line(page, plot, values);
	appendStringInfoString(page, "\"/>");
}

/* The area of one series between two gaps, from its upper edge back along its lower one. */
static void
append_area(StringInfo page, const Plot *plot, const Chart *chart, int s, const int run[2])
{
	double half = plot->width / plot->npoints / 2;

	for (int edge = s; edge >= s - 1; edge--)
	{
		int step = edge == s ? 1 : -1;
		int from = edge == s ? run[0] : run[1];
		int to = edge == s ? run[1] : run[0];

		appendStringInfo(page, "%s%.1f %.1f", edge == s ? "M" : " ", x_of(plot, from) - step * half,
		                 y_of(plot, stack_height(chart, edge, from)));
		for (int i = from; i != to + step; i += step)
			appendStringInfo(page, " %.1f %.1f", x_of(plot, i),
			                 y_of(plot, stack_height(chart, edge, i)));
		appendStringInfo(page, " %.1f %.1f", x_of(plot, to) + step * half,
		                 y_of(plot, stack_height(chart, edge, to)));
	}
	appendStringInfoChar(page, 'z');
}

static void
draw_area(StringInfo page, const Plot *plot, const Chart *chart, int s)
{
	appendStringInfo(page, "<path class=\"f%d\" d=\"", s);
	for (int i = 0; i < chart->npoints; i++)
	{
		int run[2] = {i, i};

		if (!is_known(chart, i))
			continue;
		while (run[1] + 1 < chart->npoints && is_known(chart, run[1] + 1))
			run[1]++;
		append_area(page, plot, chart, s, run);
		i = run[1];
	}
	appendStringInfoString(page, "\"/>");
}

/* What was when, for who points at it. */
static void
draw_tooltips(StringInfo page, const Plot *plot, const Chart *chart)
{
	double width = plot->width / plot->npoints;

	appendStringInfoString(page, "<g class=\"tip\">");
	for (int i = 0; i < chart->npoints; i++)
	{
		appendStringInfo(page, "<rect x=\"%.1f\" y=\"%.0f\" width=\"%.2f\" height=\"%.0f\"><title>",
		                 plot->left + width * i, plot->top, width, plot->height);
		dbops_html_text(page, chart->times[i]);
		for (int s = 0; s < chart->nseries; s++)
		{
			double value = chart->series[s].values[i];

			if (isnan(value) || (value == 0 && chart->nseries > 2))
				continue;
			appendStringInfoString(page, "\n");
			dbops_html_text(page, chart->series[s].name);
			appendStringInfoString(page, ": ");
			dbops_html_text(page, dbops_figure(value, chart->unit));
		}
		appendStringInfoString(page, is_known(chart, i) ? "" : "\nnothing is known");
		appendStringInfoString(page, "</title></rect>");
	}
	appendStringInfoString(page, "</g>");
}

static void
draw_values(StringInfo page, const Plot *plot, const Chart *chart)
{
	if (chart->kind == CHART_STACKED)
	{
		for (int s = 0; s < chart->nseries; s++)
			draw_area(page, plot, chart, s);
	}
	else
	{
		for (int s = chart->nseries - 1; s >= 0; s--)
			draw_line(page, plot, chart->series[s].values, psprintf("s%d", s));
	}
	if (chart->before != NULL)
		draw_line(page, plot, chart->before, "was");
}

/* Which is which, with its mean. */
static void
draw_legend(StringInfo page, const Chart *chart)
{
	appendStringInfoString(page, "<ul class=\"legend\">");
	for (int s = 0; s < chart->nseries; s++)
	{
		double sum = 0;
		int known = 0;

		for (int i = 0; i < chart->npoints; i++)
		{
			double value = chart->series[s].values[i];

			sum += isnan(value) ? 0 : value;
			known += isnan(value) ? 0 : 1;
		}
		if (known == 0)
			continue;
		appendStringInfo(page, "<li><i class=\"b%d\"></i>", s);
		dbops_html_text(page, chart->series[s].name);
		appendStringInfoString(page, " <span>");
		dbops_html_text(page, dbops_figure(sum / known, chart->unit));
		appendStringInfoString(page, "</span></li>");
	}
	if (chart->before != NULL)
		appendStringInfoString(page, "<li><i class=\"bwas\"></i>the time compared with</li>");
	appendStringInfoString(page, "</ul>");
}

bool
dbops_svg_chart_draw(StringInfo page, const Chart *chart)
{
	Plot plot = {.left = LEFT,
	             .top = TOP,
	             .width = WIDTH - LEFT - RIGHT,
	             .height = HEIGHT - TOP - BOTTOM,
	             .high = highest(chart),
	             .npoints = chart->npoints};
	double distance;
	bool known = false;

	for (int i = 0; i < chart->npoints; i++)
		known = known || is_known(chart, i);
	if (!known)
		return false;
	if (plot.high <= 0)
		plot.high = 1;
	distance = choose_distance(plot.high, chart->unit);
	plot.high = distance * ceil(plot.high / distance - 1e-9);

	appendStringInfoString(page, "<figure class=\"chart\"><figcaption>");
	dbops_html_text(page, chart->title);
	appendStringInfo(page, "</figcaption><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"",
	                 WIDTH, HEIGHT);
	dbops_html_text(page, chart->title);
	appendStringInfoString(page, "\">");
	draw_lines_across(page, &plot, distance, chart->unit);
	draw_times(page, &plot, chart);
	draw_values(page, &plot, chart);
	if (chart->times != NULL)
		draw_tooltips(page, &plot, chart);
	appendStringInfoString(page, "</svg>");
	draw_legend(page, chart);
	appendStringInfoString(page, "</figure>\n");
	return true;
}

void
dbops_svg_chart_spark(StringInfo page, const double *values, int npoints)
{
	Plot plot = {.top = 1, .width = SPARK_WIDTH, .height = SPARK_HEIGHT - 2, .npoints = npoints};

	for (int i = 0; i < npoints; i++)
	{
		if (isfinite(values[i]))
			plot.high = Max(plot.high, values[i]);
	}
	if (plot.high <= 0)
		plot.high = 1;
	appendStringInfo(page,
	                 "<svg class=\"spark\" viewBox=\"0 0 %.0f %.0f\" "
	                 "preserveAspectRatio=\"none\" aria-hidden=\"true\"><path "
	                 "class=\"s0\" d=\"",
	                 SPARK_WIDTH, SPARK_HEIGHT);
	append_line(page, &plot, values);
	appendStringInfoString(page, "\"/></svg>");
}
