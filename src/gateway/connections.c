/*
 * gateway/connections.c
 *		The open connections; see connections.h.
 *
 * To end one, its socket is shut down; libmicrohttpd finds it so and closes it, as with any client
 * that leaves.
 */
#include "postgres.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include "gateway/connections.h"
#include "gateway/http_clock.h"

static const char timed_out[] = "HTTP/1.1 408 Request Timeout\r\n"
                                "Connection: close\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "Content-Length: 27\r\n"
                                "\r\n"
                                "the request took too long\r\n";

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

void
dbops_connections_remove(HttpConnection *connection)
{
	connection->connection = NULL;
	nconnections--;
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
