/*
 * core/compat_sample.h
 *		What differs in reading rows of a table and in ANALYZE between PostgreSQL 15 and 19; see compat.h.
 */
#pragma once

#include "access/tableam.h"
#include "commands/vacuum.h"

/* Rows by where they lie: 19 takes options. */
static inline TableScanDesc
dbops_compat_beginscan_tidrange(Relation table, Snapshot snapshot, ItemPointer first,
                                ItemPointer last)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan_tidrange(table, snapshot, first, last, 0);
#else
	return table_beginscan_tidrange(table, snapshot, first, last);
#endif
}

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
