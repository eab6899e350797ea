/*
 * core/shared_catalog.h
 *		Shared catalogs as the sampler reads them: without waiting for who has one locked.
 *
 * VACUUM FULL and REINDEX of pg_database, say, or LOCK, must not keep the sampler from the rest.
 */
#pragma once

#include "utils/relcache.h"

/* Locks one for reading, or throws ERRCODE_LOCK_NOT_AVAILABLE; `name` is for the message. */
extern void dbops_shared_catalog_lock(Oid relid, const char *name);

/* Opens it too: one that a worker without a database knows.  table_close() ends both. */
extern Relation dbops_shared_catalog_open(Oid relid, const char *name);
