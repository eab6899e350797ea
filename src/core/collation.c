/*
 * core/collation.c
 *		How a collation compares; see collation.h.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "access/htup_details.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "core/collation.h"

/* 17 has locales of the server's own, all of which compare bytes. */
#ifndef COLLPROVIDER_BUILTIN
#define COLLPROVIDER_BUILTIN 'b'
#endif

static bool
compares_bytes(char provider, int cache, HeapTuple tuple, AttrNumber locale)
{
	bool isnull;
	Datum value;
	char *name;

	if (provider != COLLPROVIDER_LIBC)
		return provider == COLLPROVIDER_BUILTIN;
	value = SysCacheGetAttr(cache, tuple, locale, &isnull);
	if (isnull)
		return false;
	name = TextDatumGetCString(value);
	return strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

static bool
is_database_c(void)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	bool is_c;

	if (!HeapTupleIsValid(tuple))
		return false;
	is_c = compares_bytes(((Form_pg_database) GETSTRUCT(tuple))->datlocprovider, DATABASEOID, tuple,
	                      Anum_pg_database_datcollate);
	ReleaseSysCache(tuple);
	return is_c;
}

bool
dbops_collation_is_c(Oid collation)
{
	HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	char provider;
	bool is_c;

	if (!HeapTupleIsValid(tuple))
		return false;
	provider = ((Form_pg_collation) GETSTRUCT(tuple))->collprovider;
	is_c = provider == COLLPROVIDER_DEFAULT ?
	           is_database_c() :
	           compares_bytes(provider, COLLOID, tuple, Anum_pg_collation_collcollate);
	ReleaseSysCache(tuple);
	return is_c;
}
