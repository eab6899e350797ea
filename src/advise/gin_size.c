/*
 * advise/gin_size.c
 *		How large a GIN index would be.
 *
 * A key's rows stand beside it as long as they fit into a third of a page (GinFormTuple), else in a
 * tree of their own.  A list holds the first row in full, then differences of (block << 11 | line)
 * in as few groups of seven bits as they need (ginpostinglist.c).  While it builds, GIN adds sorted
 * keys at the right end of a tree whose pages it splits in the middle, so the pages of keys stay
 * half full, unless memory forces it to begin anew with all keys several times; leaves of rows are
 * filled.
 */
#include "postgres.h"

#include <math.h>

#include "access/itup.h"
#include "storage/bufpage.h"
#include "storage/itemid.h"

#include "advise/gin_size.h"
#include "advise/key_spread.h"
#include "advise/tuple_sizes.h"

#define LINE sizeof(ItemIdData)
#define SPECIAL 8                                                 /* GinPageOpaqueData */
#define PAGE_ROOM (BLCKSZ - SizeOfPageHeaderData - SPECIAL)       /* for keys */
#define MAX_ENTRY 2712.0                                          /* GinMaxItemSize */
#define LIST_HEADER 8.0                                           /* first TID and length */
#define SEGMENT 256.0                                             /* its target size */
#define ROWS_ROOM (PAGE_ROOM - MAXALIGN(sizeof(ItemPointerData))) /* GinDataPageMaxDataSize */
#define POSTING_ITEM 10.0                                         /* sizeof(PostingItem) */

#define HALF_FULL 0.5
#define REFILLED 0.69

/* Pages of large entries are fuller, as measured: by so much where entries are as large as that. */
#define LARGE_FILL 0.15
#define LARGE_ENTRY 1000.0

/* Rows of keys that maintenance_work_mem's default holds before the keys so far are written. */
#define ROWS_AT_ONCE 4e6

/* For what is not known: as the planner has it for GIN (gincostestimate). */
#define DEFAULT_ELEMENTS 3.0
#define DEFAULT_KEY_WIDTH 8.0

typedef struct GinSize
{
	const SizeFacts *facts;
	double key_width;
	double clustered;
	double entry_bytes;
	double entries;
	double rows_pages;
} GinSize;

/* Bytes of a row in the list of a key that has so many in the table, spread at random. */
static double
row_bytes(const GinSize *gin, double rows)
{
	const SizeFacts *facts = gin->facts;
	double blocks = Max(facts->table_pages, 1);
	double per_block = rows / (blocks * gin->clustered);
	double lines = Max(Max(facts->table_tuples, facts->tuples) / blocks, 1);
	double same = 1 - (1 - exp(-per_block)) / per_block;
	double near_lines = 1 - exp(-128 * per_block / lines); /* of these, below 2^7 */
	double far = 2 + exp(-per_block * 7) + exp(-per_block * 1023) + exp(-per_block * 131071);

	return same * (2 - near_lines) + (1 - same) * far;
}

static double
posting_tree_pages(double bytes)
{
	double pages = ceil(bytes * SEGMENT / (SEGMENT - LIST_HEADER) / ROWS_ROOM);
	double all = pages;

	while (pages > 1)
	{
		pages = ceil(pages * POSTING_ITEM / (ROWS_ROOM * HALF_FULL));
		all += pages;
	}
	return Max(all, 1);
}

static void
add_entries(void *arg, double keys, double rows)
{
	GinSize *gin = arg;
	double bytes = (rows - 1) * row_bytes(gin, rows);
	double key = dbops_round_up(sizeof(IndexTupleData) + gin->key_width + 0.5, 2);
	double entry = MAXALIGN((int64) (key + LIST_HEADER + dbops_round_up(bytes + 0.5, 2)));

	if (entry > MAX_ENTRY)
	{
		entry = MAXALIGN((int64) key);
		gin->rows_pages += keys * posting_tree_pages(bytes);
	}
	gin->entries += keys;
	gin->entry_bytes += keys * (entry + LINE);
}

static void
add_column(GinSize *gin, const SizeColumn *column)
{
	const SizeFacts *facts = gin->facts;
	double present = facts->tuples * (1 - column->null_ratio);
	double elements = column->nelements > 0 ? column->nelements : DEFAULT_ELEMENTS;
	double rows = present * elements;
	double nulls = floor(facts->tuples * column->null_ratio);
	KeySpread spread;

	gin->key_width = column->key_width > 0 ? column->key_width : DEFAULT_KEY_WIDTH;
	gin->clustered = column->clustered > 0 ? column->clustered : 1;
	if (nulls >= 1)
		add_entries(gin, 1, nulls);
	if (rows < 1)
		return;
	dbops_key_spread_begin(&spread,
	                       &(KnownKeys){.rows = rows,
	                                    .keys = column->nkeys > 0 ? column->nkeys : rows / 10,
	                                    .ncommon = column->ncommon,
	                                    .common = column->common,
	                                    .of = facts->tuples});
	dbops_key_spread_tell(&spread, add_entries, gin);
}

IndexSize
dbops_gin_size(const SizeFacts *facts)
{
	IndexSize size = {.pages = 2, .tuples = facts->tuples, .tree_height = -1};
	GinSize gin = {.facts = facts};
	double postings = 0;
	double level;
	double room;
	double fill;

	if (facts->tuples < 1)
		return size;
	for (int i = 0; i < facts->nkeys; i++)
	{
		add_column(&gin, &facts->columns[i]);
		postings += facts->tuples * facts->columns[i].nelements;
	}
	fill = HALF_FULL + LARGE_FILL * Min(gin.entry_bytes / gin.entries / LARGE_ENTRY, 1);
	room = PAGE_ROOM * (postings > ROWS_AT_ONCE ? Max(fill, REFILLED) : fill);
	level = gin.entry_bytes <= PAGE_ROOM ? 1 : ceil(gin.entry_bytes / room);
	size.pages = 1 + ceil(gin.rows_pages) + level;
	while (level > 1)
	{
		level = ceil(level * (MAXALIGN((int64) (sizeof(IndexTupleData) + gin.key_width)) + LINE) /
		             room);
		size.pages += level;
	}
	return size;
}
