/*
 * advise/update_kinds.h
 *		What columns the statements of a workload set in a table, and in how many rows a day.
 *
 * A file of its own because it goes from statements to a table, table_writes.h from a table to what
 * the server counted.  What triggers set is not seen.
 */
#pragma once

#include "advise/sent_statement.h"
#include "advise/write_cost.h"

typedef struct UpdateKinds
{
	int nkinds;
	UpdateFacts *kinds;
} UpdateKinds;

/* How many rows a call of each statement writes, by queryid; see dbops_update_rows_load(). */
typedef struct UpdateRows UpdateRows;

/*
 * Those of the statements (of Statement) that write, from the history of the current database over
 * a window that ends now; empty where there is none.  SQL: not in parallel.  Allocated in the
 * current context.
 */
extern UpdateRows *dbops_update_rows_load(const List *statements, int64 window_ms);

/* How many rows a call of the statement writes; -1: not known. */
extern double dbops_update_rows_per_call(const UpdateRows *rows, uint64 queryid);

/*
 * Those that the statements (of Statement) update in the table, or in its partitions.  A statement
 * of whose rows nothing is known has one row a call; rows may be NULL.  In the current context.
 */
extern UpdateKinds
dbops_update_kinds_find(const List *statements, Oid table, const UpdateRows *rows);
