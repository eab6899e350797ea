/*
 * expose/exporter_settings.c
 *		Settings, roles and the version by postgres_exporter's names; see exporter_settings.h.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/snapmgr.h"

#include "core/compat_settings.h"
#include "core/shared_catalog.h"
#include "expose/exporter_settings.h"

/* Settings are in one of these units; the exporter's are seconds and bytes. */
typedef struct Unit
{
	int flag;
	const char *suffix;
	double factor;
} Unit;

static const Unit units[] = {
    {GUC_UNIT_MS, "_seconds", 0.001},    {GUC_UNIT_S, "_seconds", 1},
    {GUC_UNIT_MIN, "_seconds", 60},      {GUC_UNIT_BYTE, "_bytes", 1},
    {GUC_UNIT_KB, "_bytes", 1024},       {GUC_UNIT_MB, "_bytes", 1024 * 1024},
    {GUC_UNIT_BLOCKS, "_bytes", BLCKSZ}, {GUC_UNIT_XBLOCKS, "_bytes", XLOG_BLCKSZ},
};

static const Unit *
unit_of(const struct config_generic *record)
{
	int flag = record->flags & GUC_UNIT;

	for (int i = 0; i < lengthof(units); i++)
	{
		if (units[i].flag == flag)
			return &units[i];
	}
	return NULL;
}

/*
 * As the setting is without this session's own SET; what nobody can set has no other value.  False
 * for what is neither a number nor a switch.
 */
static bool
read_number(const struct config_generic *record, double *value)
{
	const bool fixed = record->context == PGC_INTERNAL;

	switch (record->vartype)
	{
		case PGC_BOOL:
			*value = fixed ? *DBOPS_SETTING(record, bool)->variable :
			                 DBOPS_SETTING(record, bool)->reset_val;
			return true;
		case PGC_INT:
			*value = fixed ? *DBOPS_SETTING(record, int)->variable :
			                 DBOPS_SETTING(record, int)->reset_val;
			return true;
		case PGC_REAL:
			*value = fixed ? *DBOPS_SETTING(record, real)->variable :
			                 DBOPS_SETTING(record, real)->reset_val;
			return true;
		default:
			return false;
	}
}

/* Modes of files are shown in octal, so 0600 is 600. */
static double
read_octal(int mode)
{
	double digits = 0;

	for (double place = 1; mode > 0; mode >>= 3, place *= 10)
		digits += (mode & 7) * place;
	return digits;
}

static bool
is_octal(const char *name)
{
	return strcmp(name, "data_directory_mode") == 0 || strcmp(name, "log_file_mode") == 0 ||
	       strcmp(name, "unix_socket_permissions") == 0;
}

static void
write_setting(Exposition *exposition, const struct config_generic *record)
{
	const Unit *unit = unit_of(record);
	double value;
	char *name;

	if (!read_number(record, &value))
		return;
	name = psprintf("pg_settings_%s%s", record->name, unit == NULL ? "" : unit->suffix);
	for (char *c = name; *c != '\0'; c++)
	{
		*c = pg_ascii_tolower((unsigned char) *c);
		if (*c == '.' || *c == '-')
			*c = '_';
	}
	if (is_octal(record->name))
		value = read_octal((int) value);
	/* -1 is a word, like "off". */
	if (unit != NULL && value != -1)
		value *= unit->factor;
	dbops_exposition_metric(exposition, name, EXPOSED_GAUGE,
	                        record->short_desc == NULL ? "A setting" : record->short_desc);
	dbops_exposition_number(exposition, NULL, value);
}

void
dbops_exporter_settings(Exposition *exposition)
{
	int count;
	struct config_generic **records = dbops_compat_settings(&count);

	for (int i = 0; i < count; i++)
	{
		if ((records[i]->flags & (GUC_NO_SHOW_ALL | GUC_CUSTOM_PLACEHOLDER)) == 0)
			write_setting(exposition, records[i]);
	}
}

void
dbops_exporter_version(Exposition *exposition)
{
	const int number = atoi(GetConfigOption("server_version_num", false, false));
	StringInfoData labels;

	initStringInfo(&labels);
	dbops_exposition_label(&labels, "version", PG_VERSION_STR);
	/* In three parts, as others of their time. */
	dbops_exposition_label(&labels, "short_version",
	                       psprintf("%d.%d.0", number / 10000, number % 10000));
	dbops_exposition_metric(exposition, "pg_static", EXPOSED_UNTYPED, "Version of the server");
	dbops_exposition_integer(exposition, &labels, 1);
	dbops_exposition_metric(exposition, "pg_up", EXPOSED_GAUGE, "1: the server answers");
	dbops_exposition_integer(exposition, NULL, 1);
}

void
dbops_exporter_roles(Exposition *exposition)
{
	Relation catalog = dbops_shared_catalog_open(AuthIdRelationId, "pg_authid");
	TableScanDesc scan = table_beginscan_catalog(catalog, 0, NULL);
	HeapTuple tuple;

	dbops_exposition_metric(exposition, "pg_roles_connection_limit", EXPOSED_GAUGE,
	                        "Connections that a role may have; -1: no limit");
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_authid role = (Form_pg_authid) GETSTRUCT(tuple);
		StringInfoData labels;

		initStringInfo(&labels);
		dbops_exposition_label(&labels, "rolname", NameStr(role->rolname));
		dbops_exposition_integer(exposition, &labels, role->rolconnlimit);
		pfree(labels.data);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
}

void
dbops_exporter_wal(Exposition *exposition)
{
	DIR *directory = AllocateDir(XLOGDIR);
	struct dirent *entry;
	int64 segments = 0;

	while ((entry = ReadDir(directory, XLOGDIR)) != NULL)
		segments += IsXLogFileName(entry->d_name);
	FreeDir(directory);
	dbops_exposition_metric(exposition, "pg_wal_segments", EXPOSED_GAUGE,
	                        "Segments of WAL in pg_wal");
	dbops_exposition_integer(exposition, NULL, segments);
	dbops_exposition_metric(exposition, "pg_wal_size_bytes", EXPOSED_GAUGE,
	                        "Size of the segments in pg_wal");
	dbops_exposition_integer(exposition, NULL, segments * wal_segment_size);
}
