/*
 * advise/statement_writes.h
 *		How many rows the statements of a workload write to a table in a day.
 *
 * Beside what the server counts (table_writes.h): a workload that is given brings its own writes,
 * and in a short time the server counts loads that do not come again.
 */
#pragma once

#include "advise/sent_statement.h"
#include "advise/update_kinds.h"

typedef struct StatementWrites
{
	double inserts; /* rows a day */
	double updates;
	double deletes;
} StatementWrites;

/*
 * Of statements (of Statement) that are called at least so often a day.  Where nothing is known of
 * how many rows a call writes, that is one, or as many as VALUES has.
 */
extern StatementWrites dbops_statement_writes_find(const List *statements, Oid table,
                                                   const UpdateRows *rows, double least_calls);
