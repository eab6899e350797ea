/*
 * core/settings.h
 *		The settings of the server: as they are, for databases and roles, and as the files want them.
 *
 * Read from this process' own table of settings, which a worker without a database has as the
 * postmaster does, from the shared catalog pg_db_role_setting, and from the configuration files.
 */
#pragma once

#include "nodes/pg_list.h"

/* As GucSource has them, in its order, and what a file wants in vain. */
typedef enum SettingSource
{
	SETTING_DEFAULT,
	SETTING_DYNAMIC_DEFAULT,
	SETTING_ENVIRONMENT,
	SETTING_FILE,
	SETTING_COMMAND_LINE,
	SETTING_GLOBAL, /* ALTER ROLE ALL */
	SETTING_DATABASE,
	SETTING_ROLE,
	SETTING_DATABASE_ROLE,
	SETTING_CLIENT,
	SETTING_OVERRIDE,
	SETTING_INTERACTIVE,
	SETTING_TEST,
	SETTING_SESSION,
	SETTING_PENDING,    /* in a file, and takes effect at the next start of the server */
	SETTING_FILE_ERROR, /* in a file, and cannot be applied */
} SettingSource;

/* Why a file's line cannot be applied. */
typedef enum SettingProblem
{
	SETTING_PROBLEM_NONE,
	SETTING_PROBLEM_SYNTAX, /* nothing of the files is applied */
	SETTING_PROBLEM_UNKNOWN,
	SETTING_PROBLEM_VALUE,
} SettingProblem;

typedef struct Setting
{
	Oid datid; /* 0: all */
	Oid roleid;
	SettingSource source;
	SettingProblem problem;
	const char *name;
	const char *value; /* as SHOW has it; see dbops_settings_shown() */
	const char *file;  /* NULL: none */
	int line;
	bool pending_restart;
	bool is_default; /* the value is the built-in one */
} Setting;

/* The settings of the server; sessions' own are left out.  A List of Setting. */
extern List *dbops_settings_of_server(void);

/* Those of ALTER DATABASE and ALTER ROLE.  Inside a transaction. */
extern List *dbops_settings_of_roles(void);

/*
 * Lines of the configuration files, as they are now, that are not in effect and cannot be before a
 * restart, or never; marks in this process' table what waits for a restart, as a reload does.
 */
extern List *dbops_settings_of_files(void);

/*
 * What may be kept of a value: one that PostgreSQL hides from all but superusers and
 * pg_read_all_settings is replaced by 16 bits of a hash, enough to see that it has changed; a long
 * one is cut, with a hash of all of it.
 */
extern const char *dbops_settings_shown(const char *name, const char *value);
