/*
 * judge/amount.c
 *		Numbers as people read them; see amount.h.
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"

#include "judge/amount.h"

typedef struct Unit
{
	const char *name;
	double size; /* in the one before */
} Unit;

/* Three digits say enough; trailing zeros say nothing. */
static char *
form_digits(double value)
{
	double size = fabs(value);

	if (size >= 100 || value == rint(value))
		return psprintf("%.0f", value);
	return size >= 10 ? psprintf("%.1f", value) : psprintf("%.3g", value);
}

static char *
form_scaled(double value, const Unit *units, int nunits)
{
	int unit = 0;

	while (unit + 1 < nunits && fabs(value) >= units[unit + 1].size)
		value /= units[++unit].size;
	return psprintf("%s %s", form_digits(value), units[unit].name);
}

static char *
form_seconds(double seconds)
{
	int64 whole = (int64) seconds;

	if (fabs(seconds) < 1)
		return psprintf("%s ms", form_digits(seconds * 1000));
	if (fabs(seconds) < 60)
		return psprintf("%s s", form_digits(seconds));
	if (whole < SECS_PER_HOUR)
		return psprintf("%d min %d s", (int) (whole / 60), (int) (whole % 60));
	if (whole < SECS_PER_DAY)
		return psprintf("%d h %d min", (int) (whole / SECS_PER_HOUR),
		                (int) (whole % SECS_PER_HOUR / 60));
	return psprintf("%lld d %d h", (long long) (whole / SECS_PER_DAY),
	                (int) (whole % SECS_PER_DAY / SECS_PER_HOUR));
}

/* A unit that is not known follows the number as it is. */
static char *
form_known(double value, const char *unit)
{
	static const Unit bytes[] = {{"bytes", 1}, {"kB", 1024}, {"MB", 1024},
	                             {"GB", 1024}, {"TB", 1024}, {"PB", 1024}};

	if (strcmp(unit, "bytes") == 0)
		return form_scaled(value, bytes, lengthof(bytes));
	if (strcmp(unit, "ms") == 0)
		return form_seconds(value / 1000);
	if (strcmp(unit, "seconds") == 0)
		return form_seconds(value);
	if (strcmp(unit, "percent") == 0)
		return psprintf("%s %%", form_digits(value));
	return *unit == '\0' ? form_digits(value) : psprintf("%s %s", form_digits(value), unit);
}

char *
dbops_amount(double value, const char *unit)
{
	const char *per = strchr(unit, '/');

	if (isnan(value))
		return pstrdup("unknown");
	if (isinf(value))
		return pstrdup("without end");
	if (per != NULL)
		return psprintf("%s%s", form_known(value, pnstrdup(unit, per - unit)), per);
	return form_known(value, unit);
}
