/*
 * advise/foreign_key_advice.h
 *		Advice to index foreign keys that no index serves.
 *
 * Beside the search, as what such an index saves is in no statement's plan; foreign keys that are
 * joined on have had their candidates there.
 */
#pragma once

#include "advise/recommendation.h"

/*
 * Lines for foreign keys of the tables of the workload, where an index pays and the budget has
 * room for it; what saves most first.  *taken: see dbops_index_spec_name().  A List of
 * Recommendation, in the current context; ranks are left to the caller.
 */
extern List *dbops_foreign_key_advice_make(const SearchResult *result, List **taken);
