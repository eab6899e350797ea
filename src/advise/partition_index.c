/*
 * advise/partition_index.c
 *		Indexes of partitions; see partition_index.h.
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/partition_index.h"

/* Of more partitions, only so many are opened: each takes a lock and a place in the relation
 * cache. */
#define MAX_SAMPLED 32

typedef struct SampledPartition
{
	Oid table;
	double pages;
} SampledPartition;

struct PartitionSample
{
	int n;
	double pages_all; /* of all partitions */
	SampledPartition partitions[FLEXIBLE_ARRAY_MEMBER];
};

/* ---- in one partition ------------------------------------------------------------------------ */

static AttrNumber
map_column(Oid table, AttrNumber attno, Oid partition)
{
	return attno <= 0 ? attno : get_attnum(partition, get_attname(table, attno, false));
}

static int
count_columns(Oid table)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	int n;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	n = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
	ReleaseSysCache(tuple);
	return n;
}

static AttrMap *
make_map(Oid table, Oid partition)
{
	int natts = count_columns(table);
	AttrMap *map = make_attrmap(natts);

	for (int i = 0; i < natts; i++)
	{
		const char *name = get_attname(table, i + 1, true);

		map->attnums[i] = name != NULL ? get_attnum(partition, name) : InvalidAttrNumber;
	}
	return map;
}

static Node *
map_tree(Node *tree, const AttrMap *map)
{
	bool whole_row;

	return tree == NULL ? NULL : map_variable_attnos(tree, 1, 0, map, InvalidOid, &whole_row);
}

Node *
dbops_partition_expression(Node *expression, Oid table, Oid partition)
{
	return map_tree(expression, make_map(table, partition));
}

IndexSpec *
dbops_partition_spec(const IndexSpec *spec, Oid partition)
{
	IndexSpec *mapped = dbops_index_spec_copy(spec);
	const AttrMap *map = NULL;

	mapped->table = partition;
	for (int i = 0; i < spec->ncolumns; i++)
	{
		SpecColumn *column = &mapped->columns[i];

		if (column->attno == 0 && map == NULL)
			map = make_map(spec->table, partition);
		if (column->attno == 0)
			column->expression = map_tree(column->expression, map);
		else
		{
			column->attno = map_column(spec->table, column->attno, partition);
			if (column->attno == InvalidAttrNumber)
				return NULL;
		}
	}
	if (spec->predicate != NIL)
	{
		if (map == NULL)
			map = make_map(spec->table, partition);
		mapped->predicate = (List *) map_tree((Node *) spec->predicate, map);
	}
	return mapped;
}

/* ---- in all of them -------------------------------------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	const SampledPartition *x = a;
	const SampledPartition *y = b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? -1 : 1;
	return x->table < y->table ? -1 : x->table > y->table;
}

PartitionSample *
dbops_partition_sample(Oid table)
{
	List *tables = find_all_inheritors(table, NoLock, NULL);
	PartitionSample *sample = palloc0(offsetof(PartitionSample, partitions) +
	                                  sizeof(SampledPartition) * list_length(tables));
	ListCell *lc;

	foreach (lc, tables)
	{
		HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_class form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_class) GETSTRUCT(tuple);
		if (form->relkind == RELKIND_RELATION)
		{
			sample->partitions[sample->n++] =
			    (SampledPartition){.table = lfirst_oid(lc), .pages = Max(form->relpages, 1)};
			sample->pages_all += Max(form->relpages, 1);
		}
		ReleaseSysCache(tuple);
	}
	qsort(sample->partitions, sample->n, sizeof(SampledPartition), by_size);
	sample->n = Min(sample->n, MAX_SAMPLED);
	return sample;
}

static bool
add_partition(const IndexSpec *spec, Oid partition, const SizeHints *hints, IndexSize *sum)
{
	const IndexSpec *mapped;
	Relation relation = try_table_open(partition, AccessShareLock);
	IndexSize size;

	if (relation == NULL)
		return false;
	mapped = dbops_partition_spec(spec, partition);
	if (mapped != NULL)
	{
		size = dbops_index_size(dbops_size_facts_load(mapped, relation, hints));
		sum->pages += size.pages;
		sum->tuples += size.tuples;
		sum->tree_height = Max(sum->tree_height, size.tree_height);
	}
	table_close(relation, NoLock);
	return mapped != NULL;
}

IndexSize
dbops_partition_size(const IndexSpec *spec, const PartitionSample *sample, const SizeHints *hints)
{
	IndexSize sum = {.tree_height = -1};
	double pages = 0;

	for (int i = 0; i < sample->n; i++)
	{
		if (add_partition(spec, sample->partitions[i].table, hints, &sum))
			pages += sample->partitions[i].pages;
	}
	if (pages > 0)
	{
		sum.pages *= sample->pages_all / pages;
		sum.tuples *= sample->pages_all / pages;
	}
	return sum;
}

Oid
dbops_partition_largest(const PartitionSample *sample)
{
	return sample->n > 0 ? sample->partitions[0].table : InvalidOid;
}
