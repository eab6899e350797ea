/*
 * advise/size_facts.c
 *		What statistics know for the size of an index; see size_facts.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/brin.h"
#include "access/genam.h"
#include "access/hash.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_statistic_ext_data.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/plancat.h"
#include "statistics/statistics.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "advise/column_facts.h"
#include "advise/gin_facts.h"
#include "advise/row_sample.h"
#include "advise/size_facts.h"

/* More keys by this factor, or so many rows for each: the size is another, or the same. */
#define NOTABLY_MORE 1.5
#define MANY_ROWS 20

/* ---- columns ----------------------------------------------------------------------------------
 */

static ColumnValues
values_of_expression(Node *expression, HeapTuple statistics, double tuples)
{
	ColumnValues values = {.statistics = statistics, .tuples = tuples};

	values.att.atttypid = exprType(expression);
	values.att.atttypmod = exprTypmod(expression);
	get_typlenbyvalalign(values.att.atttypid, &values.att.attlen, &values.att.attbyval,
	                     &values.att.attalign);
	values.att.attstorage = get_typstorage(values.att.atttypid);
	return values;
}

/* The type that is stored, where the operator class says another one than that of the column. */
static void
use_stored_type(ColumnValues *values, Oid opclass)
{
	HeapTuple tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	Oid type;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass);
	type = ((Form_pg_opclass) GETSTRUCT(tuple))->opckeytype;
	ReleaseSysCache(tuple);
	if (!OidIsValid(type) || IsPolymorphicType(type))
		return;
	values->att.atttypid = type;
	get_typlenbyvalalign(type, &values->att.attlen, &values->att.attbyval, &values->att.attalign);
	values->att.attstorage = get_typstorage(type);
}

/*
 * Where GiST stores something else than the value: of a tsvector four bytes for each word, or a
 * signature; of a text three bytes for each trigram.  Shares of the value's width, as measured.
 */
static void
scale_to_stored(const ColumnValues *values, Oid column_type, SizeColumn *to)
{
	double factor = values->att.atttypid == GTSVECTOROID ? 0.25 : 2;

	if (values->att.atttypid == column_type || values->att.attlen != -1)
		return;
	to->width *= factor;
	for (int i = 0; i < SIZE_WIDTHS; i++)
		to->widths[i] *= factor;
}

static void
load_column(const IndexSpec *spec, int i, Relation table, const SizeHints *hints, SizeFacts *facts)
{
	const SpecColumn *column = &spec->columns[i];
	SizeColumn *to = &facts->columns[i];
	HeapTuple known = hints != NULL && hints->statistics != NULL ? hints->statistics[i] : NULL;
	double tuples = facts->table_tuples;
	ColumnValues values;
	Oid type;

	if (spec->am == GIN_AM_OID)
	{
		dbops_gin_facts_load(column, table, tuples, to);
		return;
	}
	if (column->attno != 0)
		values = dbops_column_values(table, column->attno, tuples);
	else
		values = values_of_expression(column->expression, known, tuples);
	type = values.att.atttypid;
	if (OidIsValid(column->opclass))
		use_stored_type(&values, column->opclass);
	if (values.statistics != NULL)
		dbops_column_facts_load(&values, to);
	else
		dbops_column_facts_guess(
		    &values, dbops_row_sample_take(table, column->attno, column->expression), to);
	if (spec->am == GIST_AM_OID)
		scale_to_stored(&values, type, to);
	if (i == 0)
		facts->correlation = dbops_column_correlation(&values);
	if (column->attno != 0 && values.statistics != NULL)
		ReleaseSysCache(values.statistics);
}

/* ---- combinations -----------------------------------------------------------------------------
 */

/* How many different values there are among some rows of so many values in all rows. */
static double
distinct_among(double ndistinct, double rows, double all)
{
	if (ndistinct <= 0 || rows >= all)
		return Min(ndistinct, rows);
	return ndistinct * (1 - pow(1 - rows / all, all / ndistinct));
}

/* Whether all attributes of the item are among those. */
static bool
is_within(const MVNDistinctItem *item, const Bitmapset *attnos)
{
	for (int i = 0; i < item->nattributes; i++)
	{
		if (item->attributes[i] <= 0 || !bms_is_member(item->attributes[i], attnos))
			return false;
	}
	return true;
}

/* The largest group of these columns of which extended statistics know the combinations, or 0. */
static double
take_known_group(Relation table, Bitmapset **attnos)
{
	bool inherited = table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	MVNDistinctItem best = {0};
	ListCell *cell;

	foreach (cell, RelationGetStatExtList(table))
	{
		HeapTuple data = SearchSysCache2(STATEXTDATASTXOID, ObjectIdGetDatum(lfirst_oid(cell)),
		                                 BoolGetDatum(inherited));
		bool isnull = true;
		MVNDistinct *known;

		if (!HeapTupleIsValid(data))
			continue;
		SysCacheGetAttr(STATEXTDATASTXOID, data, Anum_pg_statistic_ext_data_stxdndistinct, &isnull);
		ReleaseSysCache(data);
		if (isnull)
			continue;
		known = statext_ndistinct_load(lfirst_oid(cell), inherited);
		for (int i = 0; i < known->nitems; i++)
		{
			if (known->items[i].nattributes > best.nattributes &&
			    is_within(&known->items[i], *attnos))
				best = known->items[i];
		}
	}
	for (int i = 0; i < best.nattributes; i++)
		*attnos = bms_del_member(*attnos, best.attributes[i]);
	return best.ndistinct;
}

/* Whether a unique index of the table is over no other columns than these. */
static bool
is_unique(Relation table, const Bitmapset *attnos)
{
	bool found = false;
	ListCell *cell;

	foreach (cell, RelationGetIndexList(table))
	{
		HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index index = HeapTupleIsValid(tuple) ? (Form_pg_index) GETSTRUCT(tuple) : NULL;

		if (index == NULL)
			continue;
		if (index->indisunique && index->indisvalid &&
		    heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
		{
			bool within = true;

			for (int i = 0; i < index->indnkeyatts; i++)
				within = within && index->indkey.values[i] > 0 &&
				         bms_is_member(index->indkey.values[i], attnos);
			found = found || within;
		}
		ReleaseSysCache(tuple);
	}
	return found;
}

/*
 * Combinations of the values of all keys in the whole table, if the catalog knows them: from a
 * unique index, or extended statistics over all of the keys; or over some, and the others are
 * independent. 0 if it knows nothing.
 */
static double
known_combinations(const IndexSpec *spec, Relation table, const SizeFacts *facts)
{
	double rows = facts->table_tuples;
	Bitmapset *attnos = NULL;
	double possible = 1;
	double known;
	double most = 0;

	for (int i = 0; i < spec->nkeys; i++)
	{
		if (spec->columns[i].attno > 0)
			attnos = bms_add_member(attnos, spec->columns[i].attno);
	}
	if (is_unique(table, attnos))
		return rows;
	while ((known = take_known_group(table, &attnos)) > 0)
	{
		most = Max(most, known);
		possible *= known;
	}
	if (most == 0)
		return 0;
	for (int i = 0; i < spec->nkeys; i++)
	{
		const SizeColumn *column = &facts->columns[i];

		if (spec->columns[i].attno > 0 && !bms_is_member(spec->columns[i].attno, attnos))
			continue;
		if (column->ndistinct <= 0)
			return 0;
		most = Max(most, column->ndistinct);
		possible *= column->ndistinct;
	}
	if (possible == most) /* nothing was multiplied */
		return Min(possible, rows);
	return Min(Max(possible * -expm1(-rows / possible), most), rows);
}

/*
 * Whether dependent columns would make another size: of a B-tree, as equal keys share a tuple, and
 * between as many keys as the most different column has and as many as there are if they are
 * independent.  Where that is few, a key is next to nothing in its list of rows.
 */
static bool
depends_on_dependence(const IndexSpec *spec, const SizeFacts *facts)
{
	double least = 0;
	double most = 1;

	if (!facts->deduplicates)
		return false;
	for (int i = 0; i < spec->nkeys; i++)
	{
		if (spec->columns[i].attno <= 0 || facts->columns[i].ndistinct <= 0)
			return false;
		least = Max(least, facts->columns[i].ndistinct);
		most *= facts->columns[i].ndistinct;
	}
	most = Min(most, facts->table_tuples);
	return most >= least * NOTABLY_MORE && facts->table_tuples <= most * MANY_ROWS;
}

/* From a sample, if it tells of notably fewer combinations than independent columns have. */
static double
sampled_combinations(const IndexSpec *spec, Relation table, const SizeFacts *facts,
                     KeySamples *samples)
{
	double rows = facts->table_tuples;
	double possible = 1;
	Bitmapset *attnos = NULL;
	double counted;

	for (int i = 0; i < spec->nkeys; i++)
	{
		attnos = bms_add_member(attnos, spec->columns[i].attno);
		possible *= facts->columns[i].ndistinct;
	}
	counted = dbops_key_samples_count(samples, table, attnos, rows);
	return counted * NOTABLY_MORE <= possible * -expm1(-rows / possible) ? counted : 0;
}

static void
load_combinations(const IndexSpec *spec, Relation table, const SizeHints *hints, SizeFacts *facts)
{
	double known = known_combinations(spec, table, facts);

	if (spec->nkeys == 1 && known > 0)
		facts->columns[0].ndistinct = known * (1 - facts->columns[0].null_ratio);
	if (spec->nkeys > 1 && known == 0 && hints != NULL && hints->samples != NULL &&
	    depends_on_dependence(spec, facts))
	{
		known = sampled_combinations(spec, table, facts, hints->samples);
		facts->key_sampled = known > 0;
	}
	if (spec->nkeys > 1)
		facts->key_ndistinct = distinct_among(known, facts->tuples, facts->table_tuples);
	for (int i = 0; i < facts->nkeys; i++)
		facts->columns[i].ndistinct =
		    distinct_among(facts->columns[i].ndistinct, facts->tuples, facts->table_tuples);
}

/* ---- the index --------------------------------------------------------------------------------
 */

/* Whether equal keys look the same in all columns, so that they may share a tuple
 * (_bt_allequalimage). */
static bool
can_deduplicate(const IndexSpec *spec)
{
	if (spec->am != BTREE_AM_OID || spec->ncolumns != spec->nkeys)
		return false;
	for (int i = 0; i < spec->nkeys; i++)
	{
		const SpecColumn *column = &spec->columns[i];
		Oid type = get_opclass_input_type(column->opclass);
		Oid function =
		    get_opfamily_proc(get_opclass_family(column->opclass), type, type, BTEQUALIMAGE_PROC);

		if (!OidIsValid(function) || !DatumGetBool(OidFunctionCall1Coll(function, column->collation,
		                                                                ObjectIdGetDatum(type))))
			return false;
	}
	return true;
}

SizeFacts *
dbops_size_facts_load(const IndexSpec *spec, Relation table, const SizeHints *hints)
{
	SizeFacts *facts = palloc0(sizeof(SizeFacts));
	BlockNumber pages;
	double visible;

	estimate_rel_size(table, NULL, &pages, &facts->table_tuples, &visible);
	facts->am = spec->am;
	facts->table_pages = pages;
	facts->tuples = rint(facts->table_tuples * spec->selectivity);
	facts->nkeys = spec->nkeys;
	facts->ncolumns = spec->ncolumns;
	facts->deduplicates = can_deduplicate(spec);
	for (int i = 0; i < spec->ncolumns; i++)
		load_column(spec, i, table, hints, facts);
	load_combinations(spec, table, hints, facts);
	return facts;
}

IndexSize
dbops_size_of_spec(const IndexSpec *spec, Relation table)
{
	return dbops_index_size(dbops_size_facts_load(spec, table, NULL));
}

/* What ANALYZE knows of the expressions of an index that exists. */
static HeapTuple *
find_statistics(Relation index)
{
	int n = index->rd_index->indnatts;
	HeapTuple *found = palloc0(sizeof(HeapTuple) * n);

	for (int i = 0; i < n; i++)
	{
		if (index->rd_index->indkey.values[i] == 0)
			found[i] = SearchSysCacheCopy3(STATRELATTINH, ObjectIdGetDatum(RelationGetRelid(index)),
			                               Int16GetDatum(i + 1), BoolGetDatum(false));
	}
	return found;
}

static void
load_options(Relation index, SizeFacts *facts)
{
	if (index->rd_rel->relam == BTREE_AM_OID)
	{
		facts->fillfactor = BTGetFillFactor(index);
		facts->deduplicates =
		    facts->deduplicates && BTGetDeduplicateItems(index) && !index->rd_index->indisunique;
	}
	else if (index->rd_rel->relam == HASH_AM_OID)
		facts->fillfactor = HashGetFillFactor(index);
	else if (index->rd_rel->relam == BRIN_AM_OID)
		facts->pages_per_range = BrinGetPagesPerRange(index);
}

/* Rows of a partial index: as many as it has, or had when that was last counted. */
static double
selectivity_of(Relation index, Relation table)
{
	double rows = table->rd_rel->reltuples;

	if (RelationGetIndexPredicate(index) == NIL || index->rd_rel->reltuples < 0 || rows <= 0)
		return 1;
	return Min(index->rd_rel->reltuples / rows, 1);
}

IndexSize
dbops_size_when_rebuilt(Oid indexid)
{
	IndexSpec *spec = dbops_index_spec_of(indexid);
	IndexSize size = {.tree_height = -1};
	Relation table;
	Relation index;
	SizeFacts *facts;

	if (spec == NULL)
		return size;
	table = table_open(spec->table, AccessShareLock);
	index = index_open(indexid, AccessShareLock);
	spec->selectivity = selectivity_of(index, table);
	facts = dbops_size_facts_load(
	    spec, table,
	    &(SizeHints){.statistics = find_statistics(index), .samples = dbops_key_samples_new()});
	load_options(index, facts);
	size = dbops_index_size(facts);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return size;
}

IndexSize
dbops_size_as_built(const IndexSpec *spec, Relation index, Relation table)
{
	SizeFacts *facts = dbops_size_facts_load(spec, table, NULL);

	load_options(index, facts);
	return dbops_index_size(facts);
}

IndexSize
dbops_size_of_index(Oid indexid)
{
	Relation index = index_open(indexid, AccessShareLock);
	IndexSize size = {.tree_height = -1};

	if (index->rd_rel->relkind == RELKIND_INDEX)
	{
		size.pages = RelationGetNumberOfBlocks(index);
		size.tuples = Max(index->rd_rel->reltuples, 0);
		if (index->rd_rel->relam == BTREE_AM_OID)
			size.tree_height = _bt_getrootheight(index);
	}
	index_close(index, AccessShareLock);
	return size;
}
