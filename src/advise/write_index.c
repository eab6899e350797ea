/*
 * advise/write_index.c
 *		Facts of an index for write_cost.h; see write_index.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/gist.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type_d.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "advise/write_index.h"
#include "core/collation.h"
#include "core/compat_indexes.h"

/* What statistics know of a column, or of the expression of an index. */
typedef struct KeyStatistics
{
	double correlation; /* NaN: not known */
	double ndistinct;   /* 0: not known */
	double elements;    /* different ones of an array, jsonb or text search vector; 0: not known */
} KeyStatistics;

static KeyStatistics
read_statistics(Oid relation, AttrNumber attno, double tuples)
{
	KeyStatistics statistics = {.correlation = NAN};
	/* Those of a whole tree of partitions first. */
	HeapTuple row =
	    SearchSysCache3(STATRELATTINH, relation, Int16GetDatum(attno), BoolGetDatum(true));
	AttStatsSlot slot;
	double ndistinct;

	if (!HeapTupleIsValid(row))
		row = SearchSysCache3(STATRELATTINH, relation, Int16GetDatum(attno), BoolGetDatum(false));
	if (!HeapTupleIsValid(row))
		return statistics;

	ndistinct = ((Form_pg_statistic) GETSTRUCT(row))->stadistinct;
	statistics.ndistinct = ndistinct < 0 ? -ndistinct * tuples : ndistinct;
	if (get_attstatsslot(&slot, row, STATISTIC_KIND_CORRELATION, InvalidOid, ATTSTATSSLOT_NUMBERS))
	{
		if (slot.nnumbers == 1)
			statistics.correlation = slot.numbers[0];
		free_attstatsslot(&slot);
	}
	/* The last number of the histogram of element counts is their average. */
	if (get_attstatsslot(&slot, row, STATISTIC_KIND_DECHIST, InvalidOid, ATTSTATSSLOT_NUMBERS))
	{
		if (slot.nnumbers > 0)
			statistics.elements = slot.numbers[slot.nnumbers - 1];
		free_attstatsslot(&slot);
	}
	ReleaseSysCache(row);
	return statistics;
}

static WriteKey
find_key(Oid type, Oid collation)
{
	int16 length;
	bool by_value;

	if (type == NUMERICOID)
		return WRITE_KEY_COLLATED;
	if (OidIsValid(collation))
		return dbops_collation_is_c(collation) ? WRITE_KEY_BYTES : WRITE_KEY_COLLATED;
	get_typlenbyval(type, &length, &by_value);
	return by_value ? WRITE_KEY_NUMBER : WRITE_KEY_BYTES;
}

/* Whether GiST can sort by an operator class in place of inserting row by row. */
static bool
can_sort(Oid family, Oid type)
{
	return OidIsValid(get_opfamily_proc(family, type, type, GIST_SORTSUPPORT_PROC));
}

static int
column_bit(AttrNumber attno)
{
	return attno - FirstLowInvalidHeapAttributeNumber;
}

/* Takes in one key: what it costs, and what is known of its values. */
static void
add_key(WriteIndex *index, WriteKey key, const KeyStatistics *statistics)
{
	index->key = Max(index->key, key);
	index->ncolumns++;
	if (index->nkeys++ == 0)
	{
		index->correlation = statistics->correlation;
		index->ndistinct = statistics->ndistinct;
		index->nelements = index->am == GIN_AM_OID ? statistics->elements : 0;
	}
	else if (index->ndistinct > 0 && statistics->ndistinct > 0)
		index->ndistinct *= statistics->ndistinct;
	else
		index->ndistinct = 0;
}

/* Adds the pages and rows of an index, or of its parts where it is partitioned. */
static void
measure_size(WriteIndex *index, Relation relation)
{
	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_INDEX)
	{
		ListCell *lc;

		foreach (lc, find_inheritance_children(RelationGetRelid(relation), AccessShareLock))
		{
			Relation part = relation_open(lfirst_oid(lc), NoLock);

			measure_size(index, part);
			relation_close(part, NoLock);
		}
		return;
	}
	index->pages += RelationGetNumberOfBlocks(relation);
	index->tuples += Max(relation->rd_rel->reltuples, 0);
}

/* Levels above the leaves, if a page of them points to as many as it has room for entries. */
static int
guess_height(const WriteIndex *index)
{
	if (index->am != BTREE_AM_OID || index->pages <= 0)
		return -1;
	return (int) ceil(log(index->pages) / log(Max(index->tuples / index->pages, 2)));
}

static Oid
type_of_column(Oid table, AttrNumber attno)
{
	return attno > 0 ? get_atttype(table, attno) : OIDOID;
}

WriteIndex
dbops_write_index_of(Relation relation, double table_tuples)
{
	const Form_pg_index form = relation->rd_index;
	const TupleDesc descriptor = RelationGetDescr(relation);
	WriteIndex index = {.am = relation->rd_rel->relam, .correlation = NAN, .selectivity = 1};
	List *predicate = RelationGetIndexPredicate(relation);

	for (int i = 0; i < form->indnatts; i++)
	{
		const AttrNumber attno = form->indkey.values[i];
		KeyStatistics statistics;

		if (attno != InvalidAttrNumber)
			index.columns = bms_add_member(index.columns, column_bit(attno));
		if (i >= form->indnkeyatts)
		{
			index.ncolumns++;
			continue;
		}
		if (attno == InvalidAttrNumber)
			index.nexpressions++;
		/* The type of the key in the table: what the index keeps of it may be another. */
		statistics = attno == InvalidAttrNumber ?
		                 read_statistics(RelationGetRelid(relation), i + 1, table_tuples) :
		                 read_statistics(form->indrelid, attno, table_tuples);
		add_key(&index,
		        find_key(attno == InvalidAttrNumber ? TupleDescAttr(descriptor, i)->atttypid :
		                                              type_of_column(form->indrelid, attno),
		                 relation->rd_indcollation[i]),
		        &statistics);
	}
	pull_varattnos((Node *) RelationGetIndexExpressions(relation), 1, &index.columns);
	pull_varattnos((Node *) predicate, 1, &index.columns);

	measure_size(&index, relation);
	/* Never analyzed: as many as the table has. */
	if (index.tuples == 0 && predicate == NIL && table_tuples > 0)
		index.tuples = table_tuples;
	if (predicate != NIL && table_tuples > 0)
		index.selectivity = Min(index.tuples / table_tuples, 1);
	if (index.ndistinct > index.tuples)
		index.ndistinct = 0;
	index.tree_height = guess_height(&index);
	if (index.am == GIST_AM_OID)
		index.sortable = can_sort(relation->rd_opfamily[0], relation->rd_opcintype[0]);
	index.summarizing = relation->rd_indam != NULL && dbops_compat_summarizes(relation->rd_indam);
	return index;
}

/* Opens nothing: the access method's routine says whether it summarizes. */
static bool
method_summarizes(Oid am)
{
	const IndexAmRoutine *routine = GetIndexAmRoutineByAmId(am, true);

	return routine != NULL && dbops_compat_summarizes(routine);
}

WriteIndex
dbops_write_index_of_spec(const IndexSpec *spec, const IndexSize *size, double rows,
                          double table_tuples)
{
	WriteIndex index = {
	    .am = spec->am,
	    .correlation = NAN,
	    .pages = size->pages,
	    .tuples = rows,
	    .tree_height = size->tree_height,
	    .selectivity = spec->predicate != NIL && table_tuples > 0 ? Min(rows / table_tuples, 1) : 1,
	    .summarizing = method_summarizes(spec->am),
	};

	for (int i = 0; i < spec->ncolumns; i++)
	{
		const SpecColumn *column = &spec->columns[i];
		KeyStatistics statistics = {.correlation = NAN};

		if (column->expression == NULL)
			index.columns = bms_add_member(index.columns, column_bit(column->attno));
		else
			pull_varattnos(column->expression, 1, &index.columns);
		if (i >= spec->nkeys)
		{
			index.ncolumns++;
			continue;
		}
		if (column->expression == NULL)
			statistics = read_statistics(spec->table, column->attno, table_tuples);
		else
			index.nexpressions++;
		add_key(&index,
		        find_key(column->expression == NULL ? type_of_column(spec->table, column->attno) :
		                                              exprType(column->expression),
		                 column->collation),
		        &statistics);
	}
	pull_varattnos((Node *) spec->predicate, 1, &index.columns);
	if (spec->am == GIST_AM_OID)
		index.sortable = can_sort(get_opclass_family(spec->columns[0].opclass),
		                          get_opclass_input_type(spec->columns[0].opclass));
	if (index.ndistinct > rows)
		index.ndistinct = 0;
	return index;
}
