/*
 * store/node.h
 *		Which server a piece of history is about.
 *
 * A file of its own because a history may hold several servers: a standby reads its primary's ticks
 * beside its own.  Writes dbops.node.
 */
#pragma once

/* Name of this server: dbops.node_name, else host name and port. */
extern const char *dbops_node_name(void);

/* Id of a server in dbops.node, which gets a row if there is none. */
extern int16 dbops_node_register(const char *name);

extern bool dbops_node_is_registered(const char *name);
