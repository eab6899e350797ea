/*
 * test/unit/check_test.c
 *		A value becomes a status by its limits, and a status takes points.
 *
 * sources: src/judge/check.c
 */
#include "postgres.h"

#include "judge/check.h"

#include "tap.h"

static void
status_is(CheckBad bad, double warning, double critical, double value, VerdictStatus expected)
{
	const Limits limits = {.enabled = true, .warning = warning, .critical = critical};

	is_int(dbops_check_judge(&limits, bad, value), expected, "%s %g and %g: %g",
	       bad == BAD_ABOVE ? "above" : "below", warning, critical, value);
}

static void
test_above(void)
{
	status_is(BAD_ABOVE, 80, 95, 79.9, VERDICT_OK);
	status_is(BAD_ABOVE, 80, 95, 80, VERDICT_WARNING);
	status_is(BAD_ABOVE, 80, 95, 94.9, VERDICT_WARNING);
	status_is(BAD_ABOVE, 80, 95, 95, VERDICT_CRITICAL);
	status_is(BAD_ABOVE, 80, NO_LIMIT, 1000, VERDICT_WARNING);
	status_is(BAD_ABOVE, NO_LIMIT, 95, 94, VERDICT_OK);
	status_is(BAD_ABOVE, NO_LIMIT, 95, 96, VERDICT_CRITICAL);
	status_is(BAD_ABOVE, 80, INFINITY, 1e300, VERDICT_WARNING);
}

static void
test_below(void)
{
	status_is(BAD_BELOW, 90, 50, 90, VERDICT_OK);
	status_is(BAD_BELOW, 90, 50, 89.9, VERDICT_WARNING);
	status_is(BAD_BELOW, 90, 50, 50, VERDICT_WARNING);
	status_is(BAD_BELOW, 90, 50, 49.9, VERDICT_CRITICAL);
	status_is(BAD_BELOW, NO_LIMIT, NO_LIMIT, -1, VERDICT_OK);
}

static void
test_unknown(void)
{
	status_is(BAD_ABOVE, 80, 95, NAN, VERDICT_UNKNOWN);
	status_is(BAD_BELOW, 80, 95, NAN, VERDICT_UNKNOWN);
	status_is(BAD_ABOVE, NO_LIMIT, NO_LIMIT, NAN, VERDICT_UNKNOWN);
}

static void
test_points(void)
{
	const Check check = {.points = 5};

	is_int(dbops_check_points(&check, VERDICT_OK), 0, "ok takes no point");
	is_int(dbops_check_points(&check, VERDICT_UNKNOWN), 0, "unknown takes none either");
	is_int(dbops_check_points(&check, VERDICT_WARNING), 5, "a warning takes those of the check");
	is_int(dbops_check_points(&check, VERDICT_CRITICAL), 15,
	       "what is critical three times as many");
}

int
main(void)
{
	test_above();
	test_below();
	test_unknown();
	test_points();
	return tap_done();
}
