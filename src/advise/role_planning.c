/*
 * advise/role_planning.c
 *		Settings of roles and databases that plans depend on; see role_planning.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "advise/role_planning.h"
#include "core/compat_settings.h"

/* What the planner looks at beside the settings that PostgreSQL groups as query tuning. */
static const char *const planner_settings[] = {
    "debug_parallel_query",
    "force_parallel_mode",
    "hash_mem_multiplier",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "parallel_leader_participation",
    "temp_buffers",
    "work_mem",
};

/* What decides how a text is read: its literals, and what is added to it. */
static const char *const text_settings[] = {
    "array_nulls",
    "backslash_quote",
    "DateStyle",
    "IntervalStyle",
    "row_security",
    "default_text_search_config",
    "standard_conforming_strings",
    "TimeZone",
    "transform_null_equals",
    "xmloption",
};

static bool
is_listed(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (pg_strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_query_tuning(const char *name)
{
	int count;
	struct config_generic *const *records = dbops_compat_settings(&count);

	for (int i = 0; i < count; i++)
	{
		if (pg_strcasecmp(records[i]->name, name) != 0)
			continue;
		return records[i]->group >= QUERY_TUNING_METHOD && records[i]->group <= QUERY_TUNING_OTHER;
	}
	return false;
}

static bool
is_planning(const char *name)
{
	return is_listed(name, planner_settings, lengthof(planner_settings)) ||
	       is_listed(name, text_settings, lengthof(text_settings)) || is_query_tuning(name);
}

static bool
is_set(const List *settings, const char *name)
{
	const ListCell *cell;

	foreach (cell, settings)
	{
		if (pg_strcasecmp(((const RoleSetting *) lfirst(cell))->name, name) == 0)
			return true;
	}
	return false;
}

/* Adds what the row sets and no row before it has set. */
static List *
add_words(List *settings, ArrayType *array)
{
	Datum *words;
	int count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char *name = TextDatumGetCString(words[i]);
		char *equals = strchr(name, '=');
		RoleSetting *setting;

		if (equals == NULL)
			continue;
		*equals = '\0';
		if (is_set(settings, name))
			continue;
		setting = palloc(sizeof(RoleSetting));
		*setting = (RoleSetting){.name = name, .value = equals + 1};
		settings = lappend(settings, setting);
	}
	return settings;
}

static List *
add_row(List *settings, Relation catalog, Oid database, Oid role)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase, BTEqualStrategyNumber, F_OIDEQ,
	            ObjectIdGetDatum(database));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole, BTEqualStrategyNumber, F_OIDEQ,
	            ObjectIdGetDatum(role));
	scan = systable_beginscan(catalog, DbRoleSettingDatidRolidIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		Datum words = heap_getattr(tuple, Anum_pg_db_role_setting_setconfig,
		                           RelationGetDescr(catalog), &isnull);

		if (!isnull)
			settings = add_words(settings, DatumGetArrayTypePCopy(words));
	}
	systable_endscan(scan);
	return settings;
}

/* All that is set, whatever it is; in the order in which a session would let it win. */
static List *
read_settings(Oid database, Oid role)
{
	const struct
	{
		Oid database;
		Oid role;
	} rows[] = {
	    {database, role},
	    {InvalidOid, role},
	    {database, InvalidOid},
	    {InvalidOid, InvalidOid},
	};
	Relation catalog = table_open(DbRoleSettingRelationId, AccessShareLock);
	List *settings = NIL;

	for (int i = 0; i < lengthof(rows); i++)
		settings = add_row(settings, catalog, rows[i].database, rows[i].role);
	table_close(catalog, AccessShareLock);
	return settings;
}

List *
dbops_role_planning_settings(Oid database, Oid role)
{
	List *planning = NIL;
	ListCell *cell;

	foreach (cell, read_settings(database, role))
	{
		RoleSetting *setting = lfirst(cell);

		if (is_planning(setting->name))
			planning = lappend(planning, setting);
	}
	return planning;
}

const char *
dbops_role_planning_search_path(Oid database, Oid role)
{
	ListCell *cell;

	foreach (cell, read_settings(database, role))
	{
		const RoleSetting *setting = lfirst(cell);

		if (pg_strcasecmp(setting->name, "search_path") == 0)
			return setting->value;
	}
	return NULL;
}
