/*
 * advise/size_facts_funcs.c
 *		dbops._index_size(): what the model of sizes says of an index that exists.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/syscache.h"

#include "advise/restricted.h"
#include "advise/size_facts.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__index_size);

typedef struct Sizes
{
	Oid indexid;
	IndexSize expected;
	IndexSize actual;
} Sizes;

/* Expressions of the index are simplified when it is opened. */
static void
measure(void *arg)
{
	Sizes *sizes = arg;

	sizes->expected = dbops_size_when_rebuilt(sizes->indexid);
	sizes->actual = dbops_size_of_index(sizes->indexid);
}

static void
put_size(RowSet *rows, const IndexSize *size, const char *pages, const char *height)
{
	if (size->pages > 0)
		dbops_rows_put(rows, pages, Int64GetDatum((int64) size->pages));
	if (size->tree_height >= 0)
		dbops_rows_put(rows, height, Int32GetDatum(size->tree_height));
}

Datum
dbops__index_size(PG_FUNCTION_ARGS)
{
	Sizes sizes = {.indexid = PG_GETARG_OID(0)};
	RowSet *rows = dbops_rows_begin(fcinfo);

	/* What is gone has no size. */
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(sizes.indexid)))
		PG_RETURN_VOID();
	dbops_restricted_require(measure, &sizes);
	put_size(rows, &sizes.expected, "expected_pages", "expected_height");
	put_size(rows, &sizes.actual, "pages", "height");
	dbops_rows_emit(rows);
	PG_RETURN_VOID();
}
