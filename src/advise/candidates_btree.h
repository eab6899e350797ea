/*
 * advise/candidates_btree.h
 *		B-trees that a relation of a statement could be served by.
 *
 * A file of its own because it is all about the order of keys: what is looked for by equality comes
 * first, then what is sorted by or one range.
 */
#pragma once

#include "advise/candidate_list.h"

extern void dbops_candidates_btree(CandidateList *list);

/* Those that begin with this key. */
extern void dbops_candidates_btree_by(CandidateList *list, const Want *want);

/* With nothing to look for: what is read, or what few rows there are, is smaller than the table. */
extern void dbops_candidates_narrow(CandidateList *list);
