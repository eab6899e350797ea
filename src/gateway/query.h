/*
 * gateway/query.h
 *		SQL, the gateway's only way to dbops: one query in a read-only transaction of its own.
 *
 * The only user of SPI and of PG_TRY in the gateway.  No error escapes, and none passes a frame of
 * libmicrohttpd: queries are run between its calls, never from its callbacks.
 */
#pragma once

#include <signal.h>

#include "utils/palloc.h"

#define QUERY_COLUMNS 13

#define QUERY_ARGUMENTS 6

/* What a query is: a name for pg_stat_activity and errors, and text that yields one row. */
typedef struct Question
{
	const char *name;
	const char *sql;
	bool plain;     /* needs nothing of dbops, so it works without the extension */
	int body;       /* the column that is sent on, counted from 1; 0: none */
	int narguments; /* of type text; NULL is NULL */
	const char *arguments[QUERY_ARGUMENTS];
} Question;

typedef struct QueryAnswer
{
	MemoryContext context;      /* of the cells */
	bool ok;                    /* there is a row; else `error` says why not */
	char *cells[QUERY_COLUMNS]; /* in UTF-8, or as they are for bytea; NULL is NULL */
	size_t sizes[QUERY_COLUMNS];
	char *body;     /* the cell of that column, of malloc(), for whoever takes it; NULL: taken */
	int sqlerrcode; /* of the last run that failed; 0: it went well */
	char error[256];
} QueryAnswer;

/* True while a query runs, for the handler of SIGTERM, which cancels it. */
extern volatile sig_atomic_t dbops_query_runs;

/*
 * Runs a query under a time limit; the answer of the last run goes.  Logs when it begins to fail,
 * fails in another way, or works again.
 */
extern void dbops_query_run(const Question *query, int timeout_ms, QueryAnswer *answer);
