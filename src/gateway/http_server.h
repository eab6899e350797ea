/*
 * gateway/http_server.h
 *		libmicrohttpd, without threads: one descriptor to wait on, and work done when it is called.
 *
 * It gets connections that are accepted already (listeners.h), so it can be replaced, when the
 * certificate changes, without a moment in which nobody listens.
 */
#pragma once

#include "gateway/tls_files.h"

/*
 * Starts it, in place of one that runs, whose connections then end.  False, with the problem in
 * words, if it cannot be started; the other one then goes on.
 */
extern bool dbops_http_server_start(const TlsFiles *tls, char *problem, size_t size);
extern bool dbops_http_server_runs(void);

/* Hands over a connection, whatever becomes of it. */
extern void dbops_http_server_add(int fd, const struct sockaddr *address, unsigned int length);

/* Readable when there is work. */
extern int dbops_http_server_fd(void);

/* Does what there is to do.  Never blocks; never runs a query. */
extern void dbops_http_server_run(void);

/* After this many ms it is to be run in any case; -1: never. */
extern long dbops_http_server_timeout_ms(void);

/* The page that a connection waits for is there. */
struct HttpConnection;
extern void dbops_http_server_resume(struct HttpConnection *connection);
