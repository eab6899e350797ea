/*
 * advise/index_size.c
 *		How large an index would be: which arithmetic serves which access method, and hash, BRIN,
 *		GiST and SP-GiST.
 */
#include "postgres.h"

#include <math.h>

#include "access/itup.h"
#include "catalog/pg_am_d.h"
#include "port/pg_bitutils.h"
#include "storage/bufpage.h"
#include "storage/itemid.h"

#include "advise/btree_size.h"
#include "advise/gin_size.h"
#include "advise/tuple_sizes.h"

#define LINE sizeof(ItemIdData)

/* The last block number there can be. */
#define MOST_PAGES ((double) 0xFFFFFFFE)

/* ---- hash -------------------------------------------------------------------------------------
 */

#define HASH_FILLFACTOR 75
#define HASH_SPECIAL 16
#define HASH_TUPLE (MAXALIGN(sizeof(IndexTupleData)) + MAXALIGN(sizeof(uint32)) + LINE)
#define HASH_PER_PAGE floor((BLCKSZ - SizeOfPageHeaderData - HASH_SPECIAL) / HASH_TUPLE)
#define HASH_ONE_PHASE 10          /* HASH_SPLITPOINT_GROUPS_WITH_ONE_PHASE */
#define HASH_MAP_BITS (4096 * 8.0) /* overflow pages that a bitmap page covers */
#define HASH_MOST_BUCKETS 0x40000000U

/*
 * How many buckets the build makes for so many (_hash_spareindex, _hash_get_totalbuckets): a power
 * of two, or from 1024 on a quarter of the way to the next.
 */
static double
round_buckets(double wanted)
{
	double power;

	if (wanted <= 2)
		return 2;
	if (wanted >= HASH_MOST_BUCKETS)
		return HASH_MOST_BUCKETS;
	power = (double) ((uint32) 1 << pg_ceil_log2_32((uint32) ceil(wanted)));
	if (power < (1 << HASH_ONE_PHASE))
		return power;
	for (int quarter = 1; quarter < 4; quarter++)
		if (wanted <= power / 2 + power / 8 * quarter)
			return power / 2 + power / 8 * quarter;
	return power;
}

static double
overflow_of(double rows)
{
	return Max(ceil(rows / HASH_PER_PAGE) - 1, 0);
}

/* Buckets get a random number of keys (Poisson), each with as many rows as the average. */
static double
overflow_at_random(double keys_per_bucket, double rows_per_key)
{
	double deviation = sqrt(keys_per_bucket);
	int least = (int) Max(keys_per_bucket - 6 * deviation, 0);
	int most = (int) (keys_per_bucket + 6 * deviation + 6);
	double pages = 0;

	for (int keys = least; keys <= most; keys++)
		pages += exp(keys * log(keys_per_bucket) - keys_per_bucket - lgamma(keys + 1.0)) *
		         overflow_of(keys * rows_per_key);
	return pages;
}

/* Overflow pages: the most common keys meet in one bucket each what else is there. */
static double
hash_overflow(const SizeFacts *facts, double rows, double buckets)
{
	const SizeColumn *column = &facts->columns[0];
	double keys;
	double pages = 0;
	double rest = rows;

	for (int i = 0; i < column->ncommon; i++)
		rest -= column->common[i] * facts->tuples;
	rest = Max(rest, 0);
	for (int i = 0; i < column->ncommon; i++)
		pages += overflow_of(column->common[i] * facts->tuples + rest / buckets) -
		         overflow_of(rest / buckets);
	keys = column->ndistinct > 0 ? Min(column->ndistinct, rows) - column->ncommon : rest;
	if (rest >= 1 && keys >= 1)
		pages += buckets * overflow_at_random(keys / buckets, rest / keys);
	return pages;
}

static IndexSize
hash_size(const SizeFacts *facts)
{
	IndexSize size = {.tuples = facts->tuples, .tree_height = -1};
	double all = Max(facts->table_tuples, facts->tuples);
	double rows = facts->tuples * (1 - facts->columns[0].null_ratio); /* NULL is not indexed */
	int fillfactor = facts->fillfactor > 0 ? facts->fillfactor : HASH_FILLFACTOR;
	double per_bucket = Max(floor(BLCKSZ * fillfactor / 100.0 / HASH_TUPLE), 10);
	double buckets = round_buckets(all / per_bucket);
	double overflow = rows >= 1 ? hash_overflow(facts, rows, buckets) : 0;

	size.pages = 1 + buckets + overflow + ceil((overflow + 1) / HASH_MAP_BITS);
	return size;
}

/* ---- BRIN --------------------------------------------------------------------------------------
 */

#define BRIN_PAGES_PER_RANGE 128
#define BRIN_SPECIAL 8
#define BRIN_TUPLE_HEADER 5 /* SizeOfBrinTuple */
#define BRIN_MAP_ITEMS ((BLCKSZ - MAXALIGN(SizeOfPageHeaderData) - BRIN_SPECIAL) / 6)

/* Two values a column; a bitmap where there are NULLs (brin_form_tuple). */
static double
brin_tuple_size(const SizeFacts *facts)
{
	double data = 0;
	double nulls = 1;

	for (int i = 0; i < facts->nkeys; i++)
	{
		const SizeColumn *column = &facts->columns[i];
		int to = column->align == 'd' ? 8 : column->align == 'i' ? 4 : column->align == 's' ? 2 : 1;

		for (int value = 0; value < 2; value++)
			data = dbops_round_up(data, to) + column->width;
		nulls *= column->null_ratio > 0 ? 0 : 1;
	}
	return MAXALIGN(BRIN_TUPLE_HEADER + (nulls > 0 ? 0 : (facts->nkeys * 2 + 7) / 8)) +
	       dbops_round_up(data + 0.5, MAXIMUM_ALIGNOF) + LINE;
}

/* The metapage, the map of ranges, and the pages of summaries; there is always one of each. */
static IndexSize
brin_size(const SizeFacts *facts)
{
	IndexSize size = {.tuples = facts->tuples, .tree_height = -1};
	int per_range = facts->pages_per_range > 0 ? facts->pages_per_range : BRIN_PAGES_PER_RANGE;
	double ranges = Max(ceil(facts->table_pages / per_range), 1);
	double room = BLCKSZ - SizeOfPageHeaderData - BRIN_SPECIAL;

	size.pages = 1 + ceil(ranges / BRIN_MAP_ITEMS) +
	             ceil(ranges / Max(floor(room / brin_tuple_size(facts)), 1));
	return size;
}

/* ---- trees built by insertion -------------------------------------------------------------------
 */

/*
 * How full pages are that were split in the middle, again and again, as measured: where rows come
 * in any order, and where they come in the order of the keys.
 */
#define INSERTED_FILL 0.6
#define IN_ORDER_FILL 0.45
#define GIST_SPECIAL 16
#define SPGIST_SPECIAL 8
#define SPGIST_FILL 0.8
#define SPGIST_FIXED_PAGES 3 /* metapage, root, root of NULLs */

static IndexSize
gist_size(const SizeFacts *facts)
{
	IndexSize size = {.pages = 0, .tuples = facts->tuples, .tree_height = -1};
	double tuple = dbops_tuple_sizes(facts, facts->ncolumns, ROWS_ALL).mean + LINE;
	double room = BLCKSZ - SizeOfPageHeaderData - GIST_SPECIAL;
	double fill =
	    INSERTED_FILL - (INSERTED_FILL - IN_ORDER_FILL) * facts->correlation * facts->correlation;
	double level = facts->tuples * tuple / room;

	while (level > 1)
	{
		level = ceil(level / fill);
		size.pages += level;
		level = level * tuple / room;
	}
	size.pages += 1;
	return size;
}

/* Values stand in leaf tuples with a header of 16 bytes; inner tuples are few and small. */
static IndexSize
spgist_size(const SizeFacts *facts)
{
	IndexSize size = {.tuples = facts->tuples, .tree_height = -1};
	double tuple = dbops_tuple_sizes(facts, facts->ncolumns, ROWS_ALL).mean + 8 + LINE;
	double room = BLCKSZ - SizeOfPageHeaderData - SPGIST_SPECIAL;

	size.pages = SPGIST_FIXED_PAGES + ceil(facts->tuples * tuple / (room * SPGIST_FILL));
	return size;
}

/* ---- which --------------------------------------------------------------------------------------
 */

typedef struct SizeRule
{
	Oid am;
	IndexSize (*size)(const SizeFacts *facts);
} SizeRule;

static const SizeRule rules[] = {
    {BTREE_AM_OID, dbops_btree_size}, {HASH_AM_OID, hash_size},     {GIST_AM_OID, gist_size},
    {GIN_AM_OID, dbops_gin_size},     {SPGIST_AM_OID, spgist_size}, {BRIN_AM_OID, brin_size},
};

IndexSize
dbops_index_size(const SizeFacts *facts)
{
	IndexSize size;

	/* Of another access method nothing is known; most store a tuple per row. */
	IndexSize (*rule)(const SizeFacts *) = gist_size;

	for (int i = 0; i < lengthof(rules); i++)
		if (rules[i].am == facts->am)
			rule = rules[i].size;
	size = rule(facts);
	size.rough = facts->key_sampled;
	size.pages = Min(Max(ceil(size.pages), 1), MOST_PAGES);
	return size;
}
