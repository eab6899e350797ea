/*
 * gateway/http_server.c
 *		libmicrohttpd, without threads; see http_server.h.
 *
 * Its callbacks neither throw nor run SQL: no error may jump through its frames.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "gateway/http_server.h"
#include "gateway/routes.h"

/* For the first line and the headers of a request, and for what is sent at a time. */
#define CONNECTION_BYTES 16384

static struct MHD_Daemon *daemon_running = NULL;
static bool encrypted = false;
static char last_message[200];

/* ---- callbacks ---- */

static HttpConnection *
find_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void
note_connection(void *arg, struct MHD_Connection *connection, void **context,
                enum MHD_ConnectionNotificationCode code)
{
	HttpConnection *known = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = dbops_connections_add(connection, encrypted);
	else if (known != NULL)
	{
		/* Its request never came to a path: it made no sense, or was too large. */
		bool refused = known->phase == CONNECTION_READING && !known->ended;

		if (dbops_connections_remove(known) || refused)
			dbops_routes_count_refused(1);
		*context = NULL;
	}
}

/* The first line of a request is there. */
static void *
note_first_line(void *arg, const char *uri, struct MHD_Connection *connection)
{
	HttpConnection *known = find_connection(connection);

	if (known == NULL)
		return NULL;
	known->rendered = false;
	if (known->served)
		dbops_connections_enter(known, CONNECTION_READING);
	else
		known->phase = CONNECTION_READING;
	return NULL;
}

static void
note_completed(void *arg, struct MHD_Connection *connection, void **request,
               enum MHD_RequestTerminationCode code)
{
	HttpConnection *known = find_connection(connection);

	if (known == NULL)
		return;
	known->served = true;
	dbops_connections_enter(known, CONNECTION_IDLE);
}

static bool
has_content(struct MHD_Connection *connection)
{
	const char *length =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length != NULL && strspn(length, "0 ") != strlen(length)) ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	                                   MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

/*
 * Called when the headers are there, and again when all of the request is.  What has content is
 * answered at once, as it is refused in any case, and not read.
 */
static enum MHD_Result
take_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
             const char *version, const char *content, size_t *size, void **seen)
{
	HttpRequest request = {.connection = find_connection(connection),
	                       .path = path,
	                       .method = method,
	                       .has_content = has_content(connection)};

	if (request.connection == NULL)
		return MHD_NO;
	if (*seen == NULL && !request.has_content)
	{
		*seen = request.connection;
		return MHD_YES;
	}
	return dbops_routes_answer(&request);
}

/* Paths are compared as they were sent: unescaped, one with %00 would end early. */
static size_t
keep_escaped(void *arg, struct MHD_Connection *connection, char *escaped)
{
	return strlen(escaped);
}

static void
note_message(void *arg, const char *format, va_list arguments) pg_attribute_printf(2, 0);

/* Said of clients, too; only why it could not start is of interest. */
static void
note_message(void *arg, const char *format, va_list arguments)
{
	vsnprintf(last_message, sizeof(last_message), format, arguments);
	last_message[strcspn(last_message, "\r\n")] = '\0';
}

/* ---- for the loop ---- */

/* "Turbo" is to leave the last words to us, see dbops_connections_remove(). */
static struct MHD_Daemon *
start_daemon(const TlsFiles *tls)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
	                     MHD_USE_TURBO | MHD_USE_ERROR_LOG |
	                     (tls->key != NULL ? MHD_USE_TLS : MHD_USE_TURBO);
	struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem secret[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
	                                  {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate},
	                                  {MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(
	    flags, 0, NULL, NULL, take_request, NULL, MHD_OPTION_EXTERNAL_LOGGER, note_message, NULL,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned int) CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_NOTIFY_CONNECTION, note_connection, NULL, MHD_OPTION_NOTIFY_COMPLETED,
	    note_completed, NULL, MHD_OPTION_URI_LOG_CALLBACK, note_first_line, NULL,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_ARRAY,
	    tls->key != NULL ? secret : plain, MHD_OPTION_END);
}

bool
dbops_http_server_start(const TlsFiles *tls, char *problem, size_t size)
{
	struct MHD_Daemon *started;

	last_message[0] = '\0';
	started = start_daemon(tls);
	if (started == NULL)
	{
		snprintf(problem, size, "could not start the HTTP server: %s",
		         last_message[0] != '\0' ? last_message : strerror(errno));
		return false;
	}
	if (daemon_running != NULL)
		MHD_stop_daemon(daemon_running);
	daemon_running = started;
	encrypted = tls->key != NULL;
	return true;
}

bool
dbops_http_server_runs(void)
{
	return daemon_running != NULL;
}

void
dbops_http_server_add(int fd, const struct sockaddr *address, unsigned int length)
{
	(void) MHD_add_connection(daemon_running, fd, address, length);
}

int
dbops_http_server_fd(void)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(daemon_running, MHD_DAEMON_INFO_EPOLL_FD);

	return info != NULL ? info->epoll_fd : -1;
}

void
dbops_http_server_run(void)
{
	(void) MHD_run(daemon_running);
}

long
dbops_http_server_timeout_ms(void)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	if (MHD_get_timeout(daemon_running, &timeout_ms) != MHD_YES)
		return -1;
	return Min(timeout_ms, 60000);
}

void
dbops_http_server_resume(HttpConnection *connection)
{
	connection->waiting = false;
	connection->rendered = true;
	MHD_resume_connection(connection->connection);
}
