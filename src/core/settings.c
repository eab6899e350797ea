/*
 * core/settings.c
 *		The settings of the server; see settings.h.
 *
 * Values are asked for by name rather than by pg_settings' function, which looks up the privileges
 * of the current role: a worker without a database has no catalog to look in.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/xlog.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/compat_settings.h"
#include "core/role_settings.h"
#include "core/settings.h"

/* Longer values are cut. */
#define SHOWN_BYTES 1000

StaticAssertDecl((int) SETTING_SESSION == (int) PGC_S_SESSION,
                 "sources of settings are PostgreSQL's");

const char *
dbops_settings_shown(const char *name, const char *value)
{
	int length = (int) strlen(value);
	uint64 salt = GetSystemIdentifier();
	uint64 hash = hash_bytes_extended((const unsigned char *) value, length, salt);

	if (GetConfigOptionFlags(name, true) & GUC_SUPERUSER_ONLY)
		return psprintf("<hidden %04x>", (unsigned int) (hash & 0xffff));
	if (length <= SHOWN_BYTES)
		return value;
	return psprintf("%.*s... <%d bytes, %04x>",
	                pg_encoding_mbcliplen(PG_UTF8, value, length, SHOWN_BYTES), value, length,
	                (unsigned int) (hash & 0xffff));
}

/* As SHOW has it, whoever asks. */
static const char *
value_of(const struct config_generic *record)
{
	const char *value;

	if (record->flags & GUC_SUPERUSER_ONLY)
		value = GetConfigOption(record->name, true, false);
	else
		value = GetConfigOptionByName(record->name, NULL, true);
	return value == NULL ? "" : pstrdup(value);
}

/* Whether it is a setting of the server, and not of a session or transaction. */
static bool
is_of_server(const struct config_generic *record)
{
	if ((record->flags & GUC_NO_SHOW_ALL) && !(record->flags & GUC_CUSTOM_PLACEHOLDER))
		return false;
	if ((record->flags & GUC_DISALLOW_IN_FILE) && record->context >= PGC_SU_BACKEND)
		return false;
	return record->source <= PGC_S_GLOBAL || record->source == PGC_S_OVERRIDE;
}

List *
dbops_settings_of_server(void)
{
	List *settings = NIL;
	int count;
	struct config_generic *const *records = dbops_compat_settings(&count);

	for (int i = 0; i < count; i++)
	{
		const struct config_generic *record = records[i];
		Setting *setting;

		if (!is_of_server(record))
			continue;
		setting = palloc0(sizeof(Setting));
		setting->source = (SettingSource) record->source;
		setting->name = record->name;
		setting->value = dbops_settings_shown(record->name, value_of(record));
		setting->file = record->source == PGC_S_FILE ? record->sourcefile : NULL;
		setting->line = setting->file == NULL ? 0 : record->sourceline;
		setting->pending_restart = (record->status & GUC_PENDING_RESTART) != 0;
		setting->is_default = dbops_compat_setting_is_default(record);
		settings = lappend(settings, setting);
	}
	return settings;
}

/* ---- of databases and roles ---- */

static SettingSource
source_of(Oid datid, Oid roleid)
{
	if (OidIsValid(datid))
		return OidIsValid(roleid) ? SETTING_DATABASE_ROLE : SETTING_DATABASE;
	return OidIsValid(roleid) ? SETTING_ROLE : SETTING_GLOBAL;
}

static Setting *
make_role_setting(const RoleSettings *row, const char *name, const char *value)
{
	Setting *setting = palloc0(sizeof(Setting));

	setting->datid = row->datid;
	setting->roleid = row->roleid;
	setting->source = source_of(row->datid, row->roleid);
	setting->name = name;
	setting->value = dbops_settings_shown(name, value);
	return setting;
}

/*
 * Adds the settings of a row.  An array so long that it lies apart cannot be read without a
 * database: then the number of its place tells that it has changed.
 */
static List *
add_role_settings(List *settings, const RoleSettings *row)
{
	Datum *words;
	int count;

	if (VARATT_IS_EXTERNAL_ONDISK(row->words))
	{
		struct varatt_external place;

		VARATT_EXTERNAL_GET_POINTER(place, row->words);
		return lappend(settings, make_role_setting(row, "(too long to be read)",
		                                           psprintf("%u", place.va_valueid)));
	}
	deconstruct_array(DatumGetArrayTypeP(PointerGetDatum(row->words)), TEXTOID, -1, false,
	                  TYPALIGN_INT, &words, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char *name = TextDatumGetCString(words[i]);
		char *equals = strchr(name, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		settings = lappend(settings, make_role_setting(row, name, equals + 1));
	}
	return settings;
}

List *
dbops_settings_of_roles(void)
{
	List *settings = NIL;
	ListCell *cell;

	foreach (cell, dbops_role_settings_read())
		settings = add_role_settings(settings, lfirst(cell));
	return settings;
}

/* ---- of the files ---- */

static Setting *
make_file_setting(const ConfigVariable *line, SettingProblem problem)
{
	Setting *setting = palloc0(sizeof(Setting));

	setting->source = problem == SETTING_PROBLEM_NONE ? SETTING_PENDING : SETTING_FILE_ERROR;
	setting->problem = problem;
	setting->name = line->name == NULL ? psprintf("(line %d)", line->sourceline) : line->name;
	setting->value = line->value == NULL ? "" : dbops_settings_shown(setting->name, line->value);
	setting->file = line->filename;
	setting->line = line->sourceline;
	return setting;
}

static bool
is_overridden(const ConfigVariable *line)
{
	for (const ConfigVariable *later = line->next; later != NULL; later = later->next)
	{
		if (later->name != NULL && pg_strcasecmp(later->name, line->name) == 0)
			return true;
	}
	return false;
}

static bool
is_known(const char *name)
{
	const char *found = NULL;

	if (GetConfigOptionFlags(name, true) & GUC_SUPERUSER_ONLY)
		return true;
	(void) GetConfigOptionByName(name, &found, true);
	return found != NULL;
}

/* What the line wants in vain; NULL when it is in effect, or will be by a reload. */
static Setting *
check_line(const ConfigVariable *line)
{
	if (!is_known(line->name))
	{
		/* A name with a dot is some extension's, which may be loaded later. */
		return strchr(line->name, '.') != NULL ? NULL :
		                                         make_file_setting(line, SETTING_PROBLEM_UNKNOWN);
	}
	if (set_config_option(line->name, line->value, PGC_SIGHUP, PGC_S_FILE, GUC_ACTION_SET, false,
	                      DEBUG5, false) != 0)
		return NULL;
	return make_file_setting(line, SETTING_PROBLEM_VALUE);
}

/* Reads both files, as the server does; false when one has a syntax error. */
static bool
parse_files(ConfigVariable **lines)
{
	ConfigVariable *last = NULL;

	*lines = NULL;
	return ParseConfigFile(ConfigFileName, true, NULL, 0, 0, DEBUG5, lines, &last) &&
	       ParseConfigFile(PG_AUTOCONF_FILENAME, false, NULL, 0, 0, DEBUG5, lines, &last);
}

/* Of the lines that failed, those that wait for a restart, and what was removed and does so. */
static List *
sort_out_pending(List *failed)
{
	int count;
	struct config_generic *const *records = dbops_compat_settings(&count);

	for (int i = 0; i < count; i++)
	{
		Setting *found = NULL;
		ListCell *cell;

		if (!(records[i]->status & GUC_PENDING_RESTART))
			continue;
		foreach (cell, failed)
		{
			Setting *setting = lfirst(cell);

			if (pg_strcasecmp(setting->name, records[i]->name) == 0)
				found = setting;
		}
		if (found == NULL)
		{
			found = palloc0(sizeof(Setting));
			found->name = records[i]->name;
			found->value = "<default>";
			failed = lappend(failed, found);
		}
		found->source = SETTING_PENDING;
		found->problem = SETTING_PROBLEM_NONE;
	}
	return failed;
}

static const ConfigVariable *
find_line(const ConfigVariable *lines, const char *name)
{
	const ConfigVariable *found = NULL;

	for (; lines != NULL; lines = lines->next)
	{
		if (lines->name != NULL && !lines->ignore && pg_strcasecmp(lines->name, name) == 0)
			found = lines;
	}
	return found;
}

/*
 * What is fixed when a session starts, as log_connections is, a reload changes for sessions to come
 * but not in running processes, this one included: here it is changed as in the postmaster, which
 * started this process with what it had by then.
 */
static void
follow_reload(const ConfigVariable *lines)
{
	static TimestampTz followed_at = 0;
	int count;
	struct config_generic *const *records = dbops_compat_settings(&count);

	for (int i = 0; followed_at != 0 && followed_at != PgReloadTime && i < count; i++)
	{
		const struct config_generic *record = records[i];
		const ConfigVariable *line;

		if (record->context != PGC_BACKEND && record->context != PGC_SU_BACKEND)
			continue;
		line = find_line(lines, record->name);
		/* Of a line removed the reload has noted that it is gone, and left the value. */
		if (line != NULL)
			(void) set_config_option(record->name, line->value, PGC_SIGHUP, PGC_S_FILE,
			                         GUC_ACTION_SET, true, DEBUG5, true);
		else if (record->source == PGC_S_DEFAULT)
			(void) set_config_option(record->name, NULL, PGC_SIGHUP, PGC_S_DEFAULT, GUC_ACTION_SET,
			                         true, DEBUG5, true);
	}
	followed_at = PgReloadTime;
}

List *
dbops_settings_of_files(void)
{
	ConfigVariable *lines;
	bool readable = parse_files(&lines);
	List *failed = NIL;

	if (readable)
		follow_reload(lines);
	for (const ConfigVariable *line = lines; line != NULL; line = line->next)
	{
		Setting *setting = NULL;

		if (line->errmsg != NULL)
			setting = make_file_setting(line, SETTING_PROBLEM_SYNTAX);
		else if (readable && !line->ignore && !is_overridden(line))
			setting = check_line(line);
		if (setting != NULL)
			failed = lappend(failed, setting);
	}
	return sort_out_pending(failed);
}
