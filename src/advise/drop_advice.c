/*
 * advise/drop_advice.c
 *		Advice to drop indexes; see drop_advice.h.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "advise/drop_advice.h"
#include "advise/index_script.h"

static const Bitmapset *
list_staying(const SearchResult *result)
{
	return bms_difference(result->existing, result->dropped);
}

int
dbops_drop_advice_replacement(const SearchResult *result, int item)
{
	IndexCover cover;

	if (dbops_droppable_cover(result->droppables, item, list_staying(result), &cover) >= 0)
		return -1;
	return dbops_droppable_cover(result->droppables, item, result->created, &cover);
}

bool
dbops_drop_advice_hold(const SearchResult *result, int item)
{
	const ExistingIndex *index = dbops_droppable_of(result->droppables, item)->index;

	return index->definition != NULL && dbops_index_script_hold(index->table) &&
	       dbops_index_script_hold(index->indexid);
}

RecommendedDrop *
dbops_drop_advice_of(const SearchResult *result, int item)
{
	const ExistingIndex *index = dbops_droppable_of(result->droppables, item)->index;
	IndexScript script =
	    dbops_index_script_of_existing(index->indexid, index->spec, index->definition);
	RecommendedDrop *drop = palloc(sizeof(RecommendedDrop));

	*drop = (RecommendedDrop){.indexid = index->indexid,
	                          .name = index->name,
	                          .ddl = script.drop,
	                          .undo_ddl = script.create};
	return drop;
}

/* Says why, and returns the condition that this is by. */
static DropCondition
append_reason(StringInfo reason, const SearchResult *result, const Droppable *droppable)
{
	IndexCover cover;
	int other =
	    dbops_droppable_cover(result->droppables, droppable->item, list_staying(result), &cover);

	if (other >= 0)
	{
		const char *name = dbops_droppable_of(result->droppables, other)->index->name;

		appendStringInfoString(reason, dbops_index_cover_phrase(cover, name));
		return DROP_COVERED;
	}
	if (droppable->condition == DROP_UNUSED)
		appendStringInfoString(reason, dbops_drop_unused_phrase(&droppable->facts));
	else
		appendStringInfoString(reason, "no statement that uses it needs it: others serve as well");
	return droppable->condition;
}

static Recommendation *
advise_drop(const SearchResult *result, int item)
{
	const Droppable *droppable = dbops_droppable_of(result->droppables, item);
	const WhatifItem *index = dbops_whatif_item(result->whatif, item);
	Recommendation *advice = palloc0(sizeof(Recommendation));
	RecommendedDrop *drop = dbops_drop_advice_of(result, item);
	StringInfoData reason;
	DropCondition because;

	initStringInfo(&reason);
	because = append_reason(&reason, result, droppable);
	advice->action = "drop";
	advice->table = index->table;
	advice->ddl = drop->ddl;
	advice->undo_ddl = drop->undo_ddl;
	advice->drops = list_make1(drop);
	advice->index_size_bytes = dbops_index_size_bytes(&index->size);
	advice->benefit_ms_per_day = result->item_upkeep[item];
	advice->write_cost_ms_per_day = NAN;
	advice->build_seconds = NAN;
	advice->confidence = dbops_drop_confidence(&droppable->facts, because);
	advice->reason = reason.data;
	return advice;
}

/* What saves most first; of those that save the same, the largest. */
static int
compare_advice(const ListCell *a, const ListCell *b)
{
	const Recommendation *left = lfirst(a);
	const Recommendation *right = lfirst(b);

	double left_ms = isnan(left->benefit_ms_per_day) ? 0 : left->benefit_ms_per_day;
	double right_ms = isnan(right->benefit_ms_per_day) ? 0 : right->benefit_ms_per_day;

	if (left_ms != right_ms)
		return left_ms > right_ms ? -1 : 1;
	if (left->index_size_bytes != right->index_size_bytes)
		return left->index_size_bytes > right->index_size_bytes ? -1 : 1;
	return strcmp(left->ddl, right->ddl);
}

List *
dbops_drop_advice_make(const SearchResult *result)
{
	List *advice = NIL;

	for (int item = -1; (item = bms_next_member(result->dropped, item)) >= 0;)
	{
		if (dbops_drop_advice_replacement(result, item) < 0 && dbops_drop_advice_hold(result, item))
			advice = lappend(advice, advise_drop(result, item));
	}
	list_sort(advice, compare_advice);
	return advice;
}
