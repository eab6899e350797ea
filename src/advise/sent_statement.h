/*
 * advise/sent_statement.h
 *		A statement as the planner takes it: parsed, analysed and rewritten once, planned many
 *		times.
 *
 * The text is read as it was sent, under its own search_path and rights.  EXPLAIN, PREPARE,
 * DECLARE, COPY and CREATE TABLE AS stand for the query within.  Names of variables of a procedural
 * language are read as parameters.  What cannot be read has a reason in words.
 */
#pragma once

#include "nodes/params.h"

#include "advise/restricted.h"
#include "advise/workload.h"

typedef struct Statement
{
	const WorkloadStatement *source;
	RestrictedContext context;
	MemoryContext memory; /* of what analysis leaves; its parent is that of the Statement */
	const char *left_out; /* why it is not analysed; NULL: it is */
	List *queries;        /* of Query, what the rewriter made of it */
	List *relations;      /* OIDs that it reads or writes, views included */
	ParamListInfo params; /* what it is planned with; also tells its planning from any other */
	uint64 analysed_at;   /* a point in the stream of invalidations */
	int failures;         /* in a row, to plan it */
	const char *failure;  /* the last */
} Statement;

/* Reads the statement, in the current context.  The source must outlive it. */
extern Statement *dbops_sent_statement_read(const WorkloadStatement *source);

/*
 * Locks what it reads, in the restricted context, and reads it anew if that has changed.  False if
 * it cannot be read then.
 */
extern bool dbops_sent_statement_lock(Statement *statement);

/* Adds relations that only planning has found: those in functions that became part of the query. */
extern void dbops_sent_statement_extend(Statement *statement, const List *relations);

/* Notes why it could not be planned; after the third time in a row it is left out. */
extern void dbops_sent_statement_fail(Statement *statement, const TaskError *error);
