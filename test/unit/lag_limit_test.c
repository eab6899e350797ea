/*
 * test/unit/lag_limit_test.c
 *		How far a standby may be behind: numbers with their units, and what is no limit.
 *
 * sources: src/gateway/lag_limit.c
 */
#include "postgres.h"

#include "gateway/lag_limit.h"

#include "tap.h"

typedef struct Case
{
	const char *asked;
	double bytes; /* -1: not limited; both: not understood */
	double seconds;
} Case;

static const Case cases[] = {
    {"0", 0, -1},
    {"1", 1, -1},
    {"1048576", 1048576, -1},
    {"5B", 5, -1},
    {"16kB", 16384, -1},
    {"16KB", 16384, -1},
    {"1MB", 1048576, -1},
    {"1.5MB", 1572864, -1},
    {"2gb", 2147483648.0, -1},
    {"1TB", 1099511627776.0, -1},
    {"0s", -1, 0},
    {"5s", -1, 5},
    {"250ms", -1, 0.25},
    {"0.5s", -1, 0.5},
    {"2min", -1, 120},
    {"1h", -1, 3600},
    {"", -1, -1},
    {"MB", -1, -1},
    {"-1", -1, -1},
    {"+1", -1, -1},
    {" 1", -1, -1},
    {"1 MB", -1, -1},
    {"1MBx", -1, -1},
    {"1e9", -1, -1},
    {"0x10", -1, -1},
    {"inf", -1, -1},
    {"nan", -1, -1},
    {"1.2.3", -1, -1},
    {"99999999999999999999", -1, -1},
};

int
main(void)
{
	for (int i = 0; i < lengthof(cases); i++)
	{
		const Case *c = &cases[i];
		LagLimit limit = {-1, -1};
		bool understood = dbops_lag_limit_parse(c->asked, &limit);

		ok(understood == (c->bytes >= 0 || c->seconds >= 0) && limit.bytes == c->bytes &&
		       limit.seconds == c->seconds,
		   "\"%s\": %g bytes, %g seconds", c->asked, limit.bytes, limit.seconds);
	}
	return tap_done();
}
