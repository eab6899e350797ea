/*
 * expose/figure.c
 *		Numbers of a page; see figure.h.
 */
#include "postgres.h"

#include <math.h>

#include "expose/figure.h"
#include "judge/amount.h"

static char *
form_count(double value, const char *per)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P"};
	int unit = 0;

	if (fabs(value) >= 10000)
	{
		for (; unit + 1 < lengthof(units) && fabs(value) >= 1000; unit++)
			value /= 1000;
	}
	return psprintf("%s%s%s%s", dbops_amount(value, ""), unit > 0 ? " " : "", units[unit], per);
}

char *
dbops_figure(double value, const char *unit)
{
	if (isnan(value) || isinf(value))
		return dbops_amount(value, unit);
	if (strcmp(unit, "count") == 0)
		return form_count(value, "");
	if (*unit == '/')
		return form_count(value, unit);
	return dbops_amount(value, unit);
}
