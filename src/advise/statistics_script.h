/*
 * advise/statistics_script.h
 *		Extended statistics as DDL.
 */
#pragma once

#include "nodes/pg_list.h"

typedef struct StatisticsScript
{
	List *columns; /* of char *, as they are written */
	char *create;
	char *drop;
} StatisticsScript;

/*
 * Statistics of these kinds (StatisticsKind, a set) of expressions over varno 1 of the table, whose
 * name nobody has, nor is in the List `taken`, which it is added to.  In the current context.
 */
extern StatisticsScript
dbops_statistics_script_of(Oid table, List *expressions, int kinds, List **taken);
