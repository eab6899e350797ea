/*
 * core/databases.c
 *		The databases of the cluster; see databases.h.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_database.h"
#include "utils/rel.h"

#include "core/databases.h"
#include "core/shared_catalog.h"

List *
dbops_databases_list(void)
{
	Relation relation = dbops_shared_catalog_open(DatabaseRelationId, "pg_database");
	TableScanDesc scan = table_beginscan_catalog(relation, 0, NULL);
	List *databases = NIL;
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		Database *database = palloc(sizeof(Database));

		database->oid = form->oid;
		database->name = form->datname;
		database->allows_connections = form->datallowconn;
		database->is_template = form->datistemplate;
		database->connection_limit = form->datconnlimit;
		database->frozen_xid = form->datfrozenxid;
		database->min_mxid = form->datminmxid;
		databases = lappend(databases, database);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	return databases;
}

Database *
dbops_databases_find(const char *name)
{
	ListCell *cell;

	foreach (cell, dbops_databases_list())
	{
		Database *database = lfirst(cell);

		if (strcmp(NameStr(database->name), name) == 0)
			return database;
	}
	return NULL;
}
