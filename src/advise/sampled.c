/*
 * advise/sampled.c
 *		Samples that were taken; see sampled.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "advise/sampled.h"
#include "advise/table_sample.h"
#include "core/tx.h"

struct Sampled
{
	MemoryContext memory;
	List *entries; /* of SampledExpression */
};

typedef struct Question
{
	Relation table;
	const SampledExpression *about;
	HeapTuple statistics;
	double share;
} Question;

Sampled *
dbops_sampled_new(void)
{
	Sampled *sampled = palloc0(sizeof(Sampled));

	sampled->memory = CurrentMemoryContext;
	return sampled;
}

static void
ask(void *arg)
{
	Question *question = arg;
	const SampledExpression *about = question->about;

	if (IsA(about->expression, List))
		question->share = dbops_table_sample_share(question->table, (List *) about->expression);
	else
		question->statistics = dbops_table_sample_expression(question->table, about->expression);
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
	Question question = {.table = table, .share = -1};
	MemoryContext caller;
	MemoryContext working;
	TaskError error;

	if (entry != NULL)
		return entry;
	caller = MemoryContextSwitchTo(sampled->memory);
	entry = palloc0(sizeof(SampledExpression));
	entry->table = RelationGetRelid(table);
	entry->expression = copyObject(expression);
	question.about = entry;
	working = AllocSetContextCreate(caller, "dbops table sample", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(working);
	entry->fails = !dbops_tx_probe(ask, &question, &error);
	MemoryContextSwitchTo(sampled->memory);
	entry->share = question.share;
	if (!entry->fails && question.statistics != NULL)
		entry->statistics = heap_copytuple(question.statistics);
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
