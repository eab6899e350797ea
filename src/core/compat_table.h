/*
 * core/compat_table.h
 *		What differs in the interface to tables between PostgreSQL 15 and 19; see compat.h.
 */
#pragma once

#include "access/tableam.h"

/* A scan of a table, and one over a range of rows: 19 takes flags of the caller. */
static inline TableScanDesc
dbops_compat_beginscan(Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, NULL, 0);
#else
	return table_beginscan(table, snapshot, 0, NULL);
#endif
}

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
