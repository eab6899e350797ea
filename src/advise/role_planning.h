/*
 * advise/role_planning.h
 *		What ALTER ROLE and ALTER DATABASE set for a role in a database, as far as plans depend on
 *		it.
 *
 * A plan for somebody else's statement is that of his sessions only under his settings: these are
 * the ones that the planner looks at, and that decide how a text is read.  What a session sets for
 * itself is not known.
 */
#pragma once

#include "nodes/pg_list.h"

typedef struct RoleSetting
{
	const char *name;
	const char *value;
} RoleSetting;

/*
 * A List of RoleSetting, each name once with the value that wins: of the role in this database,
 * then of the role, of the database, of all.  Palloc'd.  In a process connected to a database.
 */
extern List *dbops_role_planning_settings(Oid database, Oid role);

/* The search_path set there, or NULL. */
extern const char *dbops_role_planning_search_path(Oid database, Oid role);
