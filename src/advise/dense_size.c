/*
 * advise/dense_size.c
 *		What a relation would take without bloat; see dense_size.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/tupmacs.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic.h"
#include "storage/bufpage.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "advise/dense_size.h"
#include "advise/size_facts.h"

/* ---- tables --------------------------------------------------------------------------------- */

typedef struct RowWidth
{
	double bytes;
	bool varies; /* from row to row */
	bool nulls;  /* some have any */
} RowWidth;

/* Values are aligned as in a row of average ones; short varlenas are not. */
static void
add_column(RowWidth *row, Oid relid, Form_pg_attribute att)
{
	HeapTuple statistics =
	    SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid), Int16GetDatum(att->attnum), false);
	double width = get_typavgwidth(att->atttypid, att->atttypmod);
	double nulls = 0;

	if (HeapTupleIsValid(statistics))
	{
		const FormData_pg_statistic *known = (Form_pg_statistic) GETSTRUCT(statistics);

		width = known->stawidth;
		nulls = known->stanullfrac;
		ReleaseSysCache(statistics);
	}
	if (att->attlen > 0)
		row->bytes = (double) att_align_nominal((int64) rint(row->bytes), att->attalign);
	row->bytes += width * (1 - nulls);
	row->varies = row->varies || att->attlen <= 0 || nulls > 0;
	row->nulls = row->nulls || nulls > 0;
}

static RowWidth
width_of_rows(Relation table)
{
	const TupleDesc columns = RelationGetDescr(table);
	RowWidth row = {0};
	int header = SizeofHeapTupleHeader;

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(columns, i);

		if (att->attisdropped)
			row.nulls = true;
		else
			add_column(&row, RelationGetRelid(table), att);
	}
	if (row.nulls)
		header += BITMAPLEN(columns->natts);
	row.bytes += MAXALIGN(header);
	/* Each row is rounded up by itself: half the distance on average. */
	row.bytes = row.varies ? row.bytes + (MAXIMUM_ALIGNOF - 1) / 2.0 :
	                         (double) MAXALIGN((int64) rint(row.bytes));
	row.bytes += sizeof(ItemIdData);
	return row;
}

double
dbops_dense_size_of_table(Relation table)
{
	const double room = (double) (BLCKSZ - SizeOfPageHeaderData) *
	                    RelationGetFillFactor(table, HEAP_DEFAULT_FILLFACTOR) / 100;
	RowWidth row;
	double rows_per_page;

	if (table->rd_rel->relam != HEAP_TABLE_AM_OID || table->rd_rel->reltuples < 0)
		return -1;
	row = width_of_rows(table);
	rows_per_page = row.varies ? room / row.bytes : floor(room / row.bytes);
	return ceil(table->rd_rel->reltuples / Max(rows_per_page, 1)) * BLCKSZ;
}

/* ---- indexes -------------------------------------------------------------------------------- */

static bool
is_known(Relation table, AttrNumber attno)
{
	return attno > 0 &&
	       SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(RelationGetRelid(table)),
	                             Int16GetDatum(attno), BoolGetDatum(false));
}

static bool
is_plain(Relation index, Relation table)
{
	const FormData_pg_index *form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid || index->rd_rel->reltuples < 0 ||
	    table->rd_rel->reltuples < 0)
		return false;
	for (int i = 0; i < form->indnatts; i++)
	{
		if (!is_known(table, form->indkey.values[i]))
			return false;
	}
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		if (index->rd_opfamily[i] >= FirstNormalObjectId)
			return false;
	}
	return true;
}

/* A partial one has as many rows as were counted last. */
static double
selectivity_of(Relation index, Relation table)
{
	return table->rd_rel->reltuples <= 0 ?
	           1 :
	           Min(index->rd_rel->reltuples / table->rd_rel->reltuples, 1);
}

double
dbops_dense_size_of_index(Relation index, Relation table)
{
	IndexSpec *spec = is_plain(index, table) ? dbops_index_spec_of_keys(index) : NULL;
	IndexSize size;

	if (spec == NULL)
		return -1;
	spec->selectivity = selectivity_of(index, table);
	size = dbops_size_as_built(spec, index, table);
	return dbops_index_size_bytes(&size);
}
