/*
 * advise/search_merge.c
 *		Indexes that stand in for two others; see search_merge.h.
 */
#include "postgres.h"

#include "storage/lmgr.h"
#include "utils/memutils.h"

#include "advise/index_cover.h"
#include "advise/restricted.h"
#include "advise/search_merge.h"

/* In one go: each costs some plannings. */
#define MAX_MERGERS 40

typedef struct Merger
{
	Whatif *whatif;
	const IndexSpec *spec; /* while it is admitted */
	int first;             /* items that it stands in for */
	int second;
	int item; /* -1: there can be no such index */
} Merger;

static void
admit(void *arg)
{
	Merger *merger = arg;

	LockRelationOid(merger->spec->table, AccessShareLock);
	merger->item = dbops_whatif_add(merger->whatif, merger->spec);
}

/* NULL if there is none that is new; else in `memory`. */
static Merger *
merge(Whatif *whatif, int first, int second, int max_columns, MemoryContext memory)
{
	const RestrictedContext nobody_else = {0};
	const IndexSpec *one = dbops_whatif_item(whatif, first)->spec;
	const IndexSpec *other = dbops_whatif_item(whatif, second)->spec;
	int known = dbops_whatif_count(whatif);
	Merger merger = {.whatif = whatif, .first = first, .second = second, .item = -1};
	TaskError error;

	if (one != NULL && other != NULL)
		merger.spec = dbops_index_merge(one, other, max_columns);
	if (merger.spec == NULL || !dbops_restricted_run(&nobody_else, admit, &merger, &error) ||
	    dbops_whatif_count(whatif) == known)
		return NULL;
	merger.spec = NULL;
	return memcpy(MemoryContextAlloc(memory, sizeof(Merger)), &merger, sizeof(Merger));
}

List *
dbops_search_merge(SearchResult *result, const Bitmapset *set, int max_columns,
                   bool (*out_of_time)(void *arg), void *arg)
{
	Bitmapset *items = bms_difference(set, result->kept);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext working = AllocSetContextCreate(caller, "dbops merging", ALLOCSET_DEFAULT_SIZES);
	List *mergers = NIL;
	bool more = true;

	for (int i = -1; more && (i = bms_next_member(items, i)) >= 0;)
	{
		for (int j = -1; more && (j = bms_next_member(items, j)) >= 0;)
		{
			Merger *merger;

			MemoryContextSwitchTo(working);
			merger = i == j ? NULL : merge(result->whatif, i, j, max_columns, caller);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(working);
			if (merger != NULL)
				mergers = lappend(mergers, merger);
			more = list_length(mergers) < MAX_MERGERS && !out_of_time(arg);
		}
	}
	MemoryContextDelete(working);
	return mergers;
}

void
dbops_search_learn_mergers(SearchResult *result, const Bitmapset *set, const List *mergers,
                           bool (*out_of_time)(void *arg), void *arg)
{
	MemoryContext working =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops merging", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(working);
	ListCell *lc;

	foreach (lc, mergers)
	{
		const Merger *merger = lfirst(lc);
		Bitmapset *parts = bms_add_member(bms_make_singleton(merger->first), merger->second);
		Bitmapset *merged = bms_add_member(bms_difference(set, parts), merger->item);

		for (int i = 0; i < result->nstatements && !out_of_time(arg); i++)
		{
			SearchStatement *statement = &result->statements[i];
			const PooledPlan *plan;

			if (!bms_is_member(merger->item, statement->relevant))
				continue;
			plan = dbops_plan_pool_ask(statement->pool, result->whatif,
			                           bms_intersect(set, statement->relevant));
			if (plan != NULL && bms_overlap(plan->uses, parts))
				dbops_plan_pool_ask(statement->pool, result->whatif,
				                    bms_intersect(merged, statement->relevant));
		}
		MemoryContextReset(working);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
}
