/*
 * gateway/lag_limit.h
 *		How far a standby may be behind, as a load balancer asks: /replica?lag=1MB or ?lag=5s.
 *
 * Pure, and so tested with texts alone.
 */
#pragma once

typedef struct LagLimit
{
	double bytes;   /* below zero: no limit */
	double seconds; /* likewise */
} LagLimit;

/*
 * A number and a unit: B, kB, MB, GB, TB, or ms, s, min, h; without one it is in bytes.  False if
 * it is nothing of the kind.
 */
extern bool dbops_lag_limit_parse(const char *asked, LagLimit *limit);
