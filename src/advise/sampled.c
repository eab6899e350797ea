/*
 * advise/sampled.c
 *		Samples that were taken; see sampled.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "nodes/makefuncs.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/row_statistics.h"
#include "advise/sampled.h"

struct Sampled
{
	MemoryContext memory;
	List *entries; /* of SampledExpression */
};

Sampled *
dbops_sampled_new(void)
{
	Sampled *sampled = palloc0(sizeof(Sampled));

	sampled->memory = CurrentMemoryContext;
	return sampled;
}

static double
count_share(const RowSample *sample)
{
	int holds = 0;

	for (int i = 0; i < sample->nrows; i++)
		holds += !sample->nulls[i] && DatumGetBool(sample->values[i]);
	return (double) holds / sample->nrows;
}

/* Fills in the entry, which is in another context. */
static void
ask(SampledExpression *entry, Relation table, MemoryContext kept)
{
	bool is_predicate = IsA(entry->expression, List);
	Node *expression = copyObject(entry->expression);
	const RowSample *sample;
	HeapTuple tuple;

	if (is_predicate)
		expression = (Node *) make_ands_explicit((List *) expression);
	sample = dbops_row_sample_evaluate(table, expression, &entry->fails);
	if (sample == NULL)
		return;
	if (is_predicate)
	{
		entry->share = count_share(sample);
		return;
	}
	tuple = dbops_row_statistics(sample, expression, table->rd_rel->reltuples);
	MemoryContextSwitchTo(kept);
	if (tuple != NULL)
		entry->statistics = heap_copytuple(tuple);
}

static SampledExpression *
find(const Sampled *sampled, Oid table, const Node *expression)
{
	ListCell *lc;

	foreach (lc, sampled->entries)
	{
		SampledExpression *entry = lfirst(lc);

		if (entry->table == table && equal(entry->expression, expression))
			return entry;
	}
	return NULL;
}

static const SampledExpression *
get(Sampled *sampled, Relation table, Node *expression)
{
	SampledExpression *entry = find(sampled, RelationGetRelid(table), expression);
	MemoryContext caller;
	MemoryContext working;

	if (entry != NULL)
		return entry;
	caller = MemoryContextSwitchTo(sampled->memory);
	entry = palloc0(sizeof(SampledExpression));
	entry->table = RelationGetRelid(table);
	entry->expression = copyObject(expression);
	entry->share = -1;
	working = AllocSetContextCreate(caller, "dbops table sample", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(working);
	ask(entry, table, sampled->memory);
	MemoryContextSwitchTo(sampled->memory);
	sampled->entries = lappend(sampled->entries, entry);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
	return entry;
}

const SampledExpression *
dbops_sampled_expression(Sampled *sampled, Relation table, Node *expression)
{
	return get(sampled, table, expression);
}

const SampledExpression *
dbops_sampled_predicate(Sampled *sampled, Relation table, List *predicate)
{
	return get(sampled, table, (Node *) predicate);
}
