/*
 * advise/candidates_special.h
 *		Indexes of other kinds than B-trees: GIN, GiST, hash, BRIN.
 */
#pragma once

#include "advise/candidate_list.h"

extern void dbops_candidates_special(CandidateList *list);
