/*
 * core/shared_catalog.c
 *		Shared catalogs without waiting; see shared_catalog.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "storage/lmgr.h"

#include "core/shared_catalog.h"

void
dbops_shared_catalog_lock(Oid relid, const char *name)
{
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("\"%s\" is locked", name)));
}

Relation
dbops_shared_catalog_open(Oid relid, const char *name)
{
	dbops_shared_catalog_lock(relid, name);
	return table_open(relid, NoLock);
}
