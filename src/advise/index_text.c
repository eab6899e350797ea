/*
 * advise/index_text.c
 *		Commands on indexes as specs; see index_text.h.
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_utilcmd.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "advise/index_text.h"
#include "core/compat.h"

static void
refuse_mutable(Node *expression)
{
	if (contain_mutable_functions(expression))
		ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
		                errmsg("functions in an index must be marked IMMUTABLE")));
}

static void
refuse_system_column(AttrNumber attno)
{
	if (attno < 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("index creation on system columns is not supported")));
}

/* An expression as the relation cache has it: functions planned in, constants folded. */
static Node *
simplify(Node *expression)
{
	Node *simple = eval_const_expressions(NULL, expression);
	Bitmapset *columns = NULL;

	refuse_mutable(simple);
	pull_varattnos(simple, 1, &columns);
	if (!bms_is_empty(columns))
		refuse_system_column(bms_next_member(columns, -1) + FirstLowInvalidHeapAttributeNumber);
	fix_opfuncids(simple);
	return simple;
}

static void
read_column(SpecColumn *column, const IndexElem *element, Oid table)
{
	if (element->name != NULL)
	{
		column->attno = get_attnum(table, element->name);
		if (column->attno == InvalidAttrNumber)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
			                errmsg("column \"%s\" does not exist", element->name)));
		refuse_system_column(column->attno);
		return;
	}
	column->expression = simplify(element->expr);
}

static void
read_key(IndexSpec *spec, const IndexElem *element, const char *amname)
{
	SpecColumn *column = &spec->columns[spec->nkeys];
	Oid type;
	int32 typmod;

	read_column(column, element, spec->table);
	if (column->attno != 0)
		get_atttypetypmodcoll(spec->table, column->attno, &type, &typmod, &column->collation);
	else
	{
		type = exprType(column->expression);
		column->collation = exprCollation(column->expression);
	}
	if (element->collation != NIL)
		column->collation = get_collation_oid(element->collation, false);
	column->opclass = ResolveOpClass(element->opclass, type, amname, spec->am);
	column->descending = element->ordering == SORTBY_DESC;
	column->nulls_first = element->nulls_ordering == SORTBY_NULLS_DEFAULT ?
	                          column->descending :
	                          element->nulls_ordering == SORTBY_NULLS_FIRST;
	spec->ncolumns = ++spec->nkeys;
}

static void
check_table(Oid table, const char *name)
{
	char relkind = get_rel_relkind(table);

	if (relkind != RELKIND_RELATION && relkind != RELKIND_MATVIEW &&
	    relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("cannot create index on relation \"%s\"", name)));
}

/* What the server asks of the access method when it creates the index. */
static void
check_access_method(const IndexStmt *stmt, Oid am)
{
	const IndexAmRoutine *routine = GetIndexAmRoutineByAmId(am, false);
	ListCell *lc;

	if (list_length(stmt->indexParams) > 1 && !routine->amcanmulticol)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("access method \"%s\" does not support multicolumn indexes",
		                       stmt->accessMethod)));
	if (stmt->indexIncludingParams != NIL && !routine->amcaninclude)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("access method \"%s\" does not support included columns",
		                       stmt->accessMethod)));
	foreach (lc, stmt->indexIncludingParams)
	{
		if (lfirst_node(IndexElem, lc)->name == NULL)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			                errmsg("expressions are not supported in included columns")));
	}
}

static IndexSpec *
read_create(IndexStmt *stmt, const char *command)
{
	Oid table = RangeVarGetRelid(stmt->relation, AccessShareLock, false);
	IndexSpec *spec;
	ListCell *lc;

	check_table(table, stmt->relation->relname);
	stmt = transformIndexStmt(table, stmt, command);
	if (list_length(stmt->indexParams) + list_length(stmt->indexIncludingParams) > SPEC_MAX_COLUMNS)
		ereport(ERROR, (errcode(ERRCODE_TOO_MANY_COLUMNS),
		                errmsg("cannot use more than %d columns in an index", SPEC_MAX_COLUMNS)));
	spec = dbops_index_spec_new(table, get_index_am_oid(stmt->accessMethod, false));
	check_access_method(stmt, spec->am);
	foreach (lc, stmt->indexParams)
		read_key(spec, lfirst_node(IndexElem, lc), stmt->accessMethod);
	foreach (lc, stmt->indexIncludingParams)
		read_column(&spec->columns[spec->ncolumns++], lfirst_node(IndexElem, lc), table);
	if (stmt->whereClause != NULL)
		spec->predicate = make_ands_implicit(
		    (Expr *) canonicalize_qual((Expr *) simplify(stmt->whereClause), false));
	return spec;
}

static Oid
read_drop(const DropStmt *stmt)
{
	const RangeVar *name = makeRangeVarFromNameList(linitial(stmt->objects));
	Oid indexid = RangeVarGetRelid(name, AccessShareLock, false);

	if (list_length(stmt->objects) != 1 || get_rel_relkind(indexid) != RELKIND_INDEX)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("\"%s\" is not an index", name->relname)));
	LockRelationOid(IndexGetRelation(indexid, false), AccessShareLock);
	return indexid;
}

IndexText
dbops_index_text_read(const char *command)
{
	List *statements = pg_parse_query(command);
	Node *stmt = list_length(statements) == 1 ? linitial_node(RawStmt, statements)->stmt : NULL;

	if (stmt != NULL && IsA(stmt, IndexStmt))
		return (IndexText){.name = ((IndexStmt *) stmt)->idxname,
		                   .spec = read_create((IndexStmt *) stmt, command)};
	if (stmt != NULL && IsA(stmt, DropStmt) && ((DropStmt *) stmt)->removeType == OBJECT_INDEX)
		return (IndexText){.dropped = read_drop((DropStmt *) stmt)};
	ereport(ERROR,
	        (errcode(ERRCODE_SYNTAX_ERROR), errmsg("not a command on an index: %s", command)));
}
