/*
 * advise/drop_advice.h
 *		Advice to drop an index, and why: what makes it sure that nobody misses it.
 */
#pragma once

#include "advise/recommendation.h"

/* The created item that stands in for one that is dropped, where no existing one does; -1: none. */
extern int dbops_drop_advice_replacement(const SearchResult *result, int item);

/* Keeps it from being dropped meanwhile; see dbops_index_script_hold(). */
extern bool dbops_drop_advice_hold(const SearchResult *result, int item);

/* How it is dropped. */
extern RecommendedDrop *dbops_drop_advice_of(const SearchResult *result, int item);

/*
 * Lines for what is dropped and not replaced by what is created, those first that cost most to
 * keep; ranks are left to the caller.  A List of Recommendation, in the current context.
 */
extern List *dbops_drop_advice_make(const SearchResult *result);
