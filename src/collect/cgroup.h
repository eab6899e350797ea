/*
 * collect/cgroup.h
 *		The control group the server runs in: what it may use, what it uses, how it was held back.
 *
 * Versions 1 and 2, and mixtures of them.  A limit on any group above binds as well, so limits are
 * the smallest of the group and its visible ancestors, and use is that of the group that sets the
 * limit.  Values that the machine lacks are FAMILY_NULL.
 */
#pragma once

#include "store/family.h"

typedef struct CgroupFacts
{
	int64 memory_limit_bytes;   /* FAMILY_NULL when there is no limit */
	int64 memory_charged_bytes; /* all that is charged to the group, page cache included */
	int64 memory_used_bytes;    /* without page cache and slabs that the kernel can reclaim */
	int64 oom_kills;
	int64 cpu_limit_millis; /* thousandths of a CPU; FAMILY_NULL when there is no limit */
	int64 cpu_used_us;
	int64 cpu_periods;
	int64 cpu_throttled_periods;
	int64 cpu_throttled_us;
} CgroupFacts;

/* Allocates scratch in the current context. */
extern void dbops_cgroup_read(CgroupFacts *facts);

/*
 * What to put around "cpu", "memory" or "io" to get the file of its pressure: that of the group
 * where it is limited and has one, else that of the machine.  Valid after dbops_cgroup_read.
 */
extern void dbops_cgroup_pressure_path(const char *resource, char *path, Size size);
