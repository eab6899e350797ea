/*
 * gateway/primary.h
 *		A connection to the primary that never waits.
 *
 * The only user of libpq.  One connection, one query at a time; whoever has the loop waits until
 * the socket is ready or the time is up, and calls dbops_primary_advance().  The one thing in which
 * libpq itself waits is to look up a host name, as the connection begins: a second at most for each
 * name server.
 */
#pragma once

#define PRIMARY_CELLS 8
#define PRIMARY_ARGUMENTS 10

typedef enum PrimaryState
{
	PRIMARY_CLOSED, /* never opened, or closed; or it broke, and there is a problem */
	PRIMARY_CONNECTING,
	PRIMARY_READY,    /* for a query */
	PRIMARY_ASKED,    /* the answer is not there yet */
	PRIMARY_ANSWERED, /* there it is, until the next query */
} PrimaryState;

/* A row, or an error of the server, which leaves the connection as it is. */
typedef struct PrimaryAnswer
{
	bool ok;
	char *cells[PRIMARY_CELLS]; /* NULL is NULL */
} PrimaryAnswer;

/* Why it was closed, or what the server said. */
typedef struct PrimaryProblem
{
	char message[256]; /* empty: none */
	char hint[256];
	char sqlstate[6];
} PrimaryProblem;

extern PrimaryState dbops_primary_state(void);

/* Begins to connect, to `database` unless the string says another one. */
extern void dbops_primary_open(const char *conninfo, const char *database);
extern void dbops_primary_close(void);

/* Begins a query that yields one row; arguments are text and must stay until it is answered. */
extern void dbops_primary_ask(const char *sql, const char *const *arguments, int narguments);

/* Does what can be done without waiting. */
extern void dbops_primary_advance(void);

extern const PrimaryAnswer *dbops_primary_answer(void);
extern const PrimaryProblem *dbops_primary_problem(void);

/* Where it leads, in words: "db1:5432, database postgres". */
extern const char *dbops_primary_name(void);

/* What to wait for: events as of epoll, 0 if for nothing; and the time to give up, -1: never. */
extern int dbops_primary_fd(unsigned int *events);
extern int64 dbops_primary_deadline_us(void);
