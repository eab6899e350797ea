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
#include "advise/key_spread.h"
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
	return Min(leaves->base + dbops_round_up(leaves->rows_per_list * TID_BYTES, MAXIMUM_ALIGNOF),
	           MAXALIGN_DOWN(MAX_POSTING));
}

/* ---- rows with equal keys ----------------------------------------------------------------------
 */

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

/* Rows of one column that is NULL are a group of their own, with a smaller tuple. */
static double
rows_all_null(const SizeFacts *facts)
{
	return facts->nkeys == 1 ? floor(facts->tuples * facts->columns[0].null_ratio) : 0;
}

static Leaves
merge_equal_keys(const SizeFacts *facts, const KeySpread *spread)
{
	double nulls = rows_all_null(facts);
	Leaves leaves = {0};

	if (nulls >= 1)
	{
		set_base(&leaves, MAXALIGN(sizeof(IndexTupleData) + sizeof(IndexAttributeBitMapData)));
		add_groups(&leaves, 1, nulls);
	}
	set_base(
	    &leaves,
	    dbops_tuple_sizes(facts, facts->nkeys, facts->nkeys == 1 ? ROWS_NOT_NULL : ROWS_ALL).mean);
	dbops_key_spread_tell(spread, add_groups, &leaves);
	return leaves;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

static void
begin_column(const SizeFacts *facts, const SizeColumn *column, KeySpread *spread)
{
	double rows = facts->tuples * (1 - column->null_ratio);

	dbops_key_spread_begin(
	    spread, &(KnownKeys){.rows = rows,
	                         .keys = column->ndistinct > 0 ? column->ndistinct : rows,
	                         .estimated = true,
	                         .ncommon = column->ncommon,
	                         .common = column->common,
	                         .of = facts->tuples,
	                         .sampled = column->sampled / Max(facts->table_tuples, facts->tuples)});
}

/* The keys as far as they go, and for each number of columns how many different ones there are. */
static void
spread_keys(const SizeFacts *facts, KeySpread *spread, double *prefixes)
{
	double most = facts->key_ndistinct > 0 ? facts->key_ndistinct : facts->tuples;

	for (int i = 0; i < facts->nkeys; i++)
	{
		const SizeColumn *column = &facts->columns[i];
		KeySpread next;

		begin_column(facts, column, i == 0 ? spread : &next);
		if (facts->nkeys > 1 && facts->tuples * column->null_ratio >= 1)
			dbops_key_spread_add(i == 0 ? spread : &next, facts->tuples * column->null_ratio);
		if (i > 0)
			dbops_key_spread_combine(spread, &next);
		prefixes[i] = Min(dbops_key_spread_count(spread), most);
	}
	if (facts->nkeys > 1 && facts->key_ndistinct > 0)
	{
		dbops_key_spread_begin(spread,
		                       &(KnownKeys){.rows = facts->tuples, .keys = facts->key_ndistinct});
		prefixes[facts->nkeys - 1] = most;
	}
}

/* ---- pages -------------------------------------------------------------------------------------
 */

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
 * How many tuples of one size a leaf keeps.  `room` is what may be used before the next tuple
 * starts a page; that one must fit, too, with a TID that the high key may get.
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
downlink_size(const SizeFacts *facts, const double *prefixes, double leaf_tuples)
{
	double size = 0;
	double differ = 0;
	const TupleSizes all = dbops_tuple_sizes(facts, facts->nkeys, ROWS_ALL);

	for (int i = 0; i < facts->nkeys; i++)
	{
		double share = Max(Min(prefixes[i] / leaf_tuples, 1) - differ, 0);

		if (share > 0)
		{
			TupleSizes sizes = dbops_tuple_sizes(facts, i + 1, ROWS_ALL);

			size += share * sizes.mean_square / sizes.mean;
		}
		differ += share;
	}
	return size + (1 - differ) * (all.mean_square / all.mean + MAXALIGN(TID_BYTES));
}

IndexSize
dbops_btree_size(const SizeFacts *facts)
{
	IndexSize size = {.pages = 1, .tuples = facts->tuples};
	double room = ROOM - floor(BLCKSZ * (100 - leaf_fillfactor(facts)) / 100.0);
	double internal_room = ROOM - floor(BLCKSZ * (100 - INTERNAL_FILLFACTOR) / 100.0);
	double leaf_tuples = facts->tuples;
	double prefixes[SIZE_MAX_COLUMNS];
	KeySpread spread;
	double level = 0;
	double fanout;

	if (facts->tuples < 1)
		return size;
	spread_keys(facts, &spread, prefixes);
	if (facts->deduplicates && facts->ncolumns == facts->nkeys)
	{
		Leaves leaves = merge_equal_keys(facts, &spread);

		leaf_tuples = leaves.tuples;
		if (leaves.lists + leaves.full_bytes > leaf_tuples / 100)
			level = merged_leaf_pages(&leaves, room);
	}
	if (level == 0)
		level = plain_leaf_pages(facts, room);

	/* The first downlink of a page has no key. */
	fanout =
	    1 + floor((internal_room - sizeof(IndexTupleData) - LINE) /
	              (Min(downlink_size(facts, prefixes, Max(leaf_tuples, 1)), MAX_TUPLE) + LINE));
	size.pages += level;
	while (level > 1)
	{
		level = pages_of(level, Max(fanout, 2));
		size.pages += level;
		size.tree_height++;
	}
	return size;
}
