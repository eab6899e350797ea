/*
 * core/compat_settings.h
 *		The differences between PostgreSQL 15 and 19 in settings, and in pages of shared catalogs.
 *
 * A part of core/compat.h in a file of its own, as it needs much that nobody else does.
 */
#pragma once

#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "catalog/pg_tablespace_d.h"
#include "storage/bufmgr.h"
#include "storage/smgr.h"
#include "utils/relmapper.h"

/* All settings of this process; 16 made them a hash table. */

static inline struct config_generic **
dbops_compat_settings(int *count)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(count);
#else
	*count = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

/* The part of a setting that is of its type; 19 made it a union. */
#if PG_VERSION_NUM >= 190000
#define DBOPS_SETTING(record, type) (&(record)->_##type)
#else
#define DBOPS_SETTING(record, type) ((const struct config_##type *) (record))
#endif

/* Whether the value is the one PostgreSQL or the extension was built with. */
static inline bool
dbops_compat_setting_is_default(const struct config_generic *record)
{
	const char *value;
	const char *built_in;

	switch (record->vartype)
	{
		case PGC_BOOL:
			return *DBOPS_SETTING(record, bool)->variable == DBOPS_SETTING(record, bool)->boot_val;
		case PGC_INT:
			return *DBOPS_SETTING(record, int)->variable == DBOPS_SETTING(record, int)->boot_val;
		case PGC_REAL:
			return *DBOPS_SETTING(record, real)->variable == DBOPS_SETTING(record, real)->boot_val;
		case PGC_ENUM:
			return *DBOPS_SETTING(record, enum)->variable == DBOPS_SETTING(record, enum)->boot_val;
		case PGC_STRING:
			value = *DBOPS_SETTING(record, string)->variable;
			built_in = DBOPS_SETTING(record, string)->boot_val;
			return strcmp(value == NULL ? "" : value, built_in == NULL ? "" : built_in) == 0;
	}
	return false;
}

/* Pages of a shared catalog without its relation cache entry; 16 and 17 renamed names of files. */

#if PG_VERSION_NUM >= 160000
typedef RelFileLocator CompatFile;
#else
typedef RelFileNode CompatFile;
#endif

static inline CompatFile
dbops_compat_shared_file(Oid relid)
{
#if PG_VERSION_NUM >= 160000
	return (CompatFile){GLOBALTABLESPACE_OID, InvalidOid, RelationMapOidToFilenumber(relid, true)};
#else
	return (CompatFile){GLOBALTABLESPACE_OID, InvalidOid, RelationMapOidToFilenode(relid, true)};
#endif
}

static inline BlockNumber
dbops_compat_shared_blocks(Oid relid)
{
#if PG_VERSION_NUM >= 170000
	return smgrnblocks(smgropen(dbops_compat_shared_file(relid), INVALID_PROC_NUMBER),
	                   MAIN_FORKNUM);
#else
	return smgrnblocks(smgropen(dbops_compat_shared_file(relid), InvalidBackendId), MAIN_FORKNUM);
#endif
}

static inline Buffer
dbops_compat_read_shared_block(Oid relid, BlockNumber block)
{
	return ReadBufferWithoutRelcache(dbops_compat_shared_file(relid), MAIN_FORKNUM, block,
	                                 RBM_NORMAL, NULL, true);
}
