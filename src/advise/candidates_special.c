/*
 * advise/candidates_special.c
 *		Where a B-tree has no answer, or something smaller has one; see candidates_special.h.
 *
 * Which operators an access method knows is asked of the catalog, not listed here: what extensions
 * bring, such as pg_trgm, is found like what is built in.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_statistic.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/candidates_special.h"
#include "advise/operator_class.h"
#include "advise/wants_clause.h"

/* A hash of a wider value is smaller than the value; of a narrower one it is not worth another
 * kind. */
#define WIDE_VALUE 40

/* BRIN: where rows lie in the order of the column, in a table that is long to read (128 MB). */
#define MIN_CORRELATION 0.9
#define MIN_BRIN_PAGES 16384

/* ---- operators that B-trees do not know ------------------------------------------------------ */

static void
propose_single(CandidateList *list, Oid am, const SpecColumn *key)
{
	IndexSpec *spec = dbops_index_spec_new(list->wants->table, am);

	spec->columns[0] = *key;
	spec->columns[0].descending = spec->columns[0].nulls_first = false;
	spec->nkeys = spec->ncolumns = 1;
	dbops_candidate_propose(list, spec);
}

static void
propose_classes(CandidateList *list, Oid am, SpecColumn key, List *classes)
{
	ListCell *lc;

	foreach (lc, classes)
	{
		key.opclass = lfirst_oid(lc);
		propose_single(list, am, &key);
	}
}

/* Whether an index of all rows, of that kind, searches the key by the operator: another operator
 * class would differ from it by little. */
static bool
is_searched(const CandidateList *list, Oid am, const SpecColumn *key, Oid operator)
{
	ListCell *lc;

	foreach (lc, list->existing)
	{
		const IndexSpec *spec = lfirst(lc);

		for (int i = 0; i < spec->nkeys && spec->am == am && spec->predicate == NIL; i++)
		{
			if (spec->columns[i].attno == key->attno &&
			    spec->columns[i].collation == key->collation &&
			    equal(spec->columns[i].expression, key->expression) &&
			    op_in_opfamily(operator, get_opclass_family(spec->columns[i].opclass)))
				return true;
		}
	}
	return false;
}

/* An operand of the operator that is the relation's, compared with what is not. */
static void
propose_operand(CandidateList *list, Node *operand, Oid operator, Oid collation)
{
	Oid type = exprType(operand);
	Oid btree;
	SpecColumn key;
	List *classes;

	if (!OidIsValid(operator) || !dbops_wants_operand(list->wants, operand, collation, &key))
		return;
	btree = dbops_operator_class_btree(type);
	if (OidIsValid(btree) && op_in_opfamily(operator, get_opclass_family(btree)))
		return;
	if (is_searched(list, GIN_AM_OID, &key, operator))
		return;
	classes = dbops_operator_class_search(GIN_AM_OID, type, operator);
	propose_classes(list, GIN_AM_OID, key, classes);
	if (classes == NIL)
		propose_classes(list, GIST_AM_OID, key,
		                dbops_operator_class_search(GIST_AM_OID, type, operator));
}

static void
propose_operator(CandidateList *list, const OpExpr *clause)
{
	Node *left;
	Node *right;

	if (list_length(clause->args) != 2)
		return;
	left = linitial(clause->args);
	right = lsecond(clause->args);
	if (dbops_wants_given(list->wants, right))
		propose_operand(list, left, clause->opno, clause->inputcollid);
	if (dbops_wants_given(list->wants, left))
		propose_operand(list, right, get_commutator(clause->opno), clause->inputcollid);
}

static void
propose_clause(CandidateList *list, Node *clause)
{
	ListCell *lc;

	if (IsA(clause, OpExpr))
		propose_operator(list, castNode(OpExpr, clause));
	else if (IsA(clause, ScalarArrayOpExpr))
	{
		const ScalarArrayOpExpr *array = castNode(ScalarArrayOpExpr, clause);

		if (array->useOr && dbops_wants_given(list->wants, lsecond(array->args)))
			propose_operand(list, linitial(array->args), array->opno, array->inputcollid);
	}
	else if (is_orclause(clause) || is_andclause(clause))
	{
		foreach (lc, castNode(BoolExpr, clause)->args)
			propose_clause(list, lfirst(lc));
	}
}

static void
propose_clauses(CandidateList *list, List *infos)
{
	ListCell *lc;

	foreach (lc, infos)
		propose_clause(list, (Node *) lfirst_node(RestrictInfo, lc)->clause);
}

/* ---- nearest neighbours ---------------------------------------------------------------------- */

static void
propose_distance(CandidateList *list, const OpExpr *distance)
{
	Node *left = linitial(distance->args);
	SpecColumn key;

	if (list_length(distance->args) == 2 &&
	    dbops_wants_given(list->wants, lsecond(distance->args)) &&
	    dbops_wants_operand(list->wants, left, distance->inputcollid, &key))
		propose_classes(list, GIST_AM_OID, key,
		                dbops_operator_class_order(GIST_AM_OID, exprType(left), distance->opno));
}

static void
propose_distances(CandidateList *list)
{
	const PathKey *first;
	ListCell *lc;

	if (list->wants->root->query_pathkeys == NIL)
		return;
	first = linitial(list->wants->root->query_pathkeys);
	foreach (lc, first->pk_eclass->ec_members)
	{
		const EquivalenceMember *member = lfirst(lc);

		if (IsA(member->em_expr, OpExpr) && bms_equal(member->em_relids, list->wants->rel->relids))
			propose_distance(list, castNode(OpExpr, member->em_expr));
	}
}

/* ---- smaller than a B-tree ------------------------------------------------------------------- */

static void
propose_hash(CandidateList *list, List *wants)
{
	ListCell *lc;

	foreach (lc, wants)
	{
		const Want *want = lfirst(lc);
		IndexSpec *spec = dbops_index_spec_new(list->wants->table, HASH_AM_OID);

		if (want->width > WIDE_VALUE &&
		    dbops_index_spec_add_key(spec, want->key.attno, want->key.expression))
			dbops_candidate_propose(list, spec);
	}
}

static double
correlation_of(const Wants *wants, AttrNumber attno)
{
	bool inherited = wants->root->simple_rte_array[wants->rel->relid]->inh;
	HeapTuple tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(wants->table),
	                                  Int16GetDatum(attno), BoolGetDatum(inherited));
	AttStatsSlot slot;
	double correlation = 0;

	if (!HeapTupleIsValid(tuple))
		return 0;
	if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION, InvalidOid,
	                     ATTSTATSSLOT_NUMBERS))
	{
		correlation = slot.numbers[0];
		free_attstatsslot(&slot);
	}
	ReleaseSysCache(tuple);
	return correlation;
}

static void
propose_brin(CandidateList *list)
{
	ListCell *lc;

	if (list->wants->pages < MIN_BRIN_PAGES)
		return;
	foreach (lc, list->wants->ranges)
	{
		const Want *want = lfirst(lc);
		IndexSpec *spec = dbops_index_spec_new(list->wants->table, BRIN_AM_OID);

		if (want->key.attno > 0 &&
		    fabs(correlation_of(list->wants, want->key.attno)) >= MIN_CORRELATION &&
		    dbops_index_spec_add_key(spec, want->key.attno, NULL))
			dbops_candidate_propose(list, spec);
	}
}

void
dbops_candidates_special(CandidateList *list)
{
	propose_clauses(list, list->wants->rel->baserestrictinfo);
	propose_clauses(list, list->wants->rel->joininfo);
	propose_distances(list);
	propose_hash(list, list->wants->equals);
	propose_hash(list, list->wants->joins);
	propose_brin(list);
}
