/*
 * test/unit/build_cost_test.c
 *		How long an index takes to build: beside what was measured, and where it changes its ways.
 *
 * sources: src/advise/build_cost.c
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_am_d.h"

#include "advise/build_cost.h"

#include "tap.h"

#define MB (1024.0 * 1024)

/* The table of test/bench/index_build. */
static BuildFacts
a_table(void)
{
	return (BuildFacts){.table_pages = 31250,
	                    .table_tuples = 1000000,
	                    .maintenance_bytes = 1024 * MB,
	                    .min_parallel_pages = 1024,
	                    .cached_ratio = 1};
}

static WriteIndex
an_index(void)
{
	return (WriteIndex){
	    .am = BTREE_AM_OID, .ncolumns = 1, .pages = 2745, .tuples = 1000000, .selectivity = 1};
}

/* CPU seconds of the bench, plainly and CONCURRENTLY; each within a factor of 1.5. */
static void
test_measured(void)
{
	static const struct
	{
		const char *name;
		double plain;
		double concurrently;
		double table_pages;
		WriteIndex index;
	} cases[] = {
	    {"ascending", 0.293, 0.354, 31250, {.am = BTREE_AM_OID, .pages = 2745, .correlation = 1}},
	    {"random", 0.521, 0.755, 31250, {.am = BTREE_AM_OID, .pages = 2745}},
	    {"random, narrow table", 0.458, 0.598, 4425, {.am = BTREE_AM_OID, .pages = 2745}},
	    {"of 100 values",
	     0.708,
	     0.820,
	     31250,
	     {.am = BTREE_AM_OID, .pages = 852, .ndistinct = 100}},
	    {"text C",
	     0.903,
	     1.360,
	     31250,
	     {.am = BTREE_AM_OID, .pages = 7210, .key = WRITE_KEY_BYTES}},
	    {"text ICU",
	     1.179,
	     1.375,
	     31250,
	     {.am = BTREE_AM_OID, .pages = 7210, .key = WRITE_KEY_COLLATED}},
	    {"two columns",
	     1.193,
	     1.607,
	     31250,
	     {.am = BTREE_AM_OID, .pages = 3853, .nkeys = 2, .ncolumns = 2}},
	    {"a covered column",
	     0.666,
	     0.964,
	     31250,
	     {.am = BTREE_AM_OID, .pages = 7171, .nkeys = 1, .ncolumns = 2}},
	    {"abs()", 0.719, 0.923, 31250, {.am = BTREE_AM_OID, .pages = 2745, .nexpressions = 1}},
	    {"lower()",
	     1.355,
	     1.572,
	     31250,
	     {.am = BTREE_AM_OID, .pages = 7210, .key = WRITE_KEY_BYTES, .nexpressions = 1}},
	    {"hash", 2.327, 1.897, 31250, {.am = HASH_AM_OID, .pages = 4098}},
	    {"BRIN", 0.163, 0.597, 31250, {.am = BRIN_AM_OID, .pages = 3, .correlation = 1}},
	    {"GIN, 5 keys", 5.182, 5.942, 31250, {.am = GIN_AM_OID, .pages = 4453, .nelements = 5}},
	    {"GIN, 20 keys", 25.16, 28.31, 31250, {.am = GIN_AM_OID, .pages = 13318, .nelements = 20}},
	    {"GiST of points",
	     1.903,
	     2.208,
	     31250,
	     {.am = GIST_AM_OID, .pages = 8129, .sortable = true}},
	    {"GiST of ranges", 18.14, 14.58, 31250, {.am = GIST_AM_OID, .pages = 8257}},
	    {"SP-GiST", 4.159, 4.880, 31250, {.am = SPGIST_AM_OID, .pages = 7282}},
	};

	for (int i = 0; i < 2 * lengthof(cases); i++)
	{
		BuildFacts facts = a_table();
		WriteIndex index = cases[i / 2].index;
		const double measured = i % 2 == 0 ? cases[i / 2].plain : cases[i / 2].concurrently;
		double seconds;

		facts.concurrently = i % 2 == 1;
		facts.table_pages = cases[i / 2].table_pages;
		index.tuples = 1000000;
		index.selectivity = 1;
		seconds = dbops_build_cost(&facts, &index).seconds;
		ok(seconds > measured / 1.5 && seconds < measured * 1.5,
		   "%s%s: %.2f s is near what was measured, %.2f", cases[i / 2].name,
		   facts.concurrently ? ", CONCURRENTLY" : "", seconds, measured);
	}
}

static void
test_partial(void)
{
	BuildFacts facts = a_table();
	WriteIndex index = an_index();
	double seconds;

	index.selectivity = 0.1;
	index.tuples = 100000;
	index.pages = 276;
	seconds = dbops_build_cost(&facts, &index).seconds;
	ok(seconds > 0.265 / 1.5 && seconds < 0.265 * 1.5,
	   "of a tenth: %.2f s is near what was measured, 0.27", seconds);
}

static void
test_concurrently(void)
{
	BuildFacts facts = a_table();
	const WriteIndex index = an_index();
	const BuildCost plain = dbops_build_cost(&facts, &index);
	BuildCost cost;

	facts.concurrently = true;
	cost = dbops_build_cost(&facts, &index);
	is_near(cost.read_seconds, 2 * plain.read_seconds, 1e-9, "the table is read twice");
	ok(plain.validate_seconds == 0 && cost.validate_seconds > 0, "and what was built looked up");
	is_near(cost.seconds,
	        cost.read_seconds + cost.sort_seconds + cost.write_seconds + cost.validate_seconds,
	        1e-9, "the parts are the whole");
}

static void
test_disk(void)
{
	BuildFacts facts = a_table();
	const WriteIndex index = an_index();
	const double cached = dbops_build_cost(&facts, &index).seconds;

	facts.cached_ratio = 0;
	facts.read_bytes_per_second = 31250 * 8192;
	is_near(dbops_build_cost(&facts, &index).seconds - cached, 1, 1e-9,
	        "a table on disk is read at its rate");
	facts.cached_ratio = 0.75;
	is_near(dbops_build_cost(&facts, &index).seconds - cached, 0.25, 1e-9, "as far as it is there");
	facts.cached_ratio = NAN;
	is_near(dbops_build_cost(&facts, &index).seconds - cached, 1, 1e-9,
	        "where it is is not known: then it is there");
	facts.read_bytes_per_second = 0;
	is_near(dbops_build_cost(&facts, &index).seconds - cached, 31250 * 8192 / (200 * MB), 1e-9,
	        "an unknown rate is that of a cloud's disks");
}

static void
test_memory(void)
{
	BuildFacts facts = a_table();
	WriteIndex index = an_index();
	const double pages_bytes = 2745 * 8192;
	const double needed = pages_bytes + 1000000 * 48 + 1;

	facts.maintenance_bytes = needed;
	is_near(dbops_build_cost(&facts, &index).temporary_bytes, 0, 0,
	        "what fits the memory needs no disk");
	facts.maintenance_bytes = needed - 2;
	is_near(dbops_build_cost(&facts, &index).temporary_bytes, pages_bytes, 1,
	        "what does not is all on disk, about as large as the index");
	facts.concurrently = true;
	facts.maintenance_bytes = 8 * MB;
	is_near(dbops_build_cost(&facts, &index).temporary_bytes, pages_bytes, 1,
	        "the sort of row pointers comes later, and is smaller");
	index.am = GIN_AM_OID;
	index.nelements = 5;
	is_near(dbops_build_cost(&facts, &index).temporary_bytes, 60e6, 1,
	        "GIN looks up a pointer for each key: 60 MB were measured");
	ok(dbops_build_cost(&facts, &index).seconds > 10.05 / 1.5 &&
	       dbops_build_cost(&facts, &index).seconds < 10.05 * 1.5,
	   "and takes longer with little memory, 10 s measured: %.1f",
	   dbops_build_cost(&facts, &index).seconds);
}

static void
test_workers(void)
{
	BuildFacts facts = a_table();
	WriteIndex index = an_index();
	const double alone = dbops_build_cost(&facts, &index).sort_seconds;

	facts.max_workers = 8;
	facts.table_pages = 1023;
	is_int(dbops_build_cost(&facts, &index).workers, 0, "a small table is for one");
	facts.table_pages = 1024;
	is_int(dbops_build_cost(&facts, &index).workers, 1,
	       "from min_parallel_table_scan_size on, two");
	facts.table_pages = 3071;
	is_int(dbops_build_cost(&facts, &index).workers, 1, "until it is three times as large");
	facts.table_pages = 3072;
	is_int(dbops_build_cost(&facts, &index).workers, 2, "then three");
	facts.maintenance_bytes = 96 * MB;
	is_int(dbops_build_cost(&facts, &index).workers, 2, "each with 32 MB");
	facts.maintenance_bytes = 96 * MB - 1;
	is_int(dbops_build_cost(&facts, &index).workers, 1, "or not at all");
	facts.maintenance_bytes = 1024 * MB;
	facts.max_workers = 2;
	facts.table_pages = 31250;
	is_near(dbops_build_cost(&facts, &index).sort_seconds, alone / 1.8, 1e-9,
	        "two more are not quite twice as fast");
	is_near(dbops_build_cost(&facts, &index).temporary_bytes, 2745 * 8192, 1,
	        "and leave what they sorted on disk");
	index.am = HASH_AM_OID;
	is_int(dbops_build_cost(&facts, &index).workers, 0, "only B-trees are built so");
}

static void
test_unknown(void)
{
	for (int i = 0; i < 4; i++)
	{
		BuildFacts facts = a_table();
		WriteIndex index = an_index();
		double *const numbers[] = {&facts.table_pages, &facts.table_tuples, &index.pages,
		                           &index.tuples};

		*numbers[i] = NAN;
		ok(isnan(dbops_build_cost(&facts, &index).seconds),
		   "without number %d the time is unknown, not 0", i);
	}
}

static void
test_speed(void)
{
	BuildFacts facts = a_table();
	WriteIndex index = an_index();
	const double usual = dbops_build_cost(&facts, &index).seconds;

	facts.ms_per_cost = 0.01;
	is_near(dbops_build_cost(&facts, &index).seconds, 2 * usual, 1e-9,
	        "a server half as fast takes twice as long");
	facts = a_table();
	facts.table_pages = facts.table_tuples = index.pages = index.tuples = 0;
	is_near(dbops_build_cost(&facts, &index).seconds, 0, 1e-9, "an empty table takes no time");
}

int
main(void)
{
	test_measured();
	test_partial();
	test_concurrently();
	test_disk();
	test_memory();
	test_workers();
	test_unknown();
	test_speed();
	return tap_done();
}
