/*
 * advise/index_spec.c
 *		Descriptions of indexes; see index_spec.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace_d.h"
#include "catalog/pg_opclass.h"
#include "commands/defrem.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "advise/index_spec.h"

IndexSpec *
dbops_index_spec_new(Oid table, Oid am)
{
	IndexSpec *spec = palloc0(sizeof(IndexSpec));

	spec->table = table;
	spec->am = am;
	spec->selectivity = 1;
	return spec;
}

bool
dbops_index_spec_add_key(IndexSpec *spec, AttrNumber attno, Node *expression)
{
	SpecColumn *column = &spec->columns[spec->nkeys];
	Oid type;
	Oid collation;
	int32 typmod;
	Oid opclass;

	Assert(spec->ncolumns == spec->nkeys);
	if (spec->nkeys == SPEC_MAX_COLUMNS)
		return false;
	if (expression != NULL)
	{
		type = exprType(expression);
		collation = exprCollation(expression);
	}
	else
		get_atttypetypmodcoll(spec->table, attno, &type, &typmod, &collation);
	opclass = GetDefaultOpClass(type, spec->am);
	if (!OidIsValid(opclass))
		return false;
	*column = (SpecColumn){
	    .attno = attno, .expression = expression, .opclass = opclass, .collation = collation};
	spec->ncolumns = ++spec->nkeys;
	return true;
}

bool
dbops_index_spec_include(IndexSpec *spec, AttrNumber attno)
{
	if (spec->ncolumns == SPEC_MAX_COLUMNS)
		return false;
	for (int i = 0; i < spec->ncolumns; i++)
	{
		if (spec->columns[i].attno == attno)
			return false;
	}
	spec->columns[spec->ncolumns++] = (SpecColumn){.attno = attno};
	return true;
}

/* Up to its last column. */
static Size
size_of(const IndexSpec *spec)
{
	return offsetof(IndexSpec, columns) + sizeof(SpecColumn) * spec->ncolumns;
}

static void
copy_trees(IndexSpec *copy)
{
	for (int i = 0; i < copy->ncolumns; i++)
		copy->columns[i].expression = copyObject(copy->columns[i].expression);
	copy->predicate = copyObject(copy->predicate);
}

IndexSpec *
dbops_index_spec_copy(const IndexSpec *spec)
{
	IndexSpec *copy = palloc0(sizeof(IndexSpec));

	memcpy(copy, spec, size_of(spec));
	copy_trees(copy);
	return copy;
}

const IndexSpec *
dbops_index_spec_keep(const IndexSpec *spec)
{
	IndexSpec *copy = palloc(size_of(spec));

	memcpy(copy, spec, size_of(spec));
	copy_trees(copy);
	return copy;
}

static bool
are_columns_equal(const SpecColumn *a, const SpecColumn *b)
{
	return a->attno == b->attno && a->opclass == b->opclass && a->collation == b->collation &&
	       a->descending == b->descending && a->nulls_first == b->nulls_first &&
	       equal(a->expression, b->expression);
}

bool
dbops_index_spec_equal(const IndexSpec *a, const IndexSpec *b)
{
	if (a->table != b->table || a->am != b->am || a->nkeys != b->nkeys ||
	    a->ncolumns != b->ncolumns || !equal(a->predicate, b->predicate))
		return false;
	for (int i = 0; i < a->ncolumns; i++)
	{
		if (!are_columns_equal(&a->columns[i], &b->columns[i]))
			return false;
	}
	return true;
}

uint32
dbops_index_spec_hash(const IndexSpec *spec)
{
	uint32 hash = hash_combine(murmurhash32(spec->table), murmurhash32(spec->am));

	hash = hash_combine(hash, murmurhash32(spec->nkeys * 64 + list_length(spec->predicate)));
	for (int i = 0; i < spec->ncolumns; i++)
	{
		const SpecColumn *column = &spec->columns[i];
		uint32 flags = (column->descending ? 1 : 0) + (column->nulls_first ? 2 : 0);

		hash = hash_combine(hash, murmurhash32(column->attno * 4 + flags));
	}
	return hash;
}

/* The keys as pg_index and the relation cache have them. */
static void
read_columns(IndexSpec *spec, Relation index)
{
	List *expressions = RelationGetIndexExpressions(index);
	ListCell *next = list_head(expressions);
	const Form_pg_index form = index->rd_index;
	bool isnull;
	Datum datum =
	    SysCacheGetAttr(INDEXRELID, index->rd_indextuple, Anum_pg_index_indclass, &isnull);
	const oidvector *classes = (const oidvector *) DatumGetPointer(datum);

	spec->nkeys = form->indnkeyatts;
	spec->ncolumns = form->indnatts;
	for (int i = 0; i < spec->ncolumns; i++)
	{
		SpecColumn *column = &spec->columns[i];

		column->attno = form->indkey.values[i];
		if (column->attno == 0)
		{
			column->expression = lfirst(next);
			next = lnext(expressions, next);
		}
		if (i >= spec->nkeys)
			continue;
		column->opclass = classes->values[i];
		column->collation = index->rd_indcollation[i];
		column->descending = (index->rd_indoption[i] & INDOPTION_DESC) != 0;
		column->nulls_first = (index->rd_indoption[i] & INDOPTION_NULLS_FIRST) != 0;
	}
}

IndexSpec *
dbops_index_spec_of_keys(Relation index)
{
	IndexSpec *spec;

	if (index->rd_index->indisexclusion || index->rd_index->indnatts > SPEC_MAX_COLUMNS)
		return NULL;
	spec = dbops_index_spec_new(index->rd_index->indrelid, index->rd_rel->relam);
	read_columns(spec, index);
	return spec;
}

IndexSpec *
dbops_index_spec_of(Oid indexid)
{
	Relation index = index_open(indexid, AccessShareLock);
	IndexSpec *spec = dbops_index_spec_of_keys(index);

	if (spec != NULL)
		spec->predicate = RelationGetIndexPredicate(index);
	index_close(index, NoLock);
	return spec;
}

/* Said only where it is not what CREATE INDEX would take by itself. */
static void
append_collation(StringInfo ddl, Oid collation, Oid usual)
{
	if (OidIsValid(collation) && collation != usual)
		appendStringInfo(ddl, " COLLATE %s", generate_collation_name(collation));
}

static void
append_opclass(StringInfo ddl, Oid opclass, Oid type, Oid am)
{
	HeapTuple tuple;
	Form_pg_opclass form;

	if (opclass == GetDefaultOpClass(type, am))
		return;
	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass);
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	appendStringInfo(ddl, " %s",
	                 form->opcnamespace == PG_CATALOG_NAMESPACE ?
	                     quote_identifier(NameStr(form->opcname)) :
	                     quote_qualified_identifier(get_namespace_name(form->opcnamespace),
	                                                NameStr(form->opcname)));
	ReleaseSysCache(tuple);
}

/* Whether the expression is a conversion that nobody wrote: without it the key is another one. */
static bool
is_implicit(const Node *expression)
{
	switch (nodeTag(expression))
	{
		case T_FuncExpr:
			return ((const FuncExpr *) expression)->funcformat == COERCE_IMPLICIT_CAST;
		case T_RelabelType:
			return ((const RelabelType *) expression)->relabelformat == COERCE_IMPLICIT_CAST;
		case T_CoerceViaIO:
			return ((const CoerceViaIO *) expression)->coerceformat == COERCE_IMPLICIT_CAST;
		default:
			return false;
	}
}

static void
append_key(StringInfo ddl, const IndexSpec *spec, const SpecColumn *column, List *context)
{
	Oid type;
	Oid usual;
	int32 typmod;

	if (column->attno != 0)
	{
		get_atttypetypmodcoll(spec->table, column->attno, &type, &typmod, &usual);
		appendStringInfoString(ddl,
		                       quote_identifier(get_attname(spec->table, column->attno, false)));
	}
	else
	{
		type = exprType(column->expression);
		usual = exprCollation(column->expression);
		appendStringInfo(ddl, "(%s)",
		                 deparse_expression(column->expression, context, false,
		                                    is_implicit(column->expression)));
	}
	append_collation(ddl, column->collation, usual);
	append_opclass(ddl, column->opclass, type, spec->am);
	if (column->descending)
		appendStringInfoString(ddl, " DESC");
	if (column->nulls_first != column->descending)
		appendStringInfoString(ddl, column->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

static char *
write_ddl(const IndexSpec *spec, const char *name, bool concurrently)
{
	StringInfoData ddl;
	char *relname = get_rel_name(spec->table);
	List *context;

	if (relname == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("relation with OID %u does not exist", spec->table)));
	context = deparse_context_for(relname, spec->table);
	initStringInfo(&ddl);
	appendStringInfo(
	    &ddl, "CREATE INDEX %s%s%sON %s", concurrently ? "CONCURRENTLY " : "",
	    name ? quote_identifier(name) : "", name ? " " : "",
	    quote_qualified_identifier(get_namespace_name(get_rel_namespace(spec->table)), relname));
	if (spec->am != BTREE_AM_OID)
		appendStringInfo(&ddl, " USING %s", quote_identifier(get_am_name(spec->am)));
	for (int i = 0; i < spec->ncolumns; i++)
	{
		appendStringInfoString(&ddl, i == 0 ? " (" : i == spec->nkeys ? ") INCLUDE (" : ", ");
		if (i < spec->nkeys)
			append_key(&ddl, spec, &spec->columns[i], context);
		else
			appendStringInfoString(
			    &ddl, quote_identifier(get_attname(spec->table, spec->columns[i].attno, false)));
	}
	appendStringInfoChar(&ddl, ')');
	if (spec->predicate != NIL)
		appendStringInfo(&ddl, " WHERE %s",
		                 deparse_expression((Node *) make_ands_explicit(spec->predicate), context,
		                                    false, false));
	return ddl.data;
}

/* Deparsing leaves much behind. */
char *
dbops_index_spec_ddl(const IndexSpec *spec, const char *name, bool concurrently)
{
	MemoryContext working =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops ddl", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(working);
	char *ddl = MemoryContextStrdup(caller, write_ddl(spec, name, concurrently));

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
	return ddl;
}

char *
dbops_index_spec_name(const IndexSpec *spec, List **taken)
{
	char *relname = get_rel_name(spec->table);
	Oid namespace = get_rel_namespace(spec->table);
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < spec->nkeys; i++)
	{
		AttrNumber attno = spec->columns[i].attno;

		appendStringInfo(&columns, "%s%s", i > 0 ? "_" : "",
		                 attno != 0 ? get_attname(spec->table, attno, false) : "expr");
	}
	for (int pass = 0;; pass++)
	{
		char label[16] = "idx";
		char *name;

		if (pass > 0)
			snprintf(label, sizeof(label), "idx%d", pass);
		name = makeObjectName(relname, columns.data, label);
		if (OidIsValid(get_relname_relid(name, namespace)) ||
		    (taken != NULL && list_member(*taken, makeString(name))))
			continue;
		if (taken != NULL)
			*taken = lappend(*taken, makeString(name));
		return name;
	}
}
