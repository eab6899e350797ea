/*
 * test/unit/sparkline_test.c
 *		Heights of a sparkline: scale, gaps, several values for a character, odd numbers.
 *
 * sources: src/expose/sparkline.c
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "expose/sparkline.h"

#include "tap.h"

typedef struct Case
{
	const char *what;
	const char *heights; /* a digit each, a blank for a gap */
	int width;
	SparklineScale scale;
	int count;
	double values[10];
} Case;

static const Case cases[] = {
    {"each step has its height",
     "01234567",
     8,
     {NAN, NAN},
     8,
     {0, 1.1, 2.1, 3.1, 4.1, 5.1, 6.1, 8}},
    {"heights compare as values do, from 0", "77", 2, {NAN, NAN}, 2, {100, 101}},
    {"values below 0 lower the end", "047", 3, {NAN, NAN}, 3, {-1, 0.1, 1}},
    {"a gap stays a gap", "0 7", 3, {NAN, NAN}, 3, {0, NAN, 5}},
    {"nothing known", "  ", 2, {NAN, NAN}, 2, {NAN, NAN}},
    {"all 0", "000", 3, {NAN, NAN}, 3, {0, 0, 0}},
    {"none", "", 5, {NAN, NAN}, 0, {0}},
    {"a mean for several", "47", 2, {NAN, NAN}, 4, {0, 4, 4, 4}},
    {"a mean of those known", "7 ", 2, {NAN, NAN}, 4, {NAN, 4, NAN, NAN}},
    {"no wider than there are values", "07", 50, {NAN, NAN}, 2, {0, 1}},
    {"uneven shares", "077", 3, {NAN, NAN}, 4, {0, 9, 9, 9}},
    {"a given scale", "0347", 4, {10, 20}, 4, {5, 14, 15, 99}},
    {"a low end alone", "007", 3, {50, NAN}, 3, {40, 50, 60}},
    {"a high end alone", "03", 2, {NAN, 10}, 2, {1, 4}},
    {"a scale without extent", "0", 1, {5, 5}, 1, {5}},
    {"infinities are beyond the ends", "073", 3, {0, 2}, 3, {-INFINITY, INFINITY, 0.9}},
    {"infinities set no scale", "77", 2, {NAN, NAN}, 2, {1e-9, INFINITY}},
    {"the widest range", "047", 3, {-DBL_MAX, DBL_MAX}, 3, {-DBL_MAX, -1, DBL_MAX}},
};

int
main(void)
{
	for (int i = 0; i < lengthof(cases); i++)
	{
		const Case *c = &cases[i];
		signed char heights[10];
		char drawn[11] = {0};
		int width = dbops_sparkline_heights(c->values, c->count, c->width, &c->scale, heights);

		for (int h = 0; h < width; h++)
			drawn[h] = heights[h] == SPARKLINE_GAP ? ' ' : (char) ('0' + heights[h]);
		ok(strcmp(drawn, c->heights) == 0, "%s: \"%s\"", c->what, drawn);
	}
	return tap_done();
}
