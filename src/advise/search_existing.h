/*
 * advise/search_existing.h
 *		What a search does beside asking and selecting: which indexes exist, what all of them cost
 *		to keep, and which may go in the end.
 */
#pragma once

#include "advise/search.h"

/* Tables whose indexes count for a statement (OIDs): those it reads, what these are parts of. */
extern List *dbops_search_tables(const Statement *statement);

/* Makes items of the indexes on the tables of these statements (of Statement). */
extern void dbops_search_find_existing(SearchResult *result, const List *statements);

/*
 * When all statements stand: weighs each in ms a day, where times are not known by what a unit of
 * cost takes elsewhere, and says which existing items may be dropped.
 */
extern void dbops_search_weigh(SearchResult *result);

/* What each item costs to keep, as far as time allows. */
extern void dbops_search_find_upkeep(SearchResult *result, const List *statements,
                                     bool (*out_of_time)(void *arg), void *arg);

/* The same of items that have come since. */
extern void
dbops_search_extend_upkeep(SearchResult *result, bool (*out_of_time)(void *arg), void *arg);

/* What it takes to build an item that does not exist; NaN: not known. */
extern double dbops_search_build_seconds(const SearchResult *result, int item);

/* What a set costs to keep. */
extern double dbops_search_upkeep(const SearchResult *result, const Bitmapset *set);

/* The existing item that may be dropped where this one is; -1: there is none. */
extern int dbops_search_replaced(const SearchResult *result, int item);

/*
 * The set with those that must not be dropped from it, and without those that nobody misses, as the
 * planner says.  What time does not allow to ask about stays.
 */
extern const Bitmapset *dbops_search_settle(SearchResult *result, const Bitmapset *chosen,
                                            bool (*out_of_time)(void *arg), void *arg);
