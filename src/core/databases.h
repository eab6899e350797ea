/*
 * core/databases.h
 *		The databases of the cluster, as the shared catalog has them.
 *
 * A scan of the heap, because it also runs in a worker that is connected to no database, where no
 * index and no syscache can be used.
 */
#pragma once

#include "nodes/pg_list.h"

typedef struct Database
{
	Oid oid;
	NameData name;
	bool allows_connections;
	bool is_template;
	int connection_limit;
	TransactionId frozen_xid;
	TransactionId min_mxid;
} Database;

/*
 * A List of Database, in the current context.  Inside a transaction.  Throws
 * ERRCODE_LOCK_NOT_AVAILABLE rather than wait for a lock.
 */
extern List *dbops_databases_list(void);

/* The one with that name, or NULL. */
extern Database *dbops_databases_find(const char *name);
