/*
 * advise/cpu_speed.h
 *		How slow a server is beside the one that the constants of costs were measured on.
 *
 * A header of its own because all that turns measured times into those of a server needs it.
 */
#pragma once

/*
 * Milliseconds for a unit of the planner's cost there: eight cached scans, joins, sorts and sums
 * over half a million rows took 0.003 to 0.02, half of them about this.
 */
#define SPEED_MS_PER_COST 0.005

/* What is farther off waits for disks, or is a matter of cost settings, not of the processor. */
#define SPEED_FASTEST 0.25
#define SPEED_SLOWEST 4.0

/* The factor for times of the processor; `ms_per_cost` as measured, 0 or NaN: not known. */
static inline double
dbops_cpu_speed_factor(double ms_per_cost)
{
	if (!(ms_per_cost > 0))
		return 1;
	return Min(Max(ms_per_cost / SPEED_MS_PER_COST, SPEED_FASTEST), SPEED_SLOWEST);
}
