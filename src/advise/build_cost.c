/*
 * advise/build_cost.c
 *		How long an index takes to build; see build_cost.h.
 *
 * Constants are nanoseconds of CPU time as test/bench/index_build measured them with PostgreSQL 15
 * on an AMD EPYC, of a table of a million rows in 31250 pages, all of it cached.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_am_d.h"

#include "advise/build_cost.h"
#include "advise/cpu_speed.h"

/* Reading the table: BRIN took 0.16 s; a narrow table saved what 27000 pages take. */
#define PAGE_NS 2000
#define ROW_NS 60

/* What each row takes in the access method, and each page of the index. */
typedef struct BuildMethod
{
	Oid am;
	double row_ns;      /* formed, handed over, loaded; where it does not sort: inserted */
	double element_ns;  /* for each of the keys that GIN makes of it */
	bool sorts;         /* by comparisons of keys */
	bool in_parallel;   /* can be built so */
	double validate_ns; /* for each row, or its elements, that CONCURRENTLY looks up */
	double wal_ratio;   /* bytes of WAL for a byte of the index */
} BuildMethod;

/*
 * Seconds measured for the million: B-tree 0.29 in order, 0.52 at random, hash 1.9 to 2.3, GIN 5.2
 * for 5 elements and 25 for 20, GiST of ranges 15 to 18, SP-GiST 4.2 to 5.3,
 * BRIN 0.16, and 0.43 to validate, as it is given all rows once more.
 */
static const BuildMethod methods[] = {
    {.am = BTREE_AM_OID,
     .row_ns = 100,
     .sorts = true,
     .in_parallel = true,
     .validate_ns = 60,
     .wal_ratio = 0.91},
    {.am = HASH_AM_OID, .row_ns = 1900, .validate_ns = 60, .wal_ratio = 2.2},
    {.am = GIN_AM_OID, .element_ns = 1150, .validate_ns = 120, .wal_ratio = 0.58},
    {.am = GIST_AM_OID, .row_ns = 15000, .validate_ns = 150, .wal_ratio = 0.68},
    {.am = SPGIST_AM_OID, .row_ns = 4000, .validate_ns = 300, .wal_ratio = 0.91},
    {.am = BRIN_AM_OID, .row_ns = 40, .validate_ns = 300, .wal_ratio = 1},
};

/* What an extension brings is most like GiST, if anything. */
#define OTHER_METHOD (&methods[3])

/* A comparison of a sort, that of equal keys included: 0.36 s for log2 of a million, 0.57, 0.85. */
static const double compare_ns[] = {
    [WRITE_KEY_NUMBER] = 12,
    [WRITE_KEY_BYTES] = 28,
    [WRITE_KEY_COLLATED] = 42,
};

/* Of it, for each key beyond the first (0.6 s for one that is often asked), and of equal keys. */
#define KEY_NS 28
#define TIE_NS 15

#define COVERED_NS 120
/* A row of GiST that is sorted: 1.9 to 2.2 s for points. */
#define GIST_SORT_NS 1900

#define EXPRESSION_NS 300 /* of abs() and lower(): 200 and 450 */
#define PREDICATE_NS 50

/* A page of the index is filled, written and logged. */
#define INDEX_PAGE_NS 10000

/* A process beside the session takes off so much: the session's CPU time went from 0.52 to 0.30. */
#define WORKER_GAIN 0.4

/* GIN that has to empty its memory many times: 10 s in place of 5.9. */
#define SPILL_FACTOR 1.75

/* What a row takes in memory while sorted, beside its entry, and what row pointers take. */
#define SORT_BYTES 48
#define LEAST_ENTRY_BYTES 20
#define POINTER_BYTES 12
#define POINTER_SORT_BYTES 24
#define ELEMENT_BYTES 40

/* Memory that a process must have to take part: see plan_create_index_workers(). */
#define WORKER_BYTES (32.0 * 1024 * 1024)

/* What a cloud's disks give in order, where nobody measured. */
#define READ_BYTES_PER_SECOND (200.0 * 1024 * 1024)

#define PAGE_BYTES 8192
#define NS_A_SECOND 1e9

static const BuildMethod *
find_method(Oid am)
{
	for (int i = 0; i < lengthof(methods); i++)
		if (methods[i].am == am)
			return &methods[i];
	return OTHER_METHOD;
}

static double
count_elements(const WriteIndex *index)
{
	return index->am == GIN_AM_OID ? Max(index->nelements, 1) : 1;
}

static double
measure_entry(const WriteIndex *index)
{
	return Max(index->pages * PAGE_BYTES / Max(index->tuples, 1), LEAST_ENTRY_BYTES);
}

/* Memory that all rows take while they are put in order. */
static double
measure_sort(const WriteIndex *index)
{
	if (index->am == GIN_AM_OID)
		return index->tuples * count_elements(index) * ELEMENT_BYTES;
	return index->tuples * (measure_entry(index) + SORT_BYTES);
}

/*
 * As plan_create_index_workers() and compute_parallel_worker() do: one more for each time the table
 * is three times as large, as long as each has enough memory.
 */
static int
count_workers(const BuildFacts *facts, const BuildMethod *method)
{
	double pages = Max(facts->min_parallel_pages, 1);
	int workers = 0;

	if (!method->in_parallel)
		return 0;
	while (workers < facts->max_workers && facts->table_pages >= pages)
	{
		workers++;
		pages *= 3;
	}
	while (workers > 0 && facts->maintenance_bytes / (workers + 1) < WORKER_BYTES)
		workers--;
	return workers;
}

/* Reading the table once. */
static double
price_reading(const BuildFacts *facts)
{
	const double missing = isnan(facts->cached_ratio) ? 1 : 1 - facts->cached_ratio;
	const double rate =
	    facts->read_bytes_per_second > 0 ? facts->read_bytes_per_second : READ_BYTES_PER_SECOND;

	return facts->table_pages * missing * PAGE_BYTES / rate;
}

/* CPU time of what is read. */
static double
price_scan(const BuildFacts *facts)
{
	return (facts->table_pages * PAGE_NS + facts->table_tuples * ROW_NS) / NS_A_SECOND;
}

/* What comparisons a row takes while it is sorted. */
static double
price_comparisons(const WriteIndex *index)
{
	const double rounds = log2(Max(index->tuples, 2));
	const double ties = index->ndistinct > 0 && index->ndistinct < index->tuples ?
	                        log2(index->tuples / index->ndistinct) :
	                        0;

	return rounds * (compare_ns[index->key] + Max(index->nkeys - 1, 0) * KEY_NS) + ties * TIE_NS;
}

/* CPU time to have the keys in order, or in the index. */
static double
price_sort(const BuildFacts *facts, const WriteIndex *index, const BuildMethod *method)
{
	/* What comes in order is seen to be, and not compared any more. */
	const double randomness =
	    isnan(index->correlation) ? 1 : 1 - index->correlation * index->correlation;
	const bool sorted = index->am == GIST_AM_OID && index->sortable;
	double ns = (sorted ? GIST_SORT_NS : method->row_ns) + index->nexpressions * EXPRESSION_NS +
	            count_elements(index) * method->element_ns;

	if (method->sorts)
		ns += randomness * price_comparisons(index) +
		      Max(index->ncolumns - index->nkeys, 0) * COVERED_NS;
	if (method->element_ns > 0 && measure_sort(index) > facts->maintenance_bytes)
		ns *= SPILL_FACTOR;
	ns *= index->tuples;
	if (index->selectivity < 1)
		ns += facts->table_tuples * PREDICATE_NS;
	return ns / NS_A_SECOND;
}

/* Bytes of temporary files, of the larger one of its two sorts. */
static double
measure_spill(const BuildFacts *facts, const WriteIndex *index, int workers)
{
	const double pointers = index->tuples * count_elements(index);
	double bytes = 0;

	if (find_method(index->am)->sorts &&
	    (workers > 0 || measure_sort(index) > facts->maintenance_bytes))
		bytes = index->tuples * measure_entry(index);
	if (facts->concurrently && pointers * POINTER_SORT_BYTES > facts->maintenance_bytes)
		bytes = Max(bytes, pointers * POINTER_BYTES);
	return bytes;
}

BuildCost
dbops_build_cost(const BuildFacts *facts, const WriteIndex *index)
{
	const BuildMethod *method = find_method(index->am);
	const int scans = facts->concurrently ? 2 : 1;
	const double speed = dbops_cpu_speed_factor(facts->ms_per_cost);
	const int workers = count_workers(facts, method);
	const double shared = 1 + WORKER_GAIN * workers;
	BuildCost cost = {.workers = workers};

	cost.index_bytes = index->pages * PAGE_BYTES;
	cost.wal_bytes = cost.index_bytes * method->wal_ratio;
	cost.temporary_bytes = measure_spill(facts, index, workers);
	/* Only the first scan is shared with others. */
	cost.read_seconds =
	    scans * price_reading(facts) + price_scan(facts) * speed * (1 / shared + scans - 1);
	cost.sort_seconds = price_sort(facts, index, method) * speed / shared;
	cost.write_seconds = index->pages * INDEX_PAGE_NS / NS_A_SECOND * speed;
	if (facts->concurrently)
		cost.validate_seconds =
		    index->tuples * count_elements(index) * method->validate_ns / NS_A_SECOND * speed;
	cost.seconds =
	    cost.read_seconds + cost.sort_seconds + cost.write_seconds + cost.validate_seconds;
	return cost;
}
