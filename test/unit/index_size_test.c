/*
 * test/unit/index_size_test.c
 *		Sizes of indexes, as those that were built have them; and where facts are missing or odd.
 *
 * sources: src/advise/index_size.c src/advise/btree_size.c src/advise/gin_size.c
 * sources: src/advise/key_spread.c src/advise/tuple_sizes.c
 * covers: advise/btree_size advise/gin_size advise/key_spread advise/tuple_sizes
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_am_d.h"

#include "advise/index_size.h"
#include "advise/key_spread.h"
#include "advise/tuple_sizes.h"

#include "tap.h"

#define INT4 .width = 4, .align = 'i'
#define INT8 .width = 8, .align = 'd'
#define HEX .width = 33, .align = 'c'
#define ONE_KEY .nkeys = 1, .ncolumns = 1

typedef struct Example
{
	const char *name;
	SizeFacts facts;
	double pages;  /* of an index that was built */
	double within; /* share that it may be off */
	int height;
} Example;

static const float five_percent[] = {0.05, 0.05, 0.05, 0.05};

static const Example examples[] = {
    {"no rows: the metapage", {.am = BTREE_AM_OID, ONE_KEY, .columns = {{INT4}}}, 1, 0, 0},
    {"one row: a root that is a leaf",
     {.am = BTREE_AM_OID, .tuples = 1, ONE_KEY, .columns = {{INT4}}},
     2,
     0,
     0},
    {"a leaf takes one more when nothing follows",
     {.am = BTREE_AM_OID, .tuples = 367, ONE_KEY, .columns = {{INT4, .ndistinct = 367}}},
     2,
     0,
     0},
    {"one more row, one more leaf and a root",
     {.am = BTREE_AM_OID, .tuples = 368, ONE_KEY, .columns = {{INT4, .ndistinct = 368}}},
     4,
     0,
     1},
    {"integers, all different",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      ONE_KEY,
      .columns = {{INT4, .ndistinct = 300000}},
      .deduplicates = true},
     825,
     0,
     2},
    {"filled to the brim",
     {.am = BTREE_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{INT4}}, .fillfactor = 100},
     744,
     0,
     2},
    {"half filled",
     {.am = BTREE_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{INT4}}, .fillfactor = 50},
     1494,
     0,
     2},
    {"fifty values, merged",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      ONE_KEY,
      .columns = {{INT4, .ndistinct = 50}},
      .deduplicates = true},
     260,
     0.03,
     2},
    {"fifty values, not merged",
     {.am = BTREE_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{INT4, .ndistinct = 50}}},
     827,
     0,
     2},
    {"all NULL",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      ONE_KEY,
      .columns = {{INT4, .null_ratio = 1}},
      .deduplicates = true},
     257,
     0.01,
     2},
    {"unknown number of values: as if all were different",
     {.am = BTREE_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{INT4}}, .deduplicates = true},
     825,
     0.001,
     2},
    {"text of one width",
     {.am = BTREE_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{HEX}}, .deduplicates = true},
     2165,
     0.005,
     2},
    {"two columns, the second tells all apart",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      .nkeys = 2,
      .ncolumns = 2,
      .columns = {{INT4, .ndistinct = 50}, {INT4, .ndistinct = 300000}},
      .deduplicates = true},
     825,
     0.005,
     2},
    {"combinations that are known win over those that are possible",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      .nkeys = 2,
      .ncolumns = 2,
      .columns = {{INT4, .ndistinct = 3000}, {INT4, .ndistinct = 3000}},
      .key_ndistinct = 50,
      .deduplicates = true},
     260,
     0.03,
     2},
    {"a covered column forbids merging",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      .nkeys = 1,
      .ncolumns = 2,
      .columns = {{INT4, .ndistinct = 50}, {INT4}},
      .deduplicates = true},
     827,
     0,
     2},
    {"hash, all different",
     {.am = HASH_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{INT4, .ndistinct = 300000}}},
     1026,
     0,
     -1},
    {"hash, fifty values: overflow pages",
     {.am = HASH_AM_OID, .tuples = 300000, ONE_KEY, .columns = {{INT4, .ndistinct = 50}}},
     1727,
     0.03,
     -1},
    {"hash has no NULL, but as many buckets",
     {.am = HASH_AM_OID,
      .tuples = 300000,
      ONE_KEY,
      .columns = {{INT4, .ndistinct = 1, .null_ratio = 1}}},
     1026,
     0,
     -1},
    {"hash, no rows", {.am = HASH_AM_OID, ONE_KEY, .columns = {{INT4}}}, 4, 0, -1},
    {"BRIN, no rows", {.am = BRIN_AM_OID, ONE_KEY, .columns = {{INT4}}}, 3, 0, -1},
    {"BRIN of 24206 pages, one by one",
     {.am = BRIN_AM_OID,
      .tuples = 300000,
      .table_pages = 24206,
      ONE_KEY,
      .columns = {{INT4}},
      .pages_per_range = 1},
     79,
     0,
     -1},
    {"GIN, no rows", {.am = GIN_AM_OID, ONE_KEY, .columns = {{INT4}}}, 2, 0, -1},
    {"GIN, a posting tree for each of fifty keys",
     {.am = GIN_AM_OID,
      .tuples = 60000,
      .table_pages = 3330,
      ONE_KEY,
      .columns = {{INT4, .nelements = 3.88, .nkeys = 50, .key_width = 4}}},
     52,
     0.1,
     -1},
    {"common keys make room for rare ones",
     {.am = BTREE_AM_OID,
      .tuples = 300000,
      ONE_KEY,
      .columns = {{INT4, .ndistinct = 240004, .common = five_percent, .ncommon = 4}},
      .deduplicates = true},
     713,
     0.02,
     2},
};

static void
test_examples(void)
{
	for (int i = 0; i < lengthof(examples); i++)
	{
		IndexSize size = dbops_index_size(&examples[i].facts);

		is_near(size.pages, examples[i].pages, examples[i].pages * examples[i].within + 0.1,
		        "%s: pages", examples[i].name);
		is_int(size.tree_height, examples[i].height, "%s: height", examples[i].name);
		ok(size.tuples == examples[i].facts.tuples, "%s: entries", examples[i].name);
	}
}

/* Every access method, with more rows than there can be, and nothing known of the columns. */
static void
test_extremes(void)
{
	const Oid methods[] = {BTREE_AM_OID, HASH_AM_OID,   GIN_AM_OID, GIST_AM_OID,
	                       BRIN_AM_OID,  SPGIST_AM_OID, 99999};

	for (int i = 0; i < lengthof(methods); i++)
	{
		SizeFacts facts = {.am = methods[i], ONE_KEY, .deduplicates = true};

		for (double rows = 0; rows < 1e16; rows = rows * 1000 + 1)
		{
			IndexSize size;

			facts.tuples = rows;
			facts.table_pages = Min(rows / 100, 4e9);
			size = dbops_index_size(&facts);
			ok(size.pages >= 1 && size.pages <= 4294967294.0 && size.pages == floor(size.pages),
			   "access method %u, %.0f rows: pages are a number of blocks", methods[i], rows);
		}
	}
}

static void
test_widths(void)
{
	SizeFacts facts = {.am = BTREE_AM_OID, ONE_KEY, .columns = {{.width = 8.5, .align = 'c'}}};
	TupleSizes sizes;

	for (int i = 0; i < SIZE_WIDTHS; i++)
		facts.columns[0].widths[i] = i < SIZE_WIDTHS / 2 ? 8 : 9;
	sizes = dbops_tuple_sizes(&facts, 1, ROWS_ALL);
	is_near(sizes.mean, 20, 0.1, "half of the tuples take eight bytes more for one byte more");
	ok(!sizes.same, "they are not all the same");
	facts.columns[0].null_ratio = 1;
	sizes = dbops_tuple_sizes(&facts, 1, ROWS_ALL);
	is_near(sizes.mean, 16, 0, "a tuple of NULL is a header with its bitmap");
}

static void
count_rows(void *arg, double keys, double rows)
{
	double *sum = arg;

	sum[0] += keys;
	sum[1] += keys * rows;
}

static void
test_spread(void)
{
	static const float falling[] = {0.08, 0.04, 0.0267, 0.02, 0.016, 0.0133, 0.0114, 0.01};
	KnownKeys known = {.rows = 1000000,
	                   .keys = 20000,
	                   .estimated = true,
	                   .ncommon = lengthof(falling),
	                   .common = falling,
	                   .of = 1000000,
	                   .sampled = 0.03};
	KeySpread spread;
	KeySpread other;
	double sum[2] = {0};

	dbops_key_spread_begin(&spread, &known);
	dbops_key_spread_tell(&spread, count_rows, sum);
	is_near(sum[1], 1000000, 20000, "groups add up to all rows");
	ok(dbops_key_spread_count(&spread) > 40000,
	   "of keys that become rarer there are more than ANALYZE finds");
	known.estimated = false;
	dbops_key_spread_begin(&spread, &known);
	is_near(dbops_key_spread_count(&spread), 20000, 1000, "keys that were counted are as many");

	dbops_key_spread_begin(&spread, &(KnownKeys){.rows = 100000, .keys = 100});
	dbops_key_spread_begin(&other, &(KnownKeys){.rows = 100000, .keys = 100});
	dbops_key_spread_combine(&spread, &other);
	is_near(dbops_key_spread_count(&spread), 10000, 20, "independent keys combine");
	dbops_key_spread_combine(&spread, &other);
	is_near(dbops_key_spread_count(&spread), 1e6 * (1 - exp(-0.1)), 1000,
	        "of a million combinations a hundred thousand rows have fewer");
}

int
main(void)
{
	test_examples();
	test_extremes();
	test_widths();
	test_spread();
	return tap_done();
}
