/*
 * advise/candidates_btree.c
 *		Orders of keys; see candidates_btree.h.
 *
 * E is what is compared by equality with something given, J by equality with another relation, R is
 * bounded, S is an order.  Equalities go first in any case; of each list the most selective go first,
 * so that indexes of several statements begin alike.
 */
#include "postgres.h"

#include "advise/candidates_btree.h"

/* All orders of so many equalities are tried. */
#define MAX_PERMUTED 3

/* ---- keys of several kinds, one after the other ------------------------------------------------ */

static void
append_wants(const CandidateList *list, IndexSpec *spec, List *wants)
{
	ListCell *lc;

	foreach (lc, wants)
	{
		const Want *want = lfirst(lc);

		(void) dbops_candidate_key(list, spec, &want->key);
	}
}

static void
append_order(const CandidateList *list, IndexSpec *spec, List *order)
{
	ListCell *lc;

	foreach (lc, order)
		(void) dbops_candidate_key(list, spec, lfirst(lc));
}

/* E + each R, and the other ranges behind: they are compared within the index. */
static void
propose_ranges(CandidateList *list, const IndexSpec *prefix)
{
	ListCell *lc;

	foreach (lc, list->wants->ranges)
	{
		const Want *range = lfirst(lc);
		IndexSpec spec = *prefix;

		if (!dbops_candidate_key(list, &spec, &range->key))
			continue;
		dbops_candidate_propose_covering(list, &spec);
		append_wants(list, &spec, list->wants->ranges);
		dbops_candidate_propose_covering(list, &spec);
	}
}

/* E + S, and ranges behind that. */
static void
propose_orders(CandidateList *list, const IndexSpec *prefix)
{
	ListCell *lc;

	foreach (lc, list->wants->orders)
	{
		IndexSpec spec = *prefix;

		append_order(list, &spec, lfirst(lc));
		if (spec.nkeys == prefix->nkeys)
			continue;
		dbops_candidate_propose_covering(list, &spec);
		append_wants(list, &spec, list->wants->ranges);
		dbops_candidate_propose(list, &spec);
	}
}

/* ---- joins ------------------------------------------------------------------------------------- */

/* By all that joins it with one other relation at once, if that is more than one key. */
static void
propose_join_with(CandidateList *list, const IndexSpec *prefix, int other)
{
	IndexSpec spec = *prefix;
	ListCell *lc;

	foreach (lc, list->wants->joins)
	{
		const Want *join = lfirst(lc);

		if (bms_is_member(other, join->others))
			(void) dbops_candidate_key(list, &spec, &join->key);
	}
	if (spec.nkeys > prefix->nkeys + 1)
		dbops_candidate_propose_covering(list, &spec);
}

static void
propose_join(CandidateList *list, const Want *join)
{
	const Wants *wants = list->wants;
	IndexSpec *first = dbops_candidate_new(list);
	IndexSpec spec;

	(void) dbops_candidate_key(list, first, &join->key);

	/* J + E: one row of the other relation looks for few of this, whatever E lets through. */
	spec = *first;
	append_wants(list, &spec, wants->equals);
	dbops_candidate_propose_covering(list, &spec);
	propose_ranges(list, &spec);
	propose_orders(list, &spec);

	/* E + J: what E lets through, in the order of the join. */
	spec = *dbops_candidate_new(list);
	append_wants(list, &spec, wants->equals);
	if (dbops_candidate_key(list, &spec, &join->key))
	{
		dbops_candidate_propose_covering(list, &spec);
		propose_ranges(list, &spec);
	}
	dbops_candidate_propose_covering(list, first);
}

static void
propose_joins(CandidateList *list)
{
	const Wants *wants = list->wants;
	Relids others = NULL;
	ListCell *lc;
	int other = -1;

	foreach (lc, wants->joins)
	{
		const Want *join = lfirst(lc);

		propose_join(list, join);
		others = bms_add_members(others, join->others);
	}
	while ((other = bms_next_member(others, other)) >= 0)
	{
		IndexSpec *none = dbops_candidate_new(list);
		IndexSpec equals = *none;

		propose_join_with(list, none, other);
		append_wants(list, &equals, wants->equals);
		propose_join_with(list, &equals, other);
	}
}

/* ---- the rest ---------------------------------------------------------------------------------- */

/* Each arm of an OR by itself, and behind what holds for all of them. */
static void
propose_arms(CandidateList *list)
{
	ListCell *lc;

	foreach (lc, list->wants->arms)
	{
		IndexSpec *alone = dbops_candidate_new(list);
		IndexSpec *behind = dbops_candidate_new(list);

		append_wants(list, alone, lfirst(lc));
		dbops_candidate_propose(list, alone);
		append_wants(list, behind, list->wants->equals);
		append_wants(list, behind, lfirst(lc));
		dbops_candidate_propose(list, behind);
	}
}

/* Other orders of the equalities, each of which makes an index that another statement may share. */
static void
permute(CandidateList *list, const IndexSpec *prefix, List *rest)
{
	ListCell *lc;

	if (rest == NIL)
		dbops_candidate_propose(list, prefix);
	foreach (lc, rest)
	{
		const Want *want = lfirst(lc);
		IndexSpec *spec = dbops_index_spec_copy(prefix);

		if (dbops_candidate_key(list, spec, &want->key))
			permute(list, spec, list_delete_ptr(list_copy(rest), lfirst(lc)));
	}
}

void
dbops_candidates_btree(CandidateList *list)
{
	const Wants *wants = list->wants;
	IndexSpec *none = dbops_candidate_new(list);
	IndexSpec *equals = dbops_candidate_new(list);
	ListCell *lc;

	append_wants(list, equals, wants->equals);
	if (dbops_candidate_is_unique(list, equals))
	{
		/* There is one row, and it is found. */
		dbops_candidate_propose_covering(list, equals);
		return;
	}

	/* All that one search can use comes first: it serves the statement best. */
	dbops_candidate_propose_covering(list, equals);
	propose_orders(list, equals);
	propose_ranges(list, equals);
	propose_joins(list);
	propose_arms(list);

	/* Then what is shorter, and so smaller and shared by more. */
	foreach (lc, wants->equals)
	{
		const Want *want = lfirst(lc);
		IndexSpec *spec = dbops_candidate_new(list);

		(void) dbops_candidate_key(list, spec, &want->key);
		dbops_candidate_propose_covering(list, spec);
	}
	propose_ranges(list, none);
	propose_orders(list, none);
	if (list_length(wants->equals) <= MAX_PERMUTED)
		permute(list, none, wants->equals);
}

void
dbops_candidates_btree_by(CandidateList *list, const Want *want)
{
	IndexSpec *spec = dbops_candidate_new(list);
	IndexSpec longer;

	(void) dbops_candidate_key(list, spec, &want->key);
	dbops_candidate_propose_covering(list, spec);
	longer = *spec;
	append_wants(list, &longer, list->wants->equals);
	dbops_candidate_propose_covering(list, &longer);
	propose_orders(list, &longer);
}

void
dbops_candidates_narrow(CandidateList *list)
{
	const Wants *wants = list->wants;
	IndexSpec *spec = dbops_candidate_new(list);
	int attno = bms_next_member(wants->reads, -1);

	if (attno > 0 && dbops_index_spec_add_key(spec, attno, NULL))
		dbops_candidate_propose_whole(list, spec);
	spec = dbops_candidate_new(list);
	attno = bms_next_member(wants->tests, -1);
	if (list->predicate != NIL && attno > 0 && dbops_index_spec_add_key(spec, attno, NULL))
		dbops_candidate_propose(list, spec);
}
