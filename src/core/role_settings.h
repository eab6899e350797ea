/*
 * core/role_settings.h
 *		What ALTER DATABASE and ALTER ROLE have set: the rows of pg_db_role_setting.
 *
 * A file of its own because that shared catalog, unlike pg_database, cannot be opened by a worker
 * without a database: its pages are read as they are.
 */
#pragma once

#include "nodes/pg_list.h"

struct varlena;

typedef struct RoleSettings
{
	Oid datid;             /* 0: all databases */
	Oid roleid;            /* 0: all roles */
	struct varlena *words; /* text[] of name=value, as it lies in the row */
} RoleSettings;

/*
 * A List of RoleSettings, in the current context.  Inside a transaction.  Throws
 * ERRCODE_LOCK_NOT_AVAILABLE rather than wait for a lock.
 */
extern List *dbops_role_settings_read(void);
