/*
 * gateway/listeners.h
 *		The addresses that the gateway listens on, from dbops.http_listen.
 *
 * Sockets of ours rather than of libmicrohttpd, so that there may be several, that a reload changes
 * those that differ and keeps the others with their connections, and that whoever comes when all
 * connections are taken waits in the queue of the socket.
 */
#pragma once

#define MAX_LISTENERS 16

/*
 * Listens on what the list names: "127.0.0.1:9187, [::1]:9187"; "localhost" and "*" stand for their
 * addresses.  Those listened on already stay open; others are closed.  A list that makes no sense
 * changes nothing.  False, with the problem in words, if not all of it is as wanted.
 */
extern bool dbops_listeners_set(const char *list, char *problem, size_t size);

/* Sockets, for the loop: fills the array and returns how many there are. */
extern int dbops_listeners_fds(int fds[MAX_LISTENERS]);

/* As people read it: "127.0.0.1:9187, [::1]:9187". */
extern void dbops_listeners_describe(char *list, size_t size);

/* One that other machines can reach; NULL: there is none. */
extern const char *dbops_listeners_open_to_others(void);
