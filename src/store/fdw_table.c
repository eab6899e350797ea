/*
 * store/fdw_table.c
 *		A foreign table of dbops; see fdw_table.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "store/fdw_table.h"
#include "store/registry.h"

#define OPTION_FAMILY "family"
#define OPTION_KIND "kind"

static const char *
find_option(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return defGetString(option);
	}
	return NULL;
}

TableKind
dbops_fdw_table_kind(const char *name)
{
	for (int kind = 0; kind < TABLE_KINDS; kind++)
	{
		if (strcmp(name, dbops_columns_kind_name(kind)) == 0)
			return kind;
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("dbops has no tables of kind \"%s\"", name),
	                errhint("Kinds are \"history\" and \"now\".")));
}

void
dbops_fdw_table_check_options(List *options)
{
	const char *kind = find_option(options, OPTION_KIND);
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, OPTION_FAMILY) != 0 &&
		    strcmp(option->defname, OPTION_KIND) != 0)
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			                errmsg("invalid option \"%s\"", option->defname),
			                errhint("Options are \"%s\" and \"%s\".", OPTION_FAMILY, OPTION_KIND)));
	}
	/* The family may be one of another version: it is looked up when the table is read. */
	if (find_option(options, OPTION_FAMILY) == NULL || kind == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
		         errmsg("options \"%s\" and \"%s\" are required", OPTION_FAMILY, OPTION_KIND)));
	(void) dbops_fdw_table_kind(kind);
}

/* A table of the present that can only be empty is none. */
static void
check_kind(const FdwTable *table)
{
	if (!dbops_columns_has_table(table->family, table->kind))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("the present of family \"%s\" is known to the sampler alone",
		                       table->family->name),
		                errhint("Read the last rows of dbops.%s.",
		                        dbops_columns_table(table->family, TABLE_HISTORY))));
}

static const Family *
find_family(List *options, const char *table)
{
	const char *name = find_option(options, OPTION_FAMILY);
	const Family *family = name == NULL ? NULL : dbops_registry_by_name(name);

	if (family == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_OBJECT),
		         errmsg("foreign table \"%s\" shows a family that dbops does not have", table),
		         errhint("Library and extension differ in version: restart the server, "
		                 "then ALTER EXTENSION dbops UPDATE.")));
	return family;
}

static const Column *
match_column(const Column *columns, int ncolumns, Form_pg_attribute attribute)
{
	for (int i = 0; i < ncolumns; i++)
	{
		if (strcmp(columns[i].name, NameStr(attribute->attname)) != 0)
			continue;
		if (attribute->atttypid != dbops_columns_type_oid(columns[i].type))
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			                errmsg("column \"%s\" must have type %s", columns[i].name,
			                       dbops_columns_type_name(columns[i].type)),
			                errhint("ALTER EXTENSION dbops UPDATE brings library and extension "
			                        "to one version.")));
		return &columns[i];
	}
	return NULL;
}

FdwTable *
dbops_fdw_table_open(Oid relid)
{
	FdwTable *table = palloc0(sizeof(FdwTable));
	List *options = GetForeignTable(relid)->options;
	Relation relation = table_open(relid, NoLock);
	TupleDesc desc = RelationGetDescr(relation);
	Column *columns;
	int ncolumns;

	table->name = pstrdup(RelationGetRelationName(relation));
	table->family = find_family(options, table->name);
	table->kind = dbops_fdw_table_kind(find_option(options, OPTION_KIND));
	check_kind(table);
	table->natts = desc->natts;
	table->columns = palloc0(sizeof(Column *) * desc->natts);
	columns = dbops_columns_list(table->family, table->kind, &ncolumns);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped)
			table->columns[i] = match_column(columns, ncolumns, attribute);
	}
	table_close(relation, NoLock);
	return table;
}

AttrNumber
dbops_fdw_table_attribute(const FdwTable *table, ColumnSource source)
{
	for (int i = 0; i < table->natts; i++)
	{
		if (table->columns[i] != NULL && table->columns[i]->source == source)
			return i + 1;
	}
	return InvalidAttrNumber;
}

static char *
compose_command(const Family *family, TableKind kind, const char *server)
{
	StringInfoData command;
	int ncolumns;
	Column *columns = dbops_columns_list(family, kind, &ncolumns);

	initStringInfo(&command);
	appendStringInfo(&command, "CREATE FOREIGN TABLE %s (",
	                 quote_identifier(dbops_columns_table(family, kind)));
	for (int i = 0; i < ncolumns; i++)
		appendStringInfo(&command, "%s%s %s", i > 0 ? ", " : "", quote_identifier(columns[i].name),
		                 dbops_columns_type_name(columns[i].type));
	appendStringInfo(&command, ") SERVER %s OPTIONS (%s %s, %s %s)", quote_identifier(server),
	                 OPTION_FAMILY, quote_literal_cstr(family->name), OPTION_KIND,
	                 quote_literal_cstr(dbops_columns_kind_name(kind)));
	return command.data;
}

List *
dbops_fdw_table_commands(TableKind kind, const char *server)
{
	List *commands = NIL;

	for (int i = 0; i < dbops_registry_count(); i++)
	{
		const Family *family = dbops_registry_at(i);

		if (dbops_columns_has_table(family, kind))
			commands = lappend(commands, compose_command(family, kind, server));
	}
	return commands;
}
