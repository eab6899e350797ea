/*
 * advise/btree_size.c
 *		How large a B-tree would be: leaves as nbtsort.c fills them, equal keys merged as it does.
 *
 * The build adds sorted tuples to a page until the free space falls below what the fill factor
 * leaves; the next tuple then starts a page, and takes the last one of the full page with it, whose
 * place its high key takes (_bt_buildadd).  Of equal keys one tuple is formed that lists the rows,
 * up to a tenth of a page (_bt_load, _bt_dedup_save_htid).  Such a list does not count as used when
 * it is the last of a page, as the high key has none.
 */
#include "postgres.h"

#include <math.h>

#include "access/itup.h"
#include "storage/bufpage.h"
#include "storage/itemid.h"

#include "advise/btree_size.h"
#include "advise/key_groups.h"
#include "advise/tuple_sizes.h"

#define LEAF_FILLFACTOR 90     /* BTREE_DEFAULT_FILLFACTOR */
#define INTERNAL_FILLFACTOR 70 /* BTREE_NONLEAF_FILLFACTOR */
#define MAX_TUPLE 2704.0       /* BTMaxItemSize */
#define TID_BYTES sizeof(ItemPointerData)
#define LINE sizeof(ItemIdData)

/* Free space of an empty page: special space is 16 bytes, one line pointer is the high key's. */
#define EMPTY_PAGE (BLCKSZ - SizeOfPageHeaderData - 16 - LINE)

/* PageGetFreeSpace() leaves out the line pointer of the tuple to come. */
#define ROOM (EMPTY_PAGE - LINE)

/* maxpostingsize in _bt_load(). */
#define MAX_POSTING (MAXALIGN_DOWN(BLCKSZ * 10 / 100) - LINE)

/* All leaf tuples, bytes with line pointers. */
typedef struct Leaves
{
	double tuples;
	double plain_bytes; /* of tuples that stand for one row */
	double list_bytes;  /* of lists that are not full */
	double lists;       /* how many these are */
	double full_bytes;  /* of lists as long as they may be */
	double rows_per_list;
	double base; /* a tuple without a list */
} Leaves;

static double
full_list_size(const Leaves *leaves)
{
	return leaves->base + dbops_round_up(leaves->rows_per_list * TID_BYTES, MAXIMUM_ALIGNOF);
}

/* ---- rows with equal keys ---------------------------------------------------------------------- */

/* Keys of which each has that many rows. */
static void
add_groups(void *arg, double keys, double rows)
{
	Leaves *leaves = arg;
	double full = floor(rows / leaves->rows_per_list);
	double rest = rows - full * leaves->rows_per_list;

	leaves->tuples += keys * (full + (rest > 0 ? 1 : 0));
	leaves->full_bytes += keys * full * (full_list_size(leaves) + LINE);
	if (rest == 1)
		leaves->plain_bytes += keys * (leaves->base + LINE);
	else if (rest > 1)
	{
		leaves->lists += keys;
		leaves->list_bytes +=
		    keys * (leaves->base + dbops_round_up(rest * TID_BYTES, MAXIMUM_ALIGNOF) + LINE);
	}
}

static void
set_base(Leaves *leaves, double base)
{
	leaves->base = Min(base, MAX_TUPLE);
	leaves->rows_per_list = Max(floor((MAXALIGN_DOWN(MAX_POSTING) - leaves->base) / TID_BYTES), 1);
}

/* Rows of one column that is NULL are one group; of several columns NULL counts as a value. */
static double
rows_all_null(const SizeFacts *facts)
{
	return facts->nkeys == 1 ? facts->tuples * facts->columns[0].null_ratio : 0;
}

static double
distinct_keys(const SizeFacts *facts)
{
	double rows = facts->tuples - rows_all_null(facts);
	double keys = facts->key_ndistinct;

	if (facts->nkeys == 1 && facts->columns[0].ndistinct > 0)
		keys = facts->columns[0].ndistinct;
	return keys > 0 ? Max(Min(keys, rows), 1) : rows;
}

static Leaves
merge_equal_keys(const SizeFacts *facts)
{
	double nulls = floor(rows_all_null(facts));
	bool one = facts->nkeys == 1;
	Leaves leaves = {0};

	if (nulls >= 1)
	{
		set_base(&leaves, MAXALIGN(sizeof(IndexTupleData) + sizeof(IndexAttributeBitMapData)));
		add_groups(&leaves, 1, nulls);
	}
	set_base(&leaves, dbops_tuple_sizes(facts, facts->nkeys, one ? ROWS_NOT_NULL : ROWS_ALL).mean);
	dbops_key_groups(&(KeyGroups){.rows = facts->tuples - nulls,
	                              .keys = distinct_keys(facts),
	                              .ncommon = one ? facts->ncommon : 0,
	                              .common = facts->common,
	                              .of = facts->tuples},
	                 add_groups, &leaves);
	return leaves;
}

/* ---- pages ------------------------------------------------------------------------------------- */

static int
leaf_fillfactor(const SizeFacts *facts)
{
	return facts->fillfactor > 0 ? facts->fillfactor : LEAF_FILLFACTOR;
}

/* Pages of n tuples where a page takes that many; the last one may take one more. */
static double
pages_of(double n, double per_page)
{
	return Max(1, ceil((n - 1) / Max(per_page, 1)));
}

/*
 * How many tuples of one size a leaf keeps.  `room` is what may be used before the next tuple starts
 * a page; that one must fit, too, with a TID that the high key may get.
 */
static double
tuples_of_one_size(double room, double size)
{
	return floor(Min(room, ROOM - MAXALIGN(TID_BYTES) - size) / (size + LINE));
}

static double
plain_leaf_pages(const SizeFacts *facts, double room)
{
	TupleSizes sizes = dbops_tuple_sizes(facts, facts->ncolumns, ROWS_ALL);
	double mean = Min(sizes.mean, MAX_TUPLE);
	double last = sizes.mean_square / sizes.mean; /* the larger, the likelier to be the last */

	if (sizes.same || sizes.mean > MAX_TUPLE)
		return pages_of(facts->tuples, tuples_of_one_size(room, mean));
	room = Min(room, ROOM - MAXALIGN(TID_BYTES) - last);
	return pages_of(facts->tuples, Max(room - last / 2, mean) / (mean + LINE));
}

static double
merged_leaf_pages(const Leaves *leaves, double room)
{
	double list = leaves->lists > 0 ? leaves->list_bytes / leaves->lists : 0;
	double full = full_list_size(leaves);
	double plain_room = room - leaves->base / 2;
	double list_room =
	    Min(room - leaves->base - LINE + list / 2, ROOM - MAXALIGN(TID_BYTES) - 1.5 * list);
	double full_room = Max(tuples_of_one_size(ROOM, full), 1) * (full + LINE);

	return Max(1, ceil(leaves->plain_bytes / plain_room + leaves->list_bytes / list_room +
	                   leaves->full_bytes / Min(full_room, room - leaves->base - LINE + full)));
}

/*
 * The size of a downlink: keys up to the first that tells two leaves apart, or all of them and a
 * TID.  Boundaries fall anywhere, so the chance is that of two neighbours to differ.
 */
static double
downlink_size(const SizeFacts *facts, double leaf_tuples)
{
	double size = 0;
	double equal = 1;
	double distinct = 1;

	for (int i = 1; i <= facts->nkeys; i++)
	{
		double keys = facts->columns[i - 1].ndistinct;
		double differ;

		distinct = i == facts->nkeys ? distinct_keys(facts) :
		                               distinct * (keys > 0 ? Min(keys, facts->tuples) : 1);
		differ = Min(Min(distinct, distinct_keys(facts)) / leaf_tuples, 1);
		differ = Max(differ, 1 - equal);
		size += (differ - (1 - equal)) * dbops_tuple_sizes(facts, i, ROWS_ALL).mean;
		equal = 1 - differ;
	}
	return size +
	       equal * (dbops_tuple_sizes(facts, facts->nkeys, ROWS_ALL).mean + MAXALIGN(TID_BYTES));
}

IndexSize
dbops_btree_size(const SizeFacts *facts)
{
	IndexSize size = {.pages = 1, .tuples = facts->tuples};
	double room = ROOM - floor(BLCKSZ * (100 - leaf_fillfactor(facts)) / 100.0);
	double internal_room = ROOM - floor(BLCKSZ * (100 - INTERNAL_FILLFACTOR) / 100.0);
	double leaf_tuples = facts->tuples;
	double level;
	double fanout;

	if (facts->tuples < 1)
		return size;
	if (facts->deduplicates && facts->ncolumns == facts->nkeys)
	{
		Leaves leaves = merge_equal_keys(facts);

		leaf_tuples = leaves.tuples;
		level = leaves.list_bytes + leaves.full_bytes > 0 ? merged_leaf_pages(&leaves, room) :
		                                                    plain_leaf_pages(facts, room);
	}
	else
		level = plain_leaf_pages(facts, room);

	/* The first downlink of a page has no key. */
	fanout = 1 + floor((internal_room - sizeof(IndexTupleData) - LINE) /
	                   (Min(downlink_size(facts, Max(leaf_tuples, 1)), MAX_TUPLE) + LINE));
	size.pages += level;
	while (level > 1)
	{
		level = pages_of(level, Max(fanout, 2));
		size.pages += level;
		size.tree_height++;
	}
	return size;
}
