/*
 * core/compat_sample.h
 *		What differs in what ANALYZE computes between PostgreSQL 15 and 19; see compat.h.
 */
#pragma once

#include "commands/vacuum.h"

/* ANALYZE's default for how much is kept of a column: until 16 in a row of pg_attribute. */
static inline void
dbops_compat_default_target(VacAttrStats *stats)
{
#if PG_VERSION_NUM >= 170000
	stats->attstattarget = -1;
#else
	stats->attr = palloc0(ATTRIBUTE_FIXED_PART_SIZE);
	stats->attr->attstattarget = -1;
#endif
}
