/*
 * gateway/primary.c
 *		A connection to the primary that never waits; see primary.h.
 */
#include "postgres.h"

#include <poll.h>
#include <sys/epoll.h>

#include "libpq-fe.h"

#include "gateway/http_clock.h"
#include "gateway/primary.h"

/* To be connected, and to be answered. */
#define CONNECT_LIMIT_US INT64CONST(10000000)
#define ANSWER_LIMIT_US INT64CONST(30000000)

#define NAME_BYTES 256
#define MAX_PARAMETERS 64

static PGconn *connection = NULL;
static PrimaryState state = PRIMARY_CLOSED;
static PostgresPollingStatusType wanted; /* while connecting */
static bool unsent;                      /* of a query, some is */
static int64 deadline_us = -1;
static PGresult *result = NULL;
static PrimaryAnswer answer;
static PrimaryProblem problem;
static char name[NAME_BYTES] = "";

PrimaryState
dbops_primary_state(void)
{
	return state;
}

const PrimaryAnswer *
dbops_primary_answer(void)
{
	return &answer;
}

const PrimaryProblem *
dbops_primary_problem(void)
{
	return &problem;
}

const char *
dbops_primary_name(void)
{
	return name;
}

int64
dbops_primary_deadline_us(void)
{
	return deadline_us;
}

static void
forget_result(void)
{
	PQclear(result);
	result = NULL;
	memset(&answer, 0, sizeof(answer));
}

void
dbops_primary_close(void)
{
	forget_result();
	PQfinish(connection);
	connection = NULL;
	state = PRIMARY_CLOSED;
	deadline_us = -1;
}

/* The first line of what libpq says; others repeat it for further hosts, or are its hints. */
static void
note_problem(const char *message)
{
	size_t length = strcspn(message, "\n");

	memset(&problem, 0, sizeof(problem));
	strlcpy(problem.message, message, Min(length + 1, sizeof(problem.message)));
}

static void
break_off(const char *message)
{
	note_problem(message);
	dbops_primary_close();
}

/* The server's notices are for people who are not here. */
static void
drop_notice(void *arg, const PGresult *notice)
{
}

/* ---- connecting ---- */

/* Where it is, as far as that is known: with several hosts the one that was tried last. */
static void
note_name(void)
{
	const char *host = PQhost(connection);
	const char *port = PQport(connection);
	const char *database = PQdb(connection);

	snprintf(name, sizeof(name), "%s:%s, database %s", host != NULL ? host : "?",
	         port != NULL ? port : "?", database != NULL ? database : "?");
}

/*
 * What the string says goes before what is taken else, but for what the session is called: by that
 * name the primary knows it.
 */
static PGconn *
start(const PQconninfoOption *options, const char *database)
{
	const char *keywords[MAX_PARAMETERS] = {"dbname", "client_encoding", "keepalives_idle"};
	const char *values[MAX_PARAMETERS] = {database, "UTF8", "60"};
	int n = 3;

	for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		if (option->val == NULL || n >= MAX_PARAMETERS - 2 ||
		    strcmp(option->keyword, "client_encoding") == 0)
			continue;
		keywords[n] = option->keyword;
		values[n++] = option->val;
	}
	keywords[n] = "application_name";
	values[n] = "dbops shipping";
	return PQconnectStartParams(keywords, values, 0);
}

void
dbops_primary_open(const char *conninfo, const char *database)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);

	/* The resolver would take half a minute for a name server that does not answer. */
	setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
	dbops_primary_close();
	memset(&problem, 0, sizeof(problem));
	name[0] = '\0';
	if (options == NULL)
	{
		note_problem(message != NULL ? message : "out of memory");
		PQfreemem(message);
		strlcpy(problem.hint, "dbops.primary_conninfo is a connection string of libpq.",
		        sizeof(problem.hint));
		return;
	}
	connection = start(options, database);
	PQconninfoFree(options);
	if (connection == NULL || PQstatus(connection) == CONNECTION_BAD)
	{
		break_off(connection == NULL ? "out of memory" : PQerrorMessage(connection));
		return;
	}
	PQsetNoticeReceiver(connection, drop_notice, NULL);
	note_name();
	wanted = PGRES_POLLING_WRITING;
	state = PRIMARY_CONNECTING;
	deadline_us = dbops_http_clock_us() + CONNECT_LIMIT_US;
}

static void
go_on_connecting(void)
{
	wanted = PQconnectPoll(connection);
	note_name();
	if (wanted == PGRES_POLLING_FAILED)
		break_off(PQerrorMessage(connection));
	else if (wanted == PGRES_POLLING_OK)
	{
		if (PQsetnonblocking(connection, 1) != 0)
		{
			break_off(PQerrorMessage(connection));
			return;
		}
		state = PRIMARY_READY;
		deadline_us = -1;
	}
}

/* ---- asking ---- */

void
dbops_primary_ask(const char *sql, const char *const *arguments, int narguments)
{
	Assert(state == PRIMARY_READY || state == PRIMARY_ANSWERED);
	forget_result();
	memset(&problem, 0, sizeof(problem));
	if (!PQsendQueryParams(connection, sql, narguments, NULL, arguments, NULL, NULL, 0))
	{
		break_off(PQerrorMessage(connection));
		return;
	}
	state = PRIMARY_ASKED;
	unsent = true;
	deadline_us = dbops_http_clock_us() + ANSWER_LIMIT_US;
}

static void
copy_field(char *to, size_t size, int field)
{
	const char *value = PQresultErrorField(result, field);

	strlcpy(to, value != NULL ? value : "", size);
}

static void
read_answer(void)
{
	answer.ok = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
	for (int i = 0; answer.ok && i < Min(PQnfields(result), PRIMARY_CELLS); i++)
		answer.cells[i] = PQgetisnull(result, 0, i) ? NULL : PQgetvalue(result, 0, i);
	if (answer.ok)
		return;
	copy_field(problem.message, sizeof(problem.message), PG_DIAG_MESSAGE_PRIMARY);
	copy_field(problem.hint, sizeof(problem.hint), PG_DIAG_MESSAGE_HINT);
	copy_field(problem.sqlstate, sizeof(problem.sqlstate), PG_DIAG_SQLSTATE);
	if (problem.message[0] == '\0')
		note_problem(PQerrorMessage(connection));
}

static void
go_on_asking(void)
{
	PGresult *next;
	int flushed;

	if (!PQconsumeInput(connection))
	{
		break_off(PQerrorMessage(connection));
		return;
	}
	flushed = PQflush(connection);
	if (flushed < 0)
	{
		break_off(PQerrorMessage(connection));
		return;
	}
	unsent = flushed > 0;
	while (!PQisBusy(connection))
	{
		next = PQgetResult(connection);
		if (next == NULL)
		{
			read_answer();
			state = PRIMARY_ANSWERED;
			deadline_us = -1;
			return;
		}
		/* What comes last counts: that the connection broke is told after an error. */
		PQclear(result);
		result = next;
	}
}

/* ---- the loop ---- */

int
dbops_primary_fd(unsigned int *events)
{
	*events = 0;
	if (connection == NULL)
		return -1;
	if (state == PRIMARY_CONNECTING)
		*events = wanted == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT;
	else
		*events = EPOLLIN | (state == PRIMARY_ASKED && unsent ? EPOLLOUT : 0);
	return PQsocket(connection);
}

static bool
is_ready(void)
{
	unsigned int events;
	struct pollfd look = {.fd = dbops_primary_fd(&events)};

	look.events = (events & EPOLLIN ? POLLIN : 0) | (events & EPOLLOUT ? POLLOUT : 0);
	return look.fd >= 0 && poll(&look, 1, 0) > 0;
}

/* The other side speaks without being asked only to say that it ends. */
static void
notice_end(void)
{
	if (!PQconsumeInput(connection) || PQstatus(connection) == CONNECTION_BAD)
		break_off(PQerrorMessage(connection));
}

void
dbops_primary_advance(void)
{
	if (connection == NULL)
		return;
	if (is_ready())
	{
		if (state == PRIMARY_CONNECTING)
			go_on_connecting();
		else if (state == PRIMARY_ASKED)
			go_on_asking();
		else
			notice_end();
	}
	if (deadline_us >= 0 && dbops_http_clock_us() >= deadline_us)
		break_off(state == PRIMARY_CONNECTING ? "the primary could not be reached in time" :
		                                        "the primary has not answered in time");
}
