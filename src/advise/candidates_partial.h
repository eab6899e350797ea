/*
 * advise/candidates_partial.h
 *		Indexes of few rows: those that the statement asks for each time.
 *
 * A predicate is made of conditions that say the same in each run of the statement: no parameters,
 * and no values that are one of many.
 */
#pragma once

#include "advise/candidate_list.h"

extern void dbops_candidates_partial(CandidateList *list);
