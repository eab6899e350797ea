/*
 * gateway/connections.h
 *		The open connections, how long each may take, and who has to go when there is no room.
 *
 * libmicrohttpd limits how long a connection is silent; one that sends a byte now and then would
 * stay for ever.  Here a request has a time in which it must be there, and an answer one in which
 * it must be taken.
 */
#pragma once

#include "gateway/http_pages.h"

struct MHD_Connection;

/* The largest value of dbops.http_max_connections. */
#define CONNECTIONS_MAX 1000

typedef enum ConnectionPhase
{
	CONNECTION_IDLE,      /* nothing of a request is known yet */
	CONNECTION_READING,   /* its first line is */
	CONNECTION_ANSWERING, /* an answer is on its way */
} ConnectionPhase;

typedef struct HttpConnection
{
	struct MHD_Connection *connection; /* NULL: the slot is free */
	int fd;
	bool encrypted;
	bool served; /* one request or more */
	bool ended;  /* by us, and about to be gone */
	ConnectionPhase phase;
	int64 since_us; /* when its time began */
	bool waiting;   /* suspended until the page is rendered */
	bool rendered;  /* it was, for this request */
	PageId page;
} HttpConnection;

/* A new connection; NULL when there are CONNECTIONS_MAX. */
extern HttpConnection *dbops_connections_add(struct MHD_Connection *connection, bool encrypted);

/* One that is about to be closed.  True if it never made sense, and was told so here. */
extern bool dbops_connections_remove(HttpConnection *connection);
extern int dbops_connections_count(void);

/* Its time begins anew with the phase. */
extern void dbops_connections_enter(HttpConnection *connection, ConnectionPhase phase);

/* The next one that waits for a page, or NULL. */
extern HttpConnection *dbops_connections_waiting(void);

/*
 * Ends those that have taken longer than the limit, a request that is not whole with status 408.
 * Returns how many were, and in how many ms the next one will be over (-1: none).
 */
extern int dbops_connections_expire(int64 limit_us, long *next_ms);

/* Ends the slowest of those whose request is not there after that time.  False: there is none. */
extern bool dbops_connections_make_room(int64 patience_us);
