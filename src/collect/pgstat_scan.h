/*
 * collect/pgstat_scan.h
 *		Copies of all statistics of one kind, for every database of the cluster at once.
 *
 * The cumulative statistics of all databases sit in one shared hash, which no SQL function shows
 * across databases.  Works in any process with shared memory, connected to a database or not.
 */
#pragma once

#include "utils/pgstat_internal.h"

typedef struct RelationStats
{
	Oid datid; /* 0 for shared catalogs */
	Oid relid;
	PgStat_StatTabEntry stats;
} RelationStats;

typedef struct FunctionStats
{
	Oid datid;
	Oid funcid;
	PgStat_StatFuncEntry stats;
} FunctionStats;

typedef struct DatabaseStats
{
	Oid datid; /* 0 for shared catalogs */
	Oid unused;
	PgStat_StatDBEntry stats;
} DatabaseStats;

/* Arrays in the current context, in no order.  Never NULL. */
extern RelationStats *dbops_pgstat_scan_relations(int *count);
extern FunctionStats *dbops_pgstat_scan_functions(int *count);
extern DatabaseStats *dbops_pgstat_scan_databases(int *count);
