/*
 * advise/search_merge.h
 *		Indexes that stand in for two that were chosen, or for one and one that exists.
 *
 * A file of its own because candidates are found statement by statement: which index serves several
 * is only seen when a set of them is there.
 */
#pragma once

#include "advise/search.h"

/*
 * Makes items of what could stand in for two of the set, if nobody has thought of it yet.  A List,
 * in the current context, which is for dbops_search_learn_mergers() when statements know them.
 */
extern List *dbops_search_merge(SearchResult *result, const Bitmapset *set, int max_columns,
                                bool (*out_of_time)(void *arg), void *arg);

/* Asks how the statements that use the two would be planned without them, and with the item. */
extern void
dbops_search_learn_mergers(SearchResult *result, const Bitmapset *set, const List *mergers,
                           bool (*out_of_time)(void *arg), void *arg);
