/*
 * advise/candidate_list.h
 *		The indexes that one relation of a statement may be served by, the most promising first.
 *
 * Who proposes an index says so here; what exists already, what is there twice, what no index can
 * hold and what goes over the limit is turned away in one place.
 */
#pragma once

#include "advise/candidates.h"
#include "advise/wants.h"

typedef struct CandidateList
{
	const Wants *wants;
	const CandidateLimits *limits;
	List *existing;     /* of IndexSpec: what the table has */
	List *unique;       /* of Bitmapset: columns that tell any two rows apart */
	List *predicate;    /* of what is proposed at the moment */
	double selectivity; /* of that predicate */
	List *specs;        /* of IndexSpec: the candidates */
} CandidateList;

/* An empty B-tree of the relation's table, with the predicate there is at the moment. */
extern IndexSpec *dbops_candidate_new(const CandidateList *list);

/* Appends a key; false, and nothing is changed, if it is one already or there is no room. */
extern bool dbops_candidate_key(const CandidateList *list, IndexSpec *spec, const SpecColumn *key);

/* Whether the keys tell any two rows apart, by what the table promises. */
extern bool dbops_candidate_is_unique(const CandidateList *list, const IndexSpec *spec);

/* Proposes the index. */
extern void dbops_candidate_propose(CandidateList *list, const IndexSpec *spec);

/* Proposes it, and then with all that the statement reads, if that makes it an index to read alone. */
extern void dbops_candidate_propose_covering(CandidateList *list, const IndexSpec *spec);

/* Proposes it only with all that the statement reads. */
extern void dbops_candidate_propose_whole(CandidateList *list, const IndexSpec *spec);
