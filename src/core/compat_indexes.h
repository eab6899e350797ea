/*
 * core/compat_indexes.h
 *		The differences between PostgreSQL 15 and 19 in indexes and collations.
 *
 * A part of core/compat.h in a file of its own, as only advice on indexes needs it.
 */
#pragma once

#include "access/amapi.h"
#include "catalog/pg_collation_d.h"
#include "utils/pg_locale.h"

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

/* Whether texts are compared byte by byte.  18 moved the answer into the locale. */
static inline bool
dbops_compat_collates_bytes(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->collate_is_c;
#else
	return lc_collate_is_c(collation);
#endif
}
