/*
 * advise/update_kinds.c
 *		What columns statements set; see update_kinds.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/rel.h"

#include "advise/update_kinds.h"
#include "core/compat_indexes.h"
#include "core/spi.h"

typedef struct RowsEntry
{
	uint64 queryid;
	double rows_per_call;
} RowsEntry;

struct UpdateRows
{
	HTAB *entries;
};

/* A walk over a query and those within it. */
typedef struct UpdateSearch
{
	Relation table;
	Bitmapset *columns; /* found so far */
	bool found;
} UpdateSearch;

enum
{
	ROWS_QUERYID,
	ROWS_PER_CALL
};

static const char rows_query[] =
    "SELECT queryid, (pg_catalog.sum(rows) / pg_catalog.sum(calls))::float8\n"
    "  FROM dbops.statement_history\n"
    " WHERE step = '1 hour' AND node = dbops.node_name() AND datid = $1\n"
    "   AND at > pg_catalog.now() - $2 * interval '1 ms' - interval '1 hour'\n"
    "   AND queryid = ANY ($3)\n"
    " GROUP BY queryid\n"
    "HAVING pg_catalog.sum(calls) > 0";

static bool
is_writing(const Query *query)
{
	return query->commandType == CMD_UPDATE || query->commandType == CMD_INSERT ||
	       query->commandType == CMD_MERGE || query->hasModifyingCTE;
}

/* The ids of statements that write, for most do not; NULL: there are none. */
static ArrayType *
find_writing(const List *statements)
{
	Datum *ids = palloc(sizeof(Datum) * Max(list_length(statements), 1));
	int n = 0;
	ListCell *lc;

	foreach (lc, statements)
	{
		const Statement *statement = lfirst(lc);
		ListCell *cell;

		foreach (cell, statement->queries)
		{
			if (statement->source->queryid == 0 || !is_writing(lfirst(cell)))
				continue;
			ids[n++] = Int64GetDatum((int64) statement->source->queryid);
			break;
		}
	}
	return n == 0 ?
	           NULL :
	           construct_array(ids, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

UpdateRows *
dbops_update_rows_load(const List *statements, int64 window_ms)
{
	ArrayType *writing = find_writing(statements);
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(MyDatabaseId)},
	    {.type = FLOAT8OID, .value = Float8GetDatum((double) window_ms)},
	    {.type = INT8ARRAYOID, .value = PointerGetDatum(writing)},
	};
	HASHCTL table = {
	    .keysize = sizeof(uint64), .entrysize = sizeof(RowsEntry), .hcxt = CurrentMemoryContext};
	UpdateRows *rows = palloc(sizeof(UpdateRows));
	const SpiRows *found;

	rows->entries =
	    hash_create("dbops rows of a call", 256, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	if (writing == NULL || !OidIsValid(get_extension_oid("dbops", true)))
		return rows;
	found = dbops_spi_query(rows_query, params, lengthof(params));
	for (uint64 i = 0; i < found->nrows; i++)
	{
		bool isnull;
		const uint64 queryid =
		    (uint64) DatumGetInt64(dbops_spi_cell(found, i, ROWS_QUERYID, &isnull));
		RowsEntry *entry = hash_search(rows->entries, &queryid, HASH_ENTER, NULL);

		entry->rows_per_call = DatumGetFloat8(dbops_spi_cell(found, i, ROWS_PER_CALL, &isnull));
		if (isnull)
			entry->rows_per_call = 1;
	}
	return rows;
}

static double
rows_per_call(const UpdateRows *rows, uint64 queryid)
{
	const RowsEntry *entry =
	    rows == NULL ? NULL : hash_search(rows->entries, &queryid, HASH_FIND, NULL);

	return entry == NULL ? 1 : entry->rows_per_call;
}

/* Finds what is updated in the table, by any query in the tree: CTEs may write, too. */
static bool
find_updates(Node *node, UpdateSearch *search)
{
	const Query *query = (const Query *) node;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, find_updates, search);
	if (query->resultRelation > 0)
	{
		RangeTblEntry *target = rt_fetch(query->resultRelation, query->rtable);
		Bitmapset *columns = dbops_compat_updated_columns(query, target);

		if (target->relid == RelationGetRelid(search->table) && !bms_is_empty(columns))
		{
			search->columns = bms_add_members(search->columns, columns);
			search->found = true;
		}
	}
	return query_tree_walker((Query *) query, find_updates, search, 0);
}

/* Stored generated columns change with those that they are made of. */
static Bitmapset *
add_generated(Relation table, Bitmapset *columns)
{
	const TupleDesc descriptor = RelationGetDescr(table);
	const TupleConstr *constraints = descriptor->constr;
	Bitmapset *all = bms_copy(columns);

	if (constraints == NULL || !constraints->has_generated_stored)
		return all;
	for (int i = 0; i < constraints->num_defval; i++)
	{
		const AttrNumber attno = constraints->defval[i].adnum;
		Bitmapset *sources = NULL;

		if (TupleDescAttr(descriptor, attno - 1)->attgenerated != ATTRIBUTE_GENERATED_STORED)
			continue;
		pull_varattnos(stringToNode(constraints->defval[i].adbin), 1, &sources);
		if (bms_overlap(sources, columns))
			all = bms_add_member(all, attno - FirstLowInvalidHeapAttributeNumber);
	}
	return all;
}

static UpdateFacts *
find_kind(UpdateKinds *kinds, const Bitmapset *columns)
{
	for (int i = 0; i < kinds->nkinds; i++)
		if (bms_equal(kinds->kinds[i].columns, columns))
			return &kinds->kinds[i];
	return NULL;
}

static void
add_statement(UpdateKinds *kinds, Relation table, const Statement *statement, double rows)
{
	UpdateSearch search = {.table = table};
	UpdateFacts *kind;
	Bitmapset *columns;

	find_updates((Node *) statement->queries, &search);
	if (!search.found || !(rows > 0))
		return;
	columns = add_generated(table, search.columns);
	kind = find_kind(kinds, columns);
	if (kind == NULL)
	{
		kind = &kinds->kinds[kinds->nkinds++];
		*kind = (UpdateFacts){.columns = columns};
	}
	kind->rows += rows;
}

UpdateKinds
dbops_update_kinds_find(const List *statements, Oid table, const UpdateRows *rows)
{
	UpdateKinds kinds = {.kinds = palloc(sizeof(UpdateFacts) * Max(list_length(statements), 1))};
	Relation relation = table_open(table, AccessShareLock);
	ListCell *lc;

	foreach (lc, statements)
	{
		const Statement *statement = lfirst(lc);
		const WorkloadStatement *source = statement->source;
		/* Of given texts nothing but the weight is known. */
		const double calls = source->calls_per_day > 0 ? source->calls_per_day : source->weight;

		add_statement(&kinds, relation, statement, calls * rows_per_call(rows, source->queryid));
	}
	table_close(relation, AccessShareLock);
	return kinds;
}
