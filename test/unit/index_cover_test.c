/*
 * test/unit/index_cover_test.c
 *		Duplicates, prefixes, and indexes that serve foreign keys.
 *
 * sources: src/advise/index_cover.c
 */
#include "postgres.h"

#include "catalog/pg_am_d.h"
#include "nodes/primnodes.h"

#include "advise/index_cover.h"

#include "tap.h"

#define INTEGERS 1978

/* Expressions and predicates are the same if they are one. */
bool
equal(const void *a, const void *b)
{
	return a == b;
}

/* A B-tree on columns, of which the last are only covered. */
static IndexSpec
make(int nkeys, int ncolumns, const AttrNumber *columns)
{
	IndexSpec spec = {.table = 1, .am = BTREE_AM_OID, .nkeys = nkeys, .ncolumns = ncolumns};

	for (int i = 0; i < ncolumns; i++)
		spec.columns[i] =
		    (SpecColumn){.attno = columns[i], .opclass = i < nkeys ? INTEGERS : InvalidOid};
	return spec;
}

#define KEYS(...)                                                                          \
	make(lengthof(((AttrNumber[]){__VA_ARGS__})), lengthof(((AttrNumber[]){__VA_ARGS__})), \
	     (AttrNumber[]){__VA_ARGS__})

/* As long as its columns, as those that are kept. */
static IndexSpec *
keep(const IndexSpec *spec)
{
	Size size = offsetof(IndexSpec, columns) + sizeof(SpecColumn) * spec->ncolumns;

	return memcpy(malloc(size), spec, size);
}

IndexSpec *
dbops_index_spec_copy(const IndexSpec *spec)
{
	static IndexSpec copy;

	return memcpy(&copy, spec, offsetof(IndexSpec, columns) + sizeof(SpecColumn) * spec->ncolumns);
}

static bool
is_merged(const IndexSpec *first, const IndexSpec *second, const IndexSpec *expected)
{
	const IndexSpec *merged = dbops_index_merge(first, second, 3);
	bool same = merged != NULL && merged->nkeys == expected->nkeys &&
	            merged->ncolumns == expected->ncolumns;

	for (int i = 0; same && i < expected->ncolumns; i++)
		same = merged->columns[i].attno == expected->columns[i].attno;
	return same;
}

static void
test_merging(void)
{
	IndexSpec a = KEYS(1);
	IndexSpec ab = KEYS(1, 2);
	IndexSpec ac = KEYS(1, 3);
	IndexSpec abc = KEYS(1, 2, 3);
	IndexSpec acb = KEYS(1, 3, 2);
	IndexSpec abd = KEYS(1, 2, 4);
	IndexSpec b = KEYS(2);
	IndexSpec a_with_3 = make(1, 2, (AttrNumber[]){1, 3});
	IndexSpec a_with_4 = make(1, 2, (AttrNumber[]){1, 4});
	IndexSpec a_with_34 = make(1, 3, (AttrNumber[]){1, 3, 4});
	IndexSpec ab_with_3 = make(2, 3, (AttrNumber[]){1, 2, 3});
	IndexSpec partial = ab;
	IndexSpec *kept = keep(&a_with_3);
	IndexSpec *kept_too = keep(&a_with_4);

	partial.predicate = (List *) &partial;
	ok(is_merged(&ab, &ac, &abc), "the keys of the first come first");
	ok(is_merged(&ac, &ab, &acb), "and then those of the second");
	ok(is_merged(kept, kept_too, &a_with_34), "what either includes is included");
	ok(is_merged(&a_with_3, &ab, &ab_with_3), "beside more keys, too");
	ok(is_merged(&ab, &a_with_3, &ab_with_3), "in whatever order");
	ok(is_merged(&a_with_3, &ac, &ac), "but not what is a key");
	ok(dbops_index_merge(&ab, &a, 3) == NULL, "nothing stands in for one that is covered");
	ok(dbops_index_merge(&ab, &b, 3) == NULL, "nor for two that begin with different keys");
	ok(dbops_index_merge(&abc, &abd, 3) == NULL, "nor is it of more keys than allowed");
	ok(dbops_index_merge(&partial, &ac, 3) == NULL, "nor of other rows");
	ok(dbops_index_is_twin(kept, kept_too), "twins are told of short ones, too");
	free(kept);
	free(kept_too);
}

static void
test_prefixes(void)
{
	IndexSpec a = KEYS(1);
	IndexSpec ab = KEYS(1, 2);
	IndexSpec ba = KEYS(2, 1);

	is_int(dbops_index_cover(&a, &a), COVER_DUPLICATE, "the same keys");
	is_int(dbops_index_cover(&a, &ab), COVER_EXTENDS, "the keys of the other come first");
	is_int(dbops_index_cover(&ab, &a), COVER_NONE, "but not the other way");
	is_int(dbops_index_cover(&a, &ba), COVER_NONE, "nor where they come last");
}

static void
test_order(void)
{
	IndexSpec ab = KEYS(1, 2);
	IndexSpec reversed = ab;
	IndexSpec mixed = ab;
	IndexSpec nulls = ab;

	for (int i = 0; i < 2; i++)
		reversed.columns[i].descending = reversed.columns[i].nulls_first = true;
	mixed.columns[1].descending = mixed.columns[1].nulls_first = true;
	nulls.columns[0].nulls_first = true;
	is_int(dbops_index_cover(&ab, &reversed), COVER_DUPLICATE, "an index is read from both ends");
	is_int(dbops_index_cover(&ab, &mixed), COVER_NONE, "one key the other way is another order");
	is_int(dbops_index_cover(&ab, &nulls), COVER_NONE, "and so is another place of NULLs");
}

static void
test_details(void)
{
	List predicate = {.type = T_List};
	IndexSpec a = KEYS(1);
	IndexSpec ab = KEYS(1, 2);
	IndexSpec with_b = make(1, 2, (AttrNumber[]){1, 2});
	IndexSpec with_c = make(1, 2, (AttrNumber[]){1, 3});
	IndexSpec other = ab;

	is_int(dbops_index_cover(&with_b, &ab), COVER_EXTENDS, "what is covered may be a key there");
	is_int(dbops_index_cover(&with_c, &ab), COVER_NONE, "but it must be there");
	is_int(dbops_index_cover(&a, &with_b), COVER_EXTENDS, "more that is covered does no harm");
	other.columns[0].opclass = INTEGERS + 1;
	is_int(dbops_index_cover(&a, &other), COVER_NONE, "another operator class");
	other = ab;
	other.columns[0].collation = 100;
	is_int(dbops_index_cover(&a, &other), COVER_NONE, "another collation");
	other = ab;
	other.predicate = &predicate;
	is_int(dbops_index_cover(&a, &other), COVER_NONE, "rows are missing there");
	is_int(dbops_index_cover(&other, &ab), COVER_NONE, "a partial one is smaller, and has its use");
	other = ab;
	other.table = 2;
	is_int(dbops_index_cover(&a, &other), COVER_NONE, "another table");
	a.am = ab.am = GIN_AM_OID;
	is_int(dbops_index_cover(&a, &ab), COVER_NONE, "only B-trees are read by their first keys");
	is_int(dbops_index_cover(&a, &a), COVER_DUPLICATE, "duplicates are duplicates of any kind");
}

static void
test_foreign_keys(void)
{
	const ForeignKey one = {.table = 1, .ncolumns = 1, .columns = {1}};
	const ForeignKey two = {.table = 1, .ncolumns = 2, .columns = {2, 1}};
	IndexSpec a = KEYS(1);
	IndexSpec ab = KEYS(1, 2);
	IndexSpec bca = KEYS(2, 3, 1);
	IndexSpec with_b = make(1, 2, (AttrNumber[]){1, 2});
	IndexSpec hash = KEYS(1);

	ok(dbops_index_serves_key(&a, &one), "its column is the only key");
	ok(dbops_index_serves_key(&ab, &one), "or the first, as in a primary key");
	ok(dbops_index_serves_key(&ab, &two), "all of its columns in another order");
	ok(!dbops_index_serves_key(&a, &two), "not all of its columns");
	ok(!dbops_index_serves_key(&bca, &two), "another column between them");
	ok(!dbops_index_serves_key(&with_b, &two), "what is only covered is no key");
	hash.am = HASH_AM_OID;
	ok(dbops_index_serves_key(&hash, &one), "a hash index of one column");
	hash.am = BRIN_AM_OID;
	ok(!dbops_index_serves_key(&hash, &one), "but none that reads half of the table");
}

static void
test_partial(void)
{
	const ForeignKey key = {.table = 1, .ncolumns = 1, .columns = {1}};
	Var column = {.xpr = {T_Var}, .varattno = 1};
	NullTest test = {.xpr = {T_NullTest}, .arg = (Expr *) &column, .nulltesttype = IS_NOT_NULL};
	ListCell cell = {.ptr_value = &test};
	List predicate = {.type = T_List, .length = 1, .elements = &cell};
	IndexSpec spec = KEYS(1);

	spec.predicate = &predicate;
	ok(dbops_index_serves_key(&spec, &key), "NULLs refer to nothing");
	column.varattno = 2;
	ok(!dbops_index_serves_key(&spec, &key), "NULLs of another column leave out what refers");
	column.varattno = 1;
	test.nulltesttype = IS_NULL;
	ok(!dbops_index_serves_key(&spec, &key), "the wrong half");
}

static void
test_twins(void)
{
	IndexSpec a = KEYS(1);
	IndexSpec ab = KEYS(1, 2);
	IndexSpec with_b = make(1, 2, (AttrNumber[]){1, 2});
	IndexSpec with_c = make(1, 2, (AttrNumber[]){1, 3});
	IndexSpec partial = with_b;
	List predicate = {.type = T_List};

	partial.predicate = &predicate;
	ok(dbops_index_is_twin(&with_b, &with_c), "what is included makes no other index");
	ok(dbops_index_is_twin(&a, &with_b), "nor does it where the other one includes nothing");
	ok(dbops_index_is_twin(&with_b, &a), "in whatever order they are asked");
	ok(!dbops_index_is_twin(&a, &ab), "more keys do");
	ok(!dbops_index_is_twin(&with_b, &partial), "and fewer rows");
}

int
main(void)
{
	test_twins();
	test_merging();
	test_prefixes();
	test_order();
	test_details();
	test_foreign_keys();
	test_partial();
	return tap_done();
}
