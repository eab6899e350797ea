/*
 * gateway/gateway.c
 *		The gateway: a worker that answers HTTP, for Prometheus, load balancers and people, and
 *		takes a standby's samples to its primary.
 *
 * One process without threads.  It waits on its latch and on one epoll descriptor, in which those
 * of libmicrohttpd, of the listening sockets and of the connection to the primary are; what it has
 * to ask of dbops it asks by SQL, between the calls of libmicrohttpd.  Nothing a client or the
 * primary does makes it wait.
 *
 * The sampler starts it while dbops.http_listen is set, and on a standby dbops.primary_conninfo; it
 * ends by itself when there is nothing to do.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/wait_event.h"

#include "gateway/credentials.h"
#include "gateway/http_clock.h"
#include "gateway/http_server.h"
#include "gateway/http_settings.h"
#include "gateway/listeners.h"
#include "gateway/query.h"
#include "gateway/routes.h"
#include "gateway/shipper.h"

PG_MODULE_MAGIC;

/* When all connections are taken, one whose request is not there after this time has to go. */
#define PATIENCE_US INT64CONST(1000000)

/* While there is no room, or no descriptor left, it looks this often whether that has changed. */
#define FULL_MS 50

/* Between tries to listen where somebody else does, and between reports to dbops. */
#define RETRY_US INT64CONST(5000000)
#define REPORT_US INT64CONST(5000000)

#define REPORT_LIMIT_MS 5000

/* Memory that is kept from one page to the next. */
#define KEPT_BYTES (32 * 1024 * 1024)

#define PROBLEM_BYTES 256

typedef struct Gateway
{
	HttpSettings settings;
	TlsFiles tls;
	int epoll;
	bool full;                   /* as the descriptor was last set up: nobody is let in */
	char problem[PROBLEM_BYTES]; /* empty: all is as wanted */
	int64 retry_us;              /* 0: nothing to try again */
	int64 reported_us;
	RouteCounters reported;
	char reported_problem[PROBLEM_BYTES];
	bool report_due; /* what it listens on has changed, or was not heard */
	QueryAnswer report;
} Gateway;

/* Settings of the session: bounded waits, nothing written. */
static const char *const session_settings[][2] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"default_transaction_read_only", "on"},
    {"default_transaction_isolation", "read committed"},
    {"lock_timeout", "500ms"},
    {"idle_in_transaction_session_timeout", "0"},
    {"stats_fetch_consistency", "none"},
    {"jit", "off"},
    {"compute_query_id", "off"},
    {"row_security", "off"},
};

extern PGDLLEXPORT void dbops_gateway_main(Datum argument);

/* ---- setting up ---- */

static void
note_problem(Gateway *gateway, const char *problem)
{
	if (strcmp(gateway->problem, problem) == 0)
		return;
	if (problem[0] != '\0')
		ereport(LOG, (errmsg("dbops gateway: %s", problem)));
	strlcpy(gateway->problem, problem, sizeof(gateway->problem));
}

static void
warn_of_others(const Gateway *gateway)
{
	const char *listener = dbops_listeners_open_to_others();

	if (listener != NULL && gateway->settings.credentials_file[0] == '\0')
		ereport(WARNING,
		        (errmsg("dbops gateway answers anybody who reaches %s", listener),
		         errdetail("Metrics have names of databases and users, and texts of errors."),
		         errhint("Set dbops.http_credentials_file, or listen on 127.0.0.1 alone.")));
}

/* The descriptor to wait on is made anew whenever something else is to be in it. */
static void
set_up_epoll(Gateway *gateway, bool full)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fds[MAX_LISTENERS];
	int count = full ? 0 : dbops_listeners_fds(fds);

	if (gateway->epoll >= 0)
		close(gateway->epoll);
	gateway->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (gateway->epoll < 0 ||
	    (dbops_http_server_runs() &&
	     epoll_ctl(gateway->epoll, EPOLL_CTL_ADD, dbops_http_server_fd(), &event) != 0))
		ereport(ERROR,
		        (errcode_for_socket_access(), errmsg("could not set up what to wait on: %m")));
	for (int i = 0; i < count; i++)
	{
		if (epoll_ctl(gateway->epoll, EPOLL_CTL_ADD, fds[i], &event) != 0)
			ereport(ERROR,
			        (errcode_for_socket_access(), errmsg("could not set up what to wait on: %m")));
	}
	gateway->full = full;
}

/*
 * With files that cannot be used a server that runs goes on as it was, as PostgreSQL itself does;
 * one that is to start does not, rather than answer in clear.
 */
static bool
set_up_server(Gateway *gateway, char *problem)
{
	TlsFiles files;

	if (!dbops_tls_files_read(gateway->settings.tls_certificate, gateway->settings.tls_key, &files,
	                          problem, PROBLEM_BYTES))
		return false;
	if (dbops_http_server_runs() && dbops_tls_files_same(&files, &gateway->tls))
	{
		dbops_tls_files_free(&files);
		return true;
	}
	if (!dbops_http_server_start(&files, problem, PROBLEM_BYTES))
	{
		dbops_tls_files_free(&files);
		return false;
	}
	dbops_tls_files_free(&gateway->tls);
	gateway->tls = files;
	return true;
}

/* Makes everything as the settings want it, as far as that is possible. */
static void
set_up_http(Gateway *gateway)
{
	char problem[PROBLEM_BYTES] = "";
	char before[PROBLEM_BYTES];
	char after[PROBLEM_BYTES];
	bool done;

	(void) dbops_credentials_refresh(gateway->settings.credentials_file);
	dbops_listeners_describe(before, sizeof(before));
	done = set_up_server(gateway, problem);
	if (dbops_http_server_runs())
	{
		char of_listeners[PROBLEM_BYTES] = "";

		if (!dbops_listeners_set(gateway->settings.listen, of_listeners, sizeof(of_listeners)))
			done = false;
		if (problem[0] == '\0')
			strlcpy(problem, of_listeners, sizeof(problem));
		set_up_epoll(gateway, false);
	}
	dbops_listeners_describe(after, sizeof(after));
	note_problem(gateway, problem);
	gateway->retry_us = done ? 0 : dbops_http_clock_us() + RETRY_US;
	if (strcmp(before, after) == 0)
		return;
	gateway->report_due = true;
	ereport(LOG, (errmsg("dbops gateway listens on %s%s", after[0] != '\0' ? after : "nothing",
	                     gateway->tls.key != NULL ? " (TLS)" : "")));
	warn_of_others(gateway);
}

static void
set_up(Gateway *gateway)
{
	gateway->settings = dbops_http_settings_read();
	dbops_shipper_set_up(&gateway->settings);
	if (gateway->settings.listen[0] != '\0')
		set_up_http(gateway);
	if (gateway->epoll < 0)
		set_up_epoll(gateway, false);
}

/* Without an address to listen on the process ends once it listened, and is started anew. */
static bool
is_needed(const Gateway *gateway)
{
	if (gateway->settings.listen[0] != '\0')
		return true;
	return dbops_shipper_is_wanted(&gateway->settings) && !dbops_http_server_runs();
}

/* ---- connections ---- */

/* True if somebody is at the door. */
static bool
is_awaited(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLIN};

	return poll(&look, 1, 0) > 0;
}

/* Lets in who waits, up to the limit.  True: nobody else can be let in for the moment. */
static bool
accept_from(const Gateway *gateway, int listener)
{
	for (;;)
	{
		struct sockaddr_storage address;
		socklen_t length = sizeof(address);
		int fd;

		if (dbops_connections_count() >= gateway->settings.max_connections)
		{
			if (is_awaited(listener) && dbops_connections_make_room(PATIENCE_US))
				dbops_routes_count_refused(1);
			return true;
		}
		fd = accept4(listener, (struct sockaddr *) &address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			dbops_http_server_add(fd, (struct sockaddr *) &address, length);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return false;
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return true;
		/* Other errors are of one connection that is gone already. */
	}
}

static void
accept_all(Gateway *gateway)
{
	int fds[MAX_LISTENERS];
	int count = dbops_listeners_fds(fds);
	bool full = false;

	for (int i = 0; i < count; i++)
		full |= accept_from(gateway, fds[i]);
	if (full != gateway->full)
		set_up_epoll(gateway, full);
}

/* Makes the pages that are waited for.  False: none is. */
static bool
render_waited(const Gateway *gateway)
{
	HttpConnection *waiting = dbops_connections_waiting();
	bool any = waiting != NULL;

	for (; waiting != NULL; waiting = dbops_connections_waiting())
	{
		if (!dbops_http_pages_is_fresh(waiting->page))
			dbops_http_pages_render(waiting->page, gateway->settings.timeout_ms);
		dbops_http_server_resume(waiting);
	}
	return any;
}

/* One round of all that there is to do; returns for how many ms there will be nothing (-1: ever).
 */
static long
serve(Gateway *gateway)
{
	long next_ms;
	long wait_ms;
	int ended;

	(void) dbops_credentials_refresh(gateway->settings.credentials_file);
	accept_all(gateway);
	dbops_http_server_run();
	while (render_waited(gateway))
		dbops_http_server_run();
	ended = dbops_connections_expire(gateway->settings.timeout_ms * INT64CONST(1000), &next_ms);
	dbops_routes_count_refused(ended);
	if (ended > 0)
		return 0;
	wait_ms = dbops_http_server_timeout_ms();
	if (next_ms >= 0 && (wait_ms < 0 || next_ms < wait_ms))
		wait_ms = next_ms;
	if (gateway->full && (wait_ms < 0 || wait_ms > FULL_MS))
		wait_ms = FULL_MS;
	return wait_ms;
}

/* ---- telling dbops ---- */

static const char *
find_problem(const Gateway *gateway)
{
	return dbops_credentials_state() == CREDENTIALS_FAILED ? dbops_credentials_problem() :
	                                                         gateway->problem;
}

/* When to report, on the clock; -1: there is no news.  What was not heard is not repeated at once.
 */
static int64
report_at_us(const Gateway *gateway)
{
	bool changed =
	    gateway->report_due || strcmp(find_problem(gateway), gateway->reported_problem) != 0;

	if (gateway->reported_us == 0 || (changed && gateway->report.ok))
		return 0;
	if (changed || dbops_routes_counters()->requests != gateway->reported.requests)
		return gateway->reported_us + REPORT_US;
	return -1;
}

/* For dbops.status() and dbops.self.  Heard only where the extension is. */
static void
report(Gateway *gateway)
{
	static const char sql[] =
	    "SELECT dbops._gateway_report($1, $2, $3::pg_catalog.int8, $4::pg_catalog.int8,"
	    " $5::pg_catalog.int8)";
	const RouteCounters *counters = dbops_routes_counters();
	char listening[PROBLEM_BYTES];
	char numbers[3][32];
	Question question = {
	    .name = "report",
	    .sql = sql,
	    .narguments = 5,
	    .arguments = {listening, find_problem(gateway), numbers[0], numbers[1], numbers[2]}};

	dbops_listeners_describe(listening, sizeof(listening));
	snprintf(numbers[0], sizeof(numbers[0]), INT64_FORMAT, counters->requests);
	snprintf(numbers[1], sizeof(numbers[1]), INT64_FORMAT, counters->refused);
	snprintf(numbers[2], sizeof(numbers[2]), INT64_FORMAT, counters->failed);
	dbops_query_run(&question, REPORT_LIMIT_MS, &gateway->report);
	strlcpy(gateway->reported_problem, find_problem(gateway), sizeof(gateway->reported_problem));
	gateway->reported = *counters;
	gateway->reported_us = dbops_http_clock_us();
	gateway->report_due = !gateway->report.ok;
}

/* ---- the process ---- */

/* Also ends the query that runs, as its error is caught. */
static void
request_shutdown(SIGNAL_ARGS)
{
	int before = errno;

	ShutdownRequestPending = true;
	if (dbops_query_runs)
	{
		QueryCancelPending = true;
		InterruptPending = true;
	}
	SetLatch(MyLatch);
	errno = before;
}

/* A sampler that was started anew does not know that the last one's gateway still runs. */
static bool
is_other_there(void)
{
	static const Question query = {
	    .name = "other gateways",
	    .sql = "SELECT pg_catalog.count(*)"
	           "  FROM pg_catalog.pg_stat_activity AS a"
	           " WHERE a.backend_type = 'dbops gateway' AND a.pid <> pg_catalog.pg_backend_pid()",
	    .plain = true};
	QueryAnswer answer = {0};

	dbops_query_run(&query, REPORT_LIMIT_MS, &answer);
	return answer.ok && strcmp(answer.cells[0], "0") != 0;
}

/*
 * A page of some megabytes takes some tens of them to make, every few seconds.  To give them back
 * to the system and get them anew takes half as long as everything else; so they are kept.
 */
static void
keep_memory(void)
{
#ifdef __GLIBC__
	(void) mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
	(void) mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

static void
start_up(void)
{
	HttpSettings settings = dbops_http_settings_read();

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, request_shutdown);
	keep_memory();
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(settings.database, NULL, 0);
	for (int i = 0; i < lengthof(session_settings); i++)
		SetConfigOption(session_settings[i][0], session_settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	if (GetConfigOption("pg_stat_statements.track", true, false) != NULL)
		SetConfigOption("pg_stat_statements.track", "none", PGC_SUSET, PGC_S_OVERRIDE);
	if (is_other_there())
		proc_exit(0);
}

/* -1 is never. */
static long
sooner_of(long a_ms, long b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return Max(a_ms, b_ms);
	return Min(a_ms, b_ms);
}

static long
sooner(long wait_ms, int64 at_us)
{
	return sooner_of(wait_ms, Max(at_us - dbops_http_clock_us(), 0) / 1000 + 1);
}

static void
wait_for_work(const Gateway *gateway, long wait_ms)
{
	int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | WL_SOCKET_READABLE;

	if (gateway->retry_us != 0)
		wait_ms = sooner(wait_ms, gateway->retry_us);
	if (report_at_us(gateway) >= 0)
		wait_ms = sooner(wait_ms, report_at_us(gateway));
	dbops_shipper_wait_on(gateway->epoll);
	if (wait_ms >= 0)
		events |= WL_TIMEOUT;
	(void) WaitLatchOrSocket(MyLatch, events, gateway->epoll, wait_ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	/* To cancel what does not run would be to end the process. */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
}

void
dbops_gateway_main(Datum argument)
{
	Gateway gateway = {.epoll = -1};
	bool set_up_due = true;

	start_up();
	while (!ShutdownRequestPending)
	{
		long wait_ms = -1;

		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			set_up_due = true;
		}
		if (set_up_due || (gateway.retry_us != 0 && dbops_http_clock_us() >= gateway.retry_us))
			set_up(&gateway);
		set_up_due = false;
		if (!is_needed(&gateway))
			proc_exit(0);
		if (dbops_http_server_runs())
			wait_ms = serve(&gateway);
		wait_ms = sooner_of(wait_ms, dbops_shipper_run());
		if (report_at_us(&gateway) >= 0 && dbops_http_clock_us() >= report_at_us(&gateway))
			report(&gateway);
		if (!ShutdownRequestPending)
			wait_for_work(&gateway, wait_ms);
	}
	proc_exit(0);
}
