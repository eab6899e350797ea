/*
 * advise/candidate_list.c
 *		Candidates of one relation; see candidate_list.h.
 */
#include "postgres.h"

#include "catalog/heap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "optimizer/plancat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/candidate_list.h"

/*
 * Bytes of an entry, on average, above which no index is proposed: an entry may have a third of a
 * page, and values are known to vary by some times their average.
 */
#define MAX_ENTRY_WIDTH 600

/* Share of a row's width up to which an index with all that is read is worth a thought. */
#define MAX_COVERED_RATIO 0.6

/* Of a value without a bound, one that is long would fail to be inserted: only short ones are
 * covered. */
#define MAX_UNBOUND_WIDTH 100
#define MAX_BOUND_WIDTH 600

static bool
has_key(const IndexSpec *spec, const SpecColumn *key)
{
	for (int i = 0; i < spec->ncolumns; i++)
	{
		if (spec->columns[i].attno == key->attno &&
		    (key->attno != 0 || equal(spec->columns[i].expression, key->expression)))
			return true;
	}
	return false;
}

IndexSpec *
dbops_candidate_new(const CandidateList *list)
{
	IndexSpec *spec = dbops_index_spec_new(list->wants->table, BTREE_AM_OID);

	spec->predicate = list->predicate;
	spec->selectivity = list->selectivity;
	return spec;
}

bool
dbops_candidate_key(const CandidateList *list, IndexSpec *spec, const SpecColumn *key)
{
	Assert(spec->nkeys == spec->ncolumns);
	if (spec->nkeys >= Min(list->limits->max_columns, SPEC_MAX_COLUMNS) || has_key(spec, key))
		return false;
	spec->columns[spec->nkeys] = *key;
	spec->ncolumns = ++spec->nkeys;
	return true;
}

static bool
contains(List *specs, const IndexSpec *spec)
{
	ListCell *lc;

	foreach (lc, specs)
	{
		if (dbops_index_spec_equal(lfirst(lc), spec))
			return true;
	}
	return false;
}

static double
entry_width(const Wants *wants, const IndexSpec *spec)
{
	double width = 0;

	for (int i = 0; i < spec->ncolumns; i++)
		width += dbops_wants_width(wants, &spec->columns[i]);
	return width;
}

/*
 * Whether the table has an index that begins with these keys and is not much larger: it serves what
 * this would.
 */
static bool
is_served(const CandidateList *list, const IndexSpec *spec)
{
	ListCell *lc;

	foreach (lc, list->existing)
	{
		IndexSpec prefix = *(const IndexSpec *) lfirst(lc);

		if (prefix.nkeys < spec->nkeys || prefix.am != BTREE_AM_OID ||
		    entry_width(list->wants, &prefix) > 2 * entry_width(list->wants, spec) + 16)
			continue;
		prefix.nkeys = prefix.ncolumns = spec->nkeys;
		if (dbops_index_spec_equal(&prefix, spec))
			return true;
	}
	return false;
}

/* How many of the first keys tell any two rows apart; 0: all of them do not. */
static int
count_unique(const CandidateList *list, const IndexSpec *spec)
{
	Bitmapset *keys = NULL;

	for (int i = 0; i < spec->nkeys; i++)
	{
		ListCell *lc;

		keys = bms_add_member(keys, spec->columns[i].attno);
		foreach (lc, list->unique)
		{
			if (bms_is_subset(lfirst(lc), keys))
				return i + 1;
		}
	}
	return 0;
}

bool
dbops_candidate_is_unique(const CandidateList *list, const IndexSpec *spec)
{
	return count_unique(list, spec) > 0;
}

static void
append(CandidateList *list, const IndexSpec *spec)
{
	if (list_length(list->specs) >= list->limits->per_relation ||
	    entry_width(list->wants, spec) > MAX_ENTRY_WIDTH || contains(list->specs, spec) ||
	    is_served(list, spec))
		return;
	list->specs = lappend(list->specs, dbops_index_spec_copy(spec));
}

/* What comes behind a unique key finds and sorts nothing: it is worth it only if it covers all. */
void
dbops_candidate_propose(CandidateList *list, const IndexSpec *spec)
{
	int unique = count_unique(list, spec);

	if (spec->nkeys == 0 || (unique > 0 && unique < spec->nkeys))
		return;
	append(list, spec);
}

/* Whether all that is read is in the index. */
static bool
covers(const Wants *wants, const IndexSpec *spec)
{
	int attno = -1;

	while ((attno = bms_next_member(wants->reads, attno)) >= 0)
	{
		if (!has_key(spec, &(SpecColumn){.attno = attno}))
			return false;
	}
	return !wants->reads_row;
}

/* Whether no value of the column, as far as one can tell, is too long for an entry. */
static bool
fits(const Wants *wants, AttrNumber attno)
{
	Oid type;
	Oid collation;
	int32 typmod;
	int32 bound;

	get_atttypetypmodcoll(wants->table, attno, &type, &typmod, &collation);
	type = getBaseType(type);
	if (get_typlen(type) > 0)
		return true;
	bound = type_maximum_size(type, typmod);
	if (bound > 0)
		return bound <= MAX_BOUND_WIDTH;
	return (OidIsValid(collation) || type == NUMERICOID || type == INETOID || type == CIDROID) &&
	       dbops_wants_width(wants, &(SpecColumn){.attno = attno}) <= MAX_UNBOUND_WIDTH;
}

/* Of all columns: of a partitioned table the server keeps none, as it has no rows of its own. */
static double
row_width(const Wants *wants)
{
	double width = 0;

	for (AttrNumber attno = 1; attno <= wants->rel->max_attr; attno++)
	{
		if (OidIsValid(get_atttype(wants->table, attno)))
			width += dbops_wants_width(wants, &(SpecColumn){.attno = attno});
	}
	return width;
}

/* Adds what is read and is no key; false if there would be too much of the row in the index. */
static bool
cover(const CandidateList *list, IndexSpec *spec)
{
	const Wants *wants = list->wants;
	int attno = -1;

	if (wants->reads_row)
		return false;
	while ((attno = bms_next_member(wants->reads, attno)) >= 0)
	{
		if (!has_key(spec, &(SpecColumn){.attno = attno}) &&
		    (!fits(wants, attno) || !dbops_index_spec_include(spec, attno)))
			return false;
	}
	return entry_width(wants, spec) <= row_width(wants) * MAX_COVERED_RATIO;
}

void
dbops_candidate_propose_whole(CandidateList *list, const IndexSpec *spec)
{
	IndexSpec covering = *spec;

	if (cover(list, &covering))
		append(list, &covering);
}

void
dbops_candidate_propose_covering(CandidateList *list, const IndexSpec *spec)
{
	IndexSpec keys = *spec;
	int unique = count_unique(list, spec);

	dbops_candidate_propose(list, spec);
	if (unique > 0)
		keys.nkeys = keys.ncolumns = unique;
	if (spec->nkeys > 0 && (unique > 0 || !covers(list->wants, spec)))
		dbops_candidate_propose_whole(list, &keys);
}
