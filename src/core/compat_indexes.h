/*
 * core/compat_indexes.h
 *		The differences between PostgreSQL 15 and 19 in indexes, and columns of updates.
 *
 * A part of core/compat.h in a file of its own, as only advice on indexes needs it.
 */
#pragma once

#include "access/amapi.h"
#include "nodes/parsenodes.h"
#include "parser/parse_relation.h"

/* Whether updates of an indexed column can be HOT: from 16 on, for BRIN. */
static inline bool
dbops_compat_summarizes(const IndexAmRoutine *am)
{
#if PG_VERSION_NUM >= 160000
	return am->amsummarizing;
#else
	return false;
#endif
}

/* Columns that a query updates in a relation of its range table.  16 took them out of its entry. */
static inline Bitmapset *
dbops_compat_updated_columns(const Query *query, RangeTblEntry *rte)
{
#if PG_VERSION_NUM >= 160000
	return rte->perminfoindex == 0 ? NULL :
	                                 getRTEPermissionInfo(query->rteperminfos, rte)->updatedCols;
#else
	return rte->updatedCols;
#endif
}
