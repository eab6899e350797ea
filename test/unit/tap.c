/*
 * test/unit/tap.c
 *		Printing TAP: a line per fact proved, the plan at the end.
 */
#include "postgres.h"

#include <math.h>

#include "tap.h"

static int tests_run = 0;
static int tests_failed = 0;

static bool
print_result(bool holds, const char *fmt, va_list args)
{
	printf("%sok %d - ", holds ? "" : "not ", ++tests_run);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
	if (!holds)
		tests_failed++;
	return holds;
}

#define PRINT_RESULT(holds, fmt)            \
	do                                      \
	{                                       \
		va_list args;                       \
		va_start(args, fmt);                \
		print_result((holds), (fmt), args); \
		va_end(args);                       \
	} while (0)

bool
ok(bool holds, const char *name, ...)
{
	PRINT_RESULT(holds, name);
	return holds;
}

bool
is_int(int64 got, int64 expected, const char *name, ...)
{
	PRINT_RESULT(got == expected, name);
	if (got != expected)
		note("expected " INT64_FORMAT ", got " INT64_FORMAT, expected, got);
	return got == expected;
}

bool
is_str(const char *got, const char *expected, const char *name, ...)
{
	bool same = got && expected ? strcmp(got, expected) == 0 : got == expected;

	PRINT_RESULT(same, name);
	if (!same)
		note("expected %s, got %s", expected ? expected : "NULL", got ? got : "NULL");
	return same;
}

bool
is_near(double got, double expected, double tolerance, const char *name, ...)
{
	bool near = isnan(got) || isnan(expected) ?
	                isnan(got) && isnan(expected) :
	                fabs(got - expected) <= tolerance || got == expected;

	PRINT_RESULT(near, name);
	if (!near)
		note("expected %.17g within %g, got %.17g", expected, tolerance, got);
	return near;
}

void
skip(const char *why, ...)
{
	va_list args;

	printf("ok %d # SKIP ", ++tests_run);
	va_start(args, why);
	vprintf(why, args);
	va_end(args);
	putchar('\n');
}

void
note(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

int
tap_done(void)
{
	printf("1..%d\n", tests_run);
	return tests_failed == 0 && tests_run > 0 ? 0 : 1;
}
