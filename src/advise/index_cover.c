/*
 * advise/index_cover.c
 *		Indexes beside others, and beside foreign keys; see index_cover.h.
 */
#include "postgres.h"

#include "catalog/pg_am_d.h"
#include "nodes/primnodes.h"

#include "advise/index_cover.h"

static bool
is_same_key(const SpecColumn *a, const SpecColumn *b)
{
	return a->attno == b->attno && a->opclass == b->opclass && a->collation == b->collation &&
	       equal(a->expression, b->expression);
}

static bool
is_same_order(const SpecColumn *a, const SpecColumn *b, bool reversed)
{
	return (a->descending != b->descending) == reversed &&
	       (a->nulls_first != b->nulls_first) == reversed;
}

static bool
has_keys_first(const IndexSpec *narrow, const IndexSpec *wide)
{
	/* An index is read from either end. */
	const bool reversed = narrow->columns[0].descending != wide->columns[0].descending;

	for (int i = 0; i < narrow->nkeys; i++)
	{
		if (!is_same_key(&narrow->columns[i], &wide->columns[i]) ||
		    !is_same_order(&narrow->columns[i], &wide->columns[i], reversed))
			return false;
	}
	return true;
}

static bool
has_column(const IndexSpec *spec, AttrNumber attno)
{
	for (int i = 0; i < spec->ncolumns; i++)
	{
		if (spec->columns[i].attno == attno)
			return true;
	}
	return false;
}

IndexCover
dbops_index_cover(const IndexSpec *narrow, const IndexSpec *wide)
{
	if (narrow->table != wide->table || narrow->am != wide->am || narrow->nkeys > wide->nkeys ||
	    !equal(narrow->predicate, wide->predicate) || !has_keys_first(narrow, wide))
		return COVER_NONE;
	for (int i = narrow->nkeys; i < narrow->ncolumns; i++)
	{
		if (!has_column(wide, narrow->columns[i].attno))
			return COVER_NONE;
	}
	if (narrow->nkeys == wide->nkeys)
		return narrow->ncolumns == wide->ncolumns ? COVER_DUPLICATE : COVER_EXTENDS;
	/* What the other access methods make of more keys is another index. */
	return narrow->am == BTREE_AM_OID ? COVER_EXTENDS : COVER_NONE;
}

bool
dbops_index_is_twin(const IndexSpec *a, const IndexSpec *b)
{
	return a->table == b->table && a->am == b->am && a->nkeys == b->nkeys &&
	       equal(a->predicate, b->predicate) && has_keys_first(a, b);
}

static bool
has_key(const IndexSpec *spec, const SpecColumn *key)
{
	for (int i = 0; i < spec->nkeys; i++)
	{
		if (is_same_key(&spec->columns[i], key))
			return true;
	}
	return false;
}

/* False if there is no room. */
static bool
include_from(IndexSpec *merged, const IndexSpec *other)
{
	for (int i = other->nkeys; i < other->ncolumns; i++)
	{
		if (has_column(merged, other->columns[i].attno))
			continue;
		if (merged->ncolumns == SPEC_MAX_COLUMNS)
			return false;
		merged->columns[merged->ncolumns++] = other->columns[i];
	}
	return true;
}

IndexSpec *
dbops_index_merge(const IndexSpec *first, const IndexSpec *second, int max_keys)
{
	IndexSpec *merged;

	if (first->table != second->table || first->am != BTREE_AM_OID || second->am != BTREE_AM_OID ||
	    !equal(first->predicate, second->predicate) ||
	    !is_same_key(&first->columns[0], &second->columns[0]) ||
	    dbops_index_cover(second, first) != COVER_NONE)
		return NULL;
	merged = dbops_index_spec_copy(first);
	merged->ncolumns = merged->nkeys;
	for (int i = 0; i < second->nkeys; i++)
	{
		if (has_key(merged, &second->columns[i]))
			continue;
		if (merged->nkeys == Min(max_keys, SPEC_MAX_COLUMNS))
			return NULL;
		merged->columns[merged->nkeys] = second->columns[i];
		merged->ncolumns = ++merged->nkeys;
	}
	return include_from(merged, first) && include_from(merged, second) ? merged : NULL;
}

char *
dbops_index_cover_phrase(IndexCover cover, const char *name)
{
	return cover == COVER_DUPLICATE ?
	           psprintf("duplicate of %s", name) :
	           psprintf("redundant beside %s, which begins with its keys", name);
}

static bool
is_column_of(const ForeignKey *key, AttrNumber attno)
{
	for (int i = 0; i < key->ncolumns; i++)
	{
		if (key->columns[i] == attno)
			return true;
	}
	return false;
}

/* The lookup compares all columns of the key for equality, so none of them is NULL. */
static bool
lets_all_in(const List *predicate, const ForeignKey *key)
{
	ListCell *lc;

	foreach (lc, predicate)
	{
		const NullTest *test = lfirst(lc);

		if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL || !IsA(test->arg, Var) ||
		    !is_column_of(key, ((const Var *) test->arg)->varattno))
			return false;
	}
	return true;
}

bool
dbops_index_serves_key(const IndexSpec *spec, const ForeignKey *key)
{
	if (spec->table != key->table || spec->nkeys < key->ncolumns ||
	    !lets_all_in(spec->predicate, key))
		return false;
	if (spec->am != BTREE_AM_OID && (spec->am != HASH_AM_OID || key->ncolumns != 1))
		return false;
	/* As many different ones as the key has: those are all of them. */
	for (int i = 0; i < key->ncolumns; i++)
	{
		if (!is_column_of(key, spec->columns[i].attno))
			return false;
		for (int j = 0; j < i; j++)
		{
			if (spec->columns[j].attno == spec->columns[i].attno)
				return false;
		}
	}
	return true;
}
