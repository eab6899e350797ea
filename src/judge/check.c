/*
 * judge/check.c
 *		From a value to a status, and from a status to points; see check.h.
 *
 * Pure: numbers in, numbers out.
 */
#include "postgres.h"

#include "judge/check.h"

static bool
is_beyond(CheckBad bad, double value, double limit)
{
	if (isnan(limit))
		return false;
	return bad == BAD_ABOVE ? value >= limit : value < limit;
}

VerdictStatus
dbops_check_judge(const Limits *limits, CheckBad bad, double value)
{
	if (isnan(value))
		return VERDICT_UNKNOWN;
	if (is_beyond(bad, value, limits->critical))
		return VERDICT_CRITICAL;
	if (is_beyond(bad, value, limits->warning))
		return VERDICT_WARNING;
	return VERDICT_OK;
}

int
dbops_check_points(const Check *check, VerdictStatus status)
{
	switch (status)
	{
		case VERDICT_OK:
		case VERDICT_UNKNOWN:
			return 0;
		case VERDICT_WARNING:
			return check->points;
		case VERDICT_CRITICAL:
			return CRITICAL_FACTOR * check->points;
	}
	return 0;
}
