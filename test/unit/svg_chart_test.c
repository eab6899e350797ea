/*
 * test/unit/svg_chart_test.c
 *		Charts: gaps are gaps, the axis is counted in numbers for people, what is stacked is, names
 *		are escaped, and no number can break a path.
 *
 * sources: src/expose/svg_chart.c src/expose/html.c src/expose/figure.c src/judge/amount.c
 * covers: expose/figure
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "expose/figure.h"
#include "expose/svg_chart.h"

#include "tap.h"

static char *
draw(Chart chart, int npoints, const double *values, const double *more)
{
	static const ChartTick ticks[] = {{1, "12:00"}};
	static const char *const times[] = {"a", "b", "c", "d", "e"};
	const ChartSeries series[] = {{"one <1>", values}, {"two", more}};
	StringInfoData page;

	chart.title = "A \"chart\"";
	chart.unit = chart.unit == NULL ? "" : chart.unit;
	chart.npoints = npoints;
	chart.nseries = more == NULL ? 1 : 2;
	chart.series = series;
	chart.nticks = lengthof(ticks);
	chart.ticks = ticks;
	chart.times = times;
	initStringInfo(&page);
	return dbops_svg_chart_draw(&page, &chart) ? page.data : NULL;
}

static int
count(const char *page, const char *what)
{
	int n = 0;

	for (const char *at = page; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

/* The path of a class, up to its end. */
static char *
path_of(const char *page, const char *class)
{
	char *from = strstr(page, psprintf("<path class=\"%s\" d=\"", class));
	char *end = from == NULL ? NULL : strstr(from, "\"/>");

	return end == NULL ? pstrdup("none") : pnstrdup(from, end - from);
}

static void
test_gaps(void)
{
	char *page = draw((Chart){0}, 5, (double[]){1, 2, NAN, 3, 2}, NULL);
	char *alone = draw((Chart){0}, 5, (double[]){NAN, 2, NAN, NAN, 3}, NULL);
	char *stacked = draw((Chart){.kind = CHART_STACKED}, 5, (double[]){1, NAN, 3, 2, 1},
	                     (double[]){1, NAN, NAN, 1, 1});

	ok(count(path_of(page, "s0"), "M") == 2, "a gap ends a line: %s", path_of(page, "s0"));
	ok(count(page, "nothing is known") == 1, "and its tooltip says so");
	ok(count(path_of(alone, "s0"), "h1") == 2, "points between gaps can be seen");
	ok(count(path_of(stacked, "f1"), "M") == 2, "a gap ends an area: %s", path_of(stacked, "f1"));
	ok(draw((Chart){0}, 5, (double[]){NAN, NAN, NAN, NAN, NAN}, NULL) == NULL,
	   "nothing known, nothing drawn");
}

static void
test_axis(void)
{
	static const struct
	{
		double high;
		const char *unit;
		const char *top;
	} axes[] = {{0, "", ">1<"},
	            {7, "", ">8<"},
	            {0.03, "", ">0.03<"},
	            {100, "percent", ">100 %<"},
	            {250, "ms", ">300 ms<"},
	            {90000, "ms", ">1 min 30 s<"},
	            {3e7, "ms", ">10 h 0 min<"},
	            {1000000, "bytes", ">1000 kB<"},
	            {3.2e9, "bytes/s", ">3 GB/s<"},
	            {25000, "/s", ">30 k/s<"},
	            {7.2e6, "count", ">8 M<"}};

	for (int i = 0; i < lengthof(axes); i++)
	{
		char *page = draw((Chart){.unit = axes[i].unit}, 2, (double[]){axes[i].high, 0}, NULL);

		ok(strstr(page, axes[i].top) != NULL && count(page, "class=\"line\"") <= 7,
		   "an axis to %g %s has %s", axes[i].high, axes[i].unit, axes[i].top);
	}
}

static void
test_words(void)
{
	char *page = draw((Chart){.kind = CHART_STACKED}, 2, (double[]){1, 2}, (double[]){2, 2});

	ok(strstr(page, "one &lt;1&gt;") != NULL && strstr(page, "one <1>") == NULL,
	   "names are escaped");
	ok(strstr(page, "aria-label=\"A &quot;chart&quot;\"") != NULL, "the title is, in an attribute");
	ok(strstr(page, "12:00") != NULL, "times have labels");
	ok(count(page, "<rect") == 2 && count(page, "</title>") == 2, "each point has a tooltip");
}

static void
test_stack(void)
{
	char *page = draw((Chart){.kind = CHART_STACKED}, 2, (double[]){3, 3}, (double[]){1, 1});

	/* 3 of 4 is a quarter below the top, which is at 6; the bottom is at 132. */
	ok(strstr(path_of(page, "f0"), " 37.5") != NULL, "the first stands on the ground: %s",
	   path_of(page, "f0"));
	ok(strstr(path_of(page, "f1"), " 6.0") != NULL && strstr(path_of(page, "f1"), " 37.5") != NULL,
	   "the second on the first: %s", path_of(page, "f1"));
}

static void
test_odd_numbers(void)
{
	static const double odd[] = {INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, DBL_MIN, -1, 0, 1e-300};

	for (int i = 0; i < lengthof(odd); i++)
	{
		char *page = draw((Chart){0}, 3, (double[]){1, odd[i], NAN}, NULL);
		char *path = page == NULL ? pstrdup("") : path_of(page, "s0");

		ok(page != NULL && strstr(path, "nan") == NULL && strstr(path, "inf") == NULL, "%g: %s",
		   odd[i], path);
	}
}

static void
test_spark(void)
{
	StringInfoData page;

	initStringInfo(&page);
	dbops_svg_chart_spark(&page, (double[]){1, NAN, 2, 3}, 4);
	dbops_svg_chart_spark(&page, NULL, 0);
	ok(count(page.data, "<svg") == 2 && count(page.data, "M") == 2, "small lines: %s", page.data);
}

int
main(void)
{
	test_gaps();
	test_axis();
	test_words();
	test_stack();
	test_odd_numbers();
	test_spark();
	return tap_done();
}
