/*
 * store/fdw_table.h
 *		A foreign table of dbops: which family it shows, and which of its columns is what.
 *
 * A file of its own because planner and executor need the same answer.  Columns are matched by
 * name, so a table made by another version of the extension reads: what the registry does not know
 * is NULL.
 */
#pragma once

#include "access/attnum.h"
#include "nodes/pg_list.h"

#include "store/columns.h"

typedef struct FdwTable
{
	const char *name;
	const Family *family;
	TableKind kind;
	int natts;
	const Column **columns; /* by attribute number - 1; NULL: dropped, or unknown here */
} FdwTable;

/* Describes the table, which the caller has locked; allocated in the current context. */
extern FdwTable *dbops_fdw_table_open(Oid relid);

/* The attribute of a source without index, as COLUMN_STEP; 0 if the table has none. */
extern AttrNumber dbops_fdw_table_attribute(const FdwTable *table, ColumnSource source);

/* Raises an error unless `options` suit a foreign table of dbops. */
extern void dbops_fdw_table_check_options(List *options);

/* CREATE FOREIGN TABLE for every family, as IMPORT FOREIGN SCHEMA wants them. */
extern List *dbops_fdw_table_commands(TableKind kind, const char *server);

/* The kind of that name; an error if there is none. */
extern TableKind dbops_fdw_table_kind(const char *name);
