/*
 * gateway/lag_limit.c
 *		How far a standby may be behind; see lag_limit.h.
 */
#include "postgres.h"

#include "gateway/lag_limit.h"

typedef struct Unit
{
	const char *name;
	double bytes; /* one of the two is zero */
	double seconds;
} Unit;

#define KB 1024.0

static const Unit units[] = {
    {"", 1, 0},        {"B", 1, 0},           {"kB", KB, 0},
    {"MB", KB *KB, 0}, {"GB", KB *KB *KB, 0}, {"TB", KB *KB *KB *KB, 0},
    {"ms", 0, 0.001},  {"s", 0, 1},           {"min", 0, 60},
    {"h", 0, 3600},
};

bool
dbops_lag_limit_parse(const char *asked, LagLimit *limit)
{
	size_t length = strspn(asked, "0123456789.");
	char digits[20];
	double number;
	char *end;

	/* By itself, strtod() would take signs, blanks, infinity, exponents and hexadecimal digits. */
	if (length == 0 || length >= sizeof(digits))
		return false;
	strlcpy(digits, asked, length + 1);
	number = strtod(digits, &end);
	if (*end != '\0')
		return false;
	for (int i = 0; i < lengthof(units); i++)
	{
		if (pg_strcasecmp(asked + length, units[i].name) != 0)
			continue;
		limit->bytes = units[i].seconds == 0 ? number * units[i].bytes : -1;
		limit->seconds = units[i].seconds != 0 ? number * units[i].seconds : -1;
		return true;
	}
	return false;
}
