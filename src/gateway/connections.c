/*
 * gateway/connections.c
 *		The open connections; see connections.h.
 *
 * To end one, its socket is shut down; libmicrohttpd finds it so and closes it, as with any client
 * that leaves.
 */
#include "postgres.h"

#include <linux/tcp.h> /* rather than netinet/tcp.h, whose tcp_info ends before tcpi_bytes_sent */
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "gateway/connections.h"
#include "gateway/http_clock.h"

#define SEE_OFF_READS 64

static const char timed_out[] = "HTTP/1.1 408 Request Timeout\r\n"
                                "Connection: close\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "Content-Length: 27\r\n"
                                "\r\n"
                                "the request took too long\r\n";

static const char malformed[] = "HTTP/1.1 400 Bad Request\r\n"
                                "Connection: close\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "Content-Length: 21\r\n"
                                "\r\n"
                                "that is no request\r\n";

static HttpConnection connections[CONNECTIONS_MAX];
static int nconnections = 0;

HttpConnection *
dbops_connections_add(struct MHD_Connection *connection, bool encrypted)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	for (int i = 0; i < CONNECTIONS_MAX && info != NULL; i++)
	{
		HttpConnection *slot = &connections[i];

		if (slot->connection != NULL)
			continue;
		*slot = (HttpConnection){.connection = connection,
		                         .fd = info->connect_fd,
		                         .encrypted = encrypted,
		                         .phase = CONNECTION_IDLE,
		                         .since_us = dbops_http_clock_us()};
		nconnections++;
		return slot;
	}
	return NULL;
}

/* Whether anything was sent; yes, if the kernel does not tell. */
static bool
was_answered(const HttpConnection *connection)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	return getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
	       length < offsetof(struct tcp_info, tcpi_bytes_sent) + sizeof(info.tcpi_bytes_sent) ||
	       info.tcpi_bytes_sent > 0;
}

/*
 * What is closed with bytes unread is reset, and the answer may be lost to the client with it: so
 * those that are there are read, up to a limit.
 */
static void
see_off(const HttpConnection *connection)
{
	char bytes[4096];
	int reads = 0;

	(void) shutdown(connection->fd, SHUT_WR);
	while (reads++ < SEE_OFF_READS &&
	       recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

/* Some versions of libmicrohttpd close a connection without a word when they see no HTTP. */
bool
dbops_connections_remove(HttpConnection *connection)
{
	bool made_no_sense = connection->phase != CONNECTION_ANSWERING && !connection->served &&
	                     !connection->ended && !connection->encrypted && !was_answered(connection);

	if (made_no_sense)
		(void) send(connection->fd, malformed, sizeof(malformed) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!connection->encrypted)
		see_off(connection);
	connection->connection = NULL;
	nconnections--;
	return made_no_sense;
}

int
dbops_connections_count(void)
{
	return nconnections;
}

void
dbops_connections_enter(HttpConnection *connection, ConnectionPhase phase)
{
	connection->phase = phase;
	connection->since_us = dbops_http_clock_us();
}

HttpConnection *
dbops_connections_waiting(void)
{
	for (int i = 0; i < CONNECTIONS_MAX; i++)
	{
		if (connections[i].connection != NULL && connections[i].waiting)
			return &connections[i];
	}
	return NULL;
}

/*
 * One that idles after a request just ends, as its client may do.  Into what is encrypted no word
 * can be put from outside.
 */
static void
end_connection(HttpConnection *connection)
{
	bool asking = connection->phase == CONNECTION_READING ||
	              (connection->phase == CONNECTION_IDLE && !connection->served);

	if (asking && !connection->encrypted)
		(void) send(connection->fd, timed_out, sizeof(timed_out) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void) shutdown(connection->fd, SHUT_RDWR);
	connection->ended = true;
}

int
dbops_connections_expire(int64 limit_us, long *next_ms)
{
	int64 now = dbops_http_clock_us();
	int64 next_us = -1;
	int ended = 0;

	for (int i = 0; i < CONNECTIONS_MAX && nconnections > 0; i++)
	{
		HttpConnection *connection = &connections[i];
		int64 left_us = connection->since_us + limit_us - now;

		if (connection->connection == NULL || connection->ended)
			continue;
		if (left_us > 0)
		{
			next_us = next_us < 0 ? left_us : Min(next_us, left_us);
			continue;
		}
		end_connection(connection);
		ended++;
	}
	*next_ms = next_us < 0 ? -1 : next_us / 1000 + 1;
	return ended;
}

bool
dbops_connections_make_room(int64 patience_us)
{
	int64 now = dbops_http_clock_us();
	HttpConnection *slowest = NULL;

	for (int i = 0; i < CONNECTIONS_MAX; i++)
	{
		HttpConnection *connection = &connections[i];

		if (connection->connection == NULL || connection->ended ||
		    connection->phase == CONNECTION_ANSWERING || now - connection->since_us < patience_us)
			continue;
		if (slowest == NULL || connection->since_us < slowest->since_us)
			slowest = connection;
	}
	if (slowest == NULL)
		return false;
	end_connection(slowest);
	return true;
}
