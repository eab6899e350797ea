/*
 * advise/existing_indexes.h
 *		The indexes that are there, and what speaks for keeping each: duties, and use in the past.
 *
 * Use is counted over a window of the history, on all servers that it knows: an index that only a
 * standby reads is in use.  Indexes of system catalogs are nobody's to drop, those of
 * temporary tables not worth it: both are left out.  Needs a snapshot; SQL, so not in parallel.
 */
#pragma once

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "advise/drop_rule.h"
#include "advise/index_cover.h"

typedef struct ExistingIndex
{
	Oid indexid;
	Oid table;
	const IndexSpec *spec;  /* NULL: not described, or it cannot be said what it is */
	const char *name;       /* qualified and quoted */
	const char *definition; /* CREATE INDEX; NULL: it is gone, or going */
	IndexDuty duty;
	double days;              /* that its use is known of; 0: it is not */
	double scans;             /* in these days, on all servers known; NaN: not known */
	TimestampTz last_scan_at; /* 0: not known */
} ExistingIndex;

typedef struct ExistingIndexes
{
	int count;
	ExistingIndex *indexes; /* by OID */
	int nkeys;
	ForeignKey *keys;     /* of these tables, as those that refer or are referred to */
	int standbys_unknown; /* standbys whose use is in no history here */
} ExistingIndexes;

/*
 * Of these tables (OIDs) of the current database, and those that refer to them; without specs.  In
 * the current context.
 */
extern ExistingIndexes *dbops_existing_indexes_load(const List *tables, int64 window_ms);

/*
 * Finds out what it is, without waiting for who builds or drops it: false if it cannot be said at
 * the moment, or if it is gone.
 */
extern bool dbops_existing_index_describe(ExistingIndex *index);
