/*
 * expose/release.c
 *		Library and extension of one release or not; see release.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "expose/release.h"
#include "store/columns.h"
#include "store/registry.h"

#define MAX_PARTS 4

/* Version of the extension in this database; NULL when it is not there. */
static char *
read_extension_version(void)
{
	Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	char *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
	            CStringGetDatum("dbops"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool isnull;
		Datum value = heap_getattr(tuple, Anum_pg_extension_extversion,
		                           RelationGetDescr(extensions), &isnull);

		version = isnull ? NULL : TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return version;
}

/* Numbers between dots, compared one by one; what is missing counts as 0. */
static int
compare_versions(const char *a, const char *b)
{
	for (int part = 0; part < MAX_PARTS; part++)
	{
		char *next_a;
		char *next_b;
		long left = strtol(a, &next_a, 10);
		long right = strtol(b, &next_b, 10);

		if (left != right)
			return left < right ? -1 : 1;
		a = *next_a == '.' ? next_a + 1 : next_a;
		b = *next_b == '.' ? next_b + 1 : next_b;
	}
	return 0;
}

static void
count_missing(Release *release, Oid schema, const Family *family, TableKind kind)
{
	Oid table = get_relname_relid(dbops_columns_table(family, kind), schema);
	int ncolumns;
	Column *columns;

	if (!OidIsValid(table))
	{
		release->missing_tables++;
		return;
	}
	columns = dbops_columns_list(family, kind, &ncolumns);
	for (int i = 0; i < ncolumns; i++)
	{
		if (get_attnum(table, columns[i].name) == InvalidAttrNumber)
			release->missing_columns++;
	}
}

Release *
dbops_release_compare(void)
{
	Release *release = palloc0(sizeof(Release));
	Oid schema = get_namespace_oid("dbops", true);

	release->library = DBOPS_VERSION;
	release->extension = read_extension_version();
	if (release->extension == NULL)
		return release;
	release->order = compare_versions(release->library, release->extension);
	for (int f = 0; f < dbops_registry_count(); f++)
	{
		const Family *family = dbops_registry_at(f);

		for (int kind = 0; kind < TABLE_KINDS; kind++)
		{
			if (dbops_columns_has_table(family, kind))
				count_missing(release, schema, family, kind);
		}
	}
	return release;
}
