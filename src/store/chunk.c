/*
 * store/chunk.c
 *		A chunk: the history of one family over one window; see chunk.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/chunk.h"
#include "store/integer_column.h"
#include "store/merge.h"
#include "store/registry.h"

#define CHUNK_FORMAT 1

/* More than any window has; a corrupted head must not exhaust the memory. */
#define MAX_SLOTS 4096

/*
 * A block should fill a TOAST page or two, as less cannot be read; a chunk has no more blocks than
 * lets its head stay in the row.
 */
#define ROWS_PER_BLOCK 384
#define MAX_BLOCKS 1024

/* As for ticks: an entity takes at least a bit of keys. */
#define ENTITIES_PER_BYTE 8
#define ENTITIES_FREE 64

/* What a block says about its rows before their metrics. */
typedef struct BlockIndex
{
	int nentities;
	int nrows;
	EntityKey *keys;
	char **texts; /* of each entity; NULL unless the family has text labels */
	int64 *counts;
	int64 *firsts;
	int64 *gaps;
} BlockIndex;

static int count_rows(const ChunkWriter *writer, const Frame *rows, int first);
static void
put_block(ChunkWriter *writer, const Frame *rows, const int32 *row_slots, int first, int nrows);
static void read_index(ByteReader *in, const ChunkHead *head, BlockIndex *index);
static void free_index(BlockIndex *index);
static void add_rows(const BlockIndex *index, int nslots, const EntityFilter *filter,
                     ChunkRows *rows, int *places);

int
dbops_chunk_blocks(int64 nrows)
{
	return (int) Max(1, Min(MAX_BLOCKS, nrows / ROWS_PER_BLOCK));
}

ChunkWriter *
dbops_chunk_create(const Family *family, const ChunkSlot *slots, int nslots, int nblocks)
{
	ChunkWriter *writer = palloc0(sizeof(ChunkWriter));

	Assert(nslots <= MAX_SLOTS);
	writer->family = family;
	writer->slots = slots;
	writer->nslots = nslots;
	writer->nblocks = nblocks;
	writer->sizes = palloc0(sizeof(int64) * nblocks);
	initStringInfo(&writer->data);
	return writer;
}

void
dbops_chunk_add(ChunkWriter *writer, const Frame *rows, const int32 *row_slots, int end_block)
{
	int first = 0;

	for (; writer->next_block < end_block; writer->next_block++)
	{
		int nrows = count_rows(writer, rows, first);
		int start = writer->data.len;

		if (nrows > 0)
			put_block(writer, rows, row_slots, first, nrows);
		writer->sizes[writer->next_block] = writer->data.len - start;
		first += nrows;
	}
	Assert(first == rows->nrows);
	writer->nrows += rows->nrows;
}

/* How many rows, from `first` on, are in the next block. */
static int
count_rows(const ChunkWriter *writer, const Frame *rows, int first)
{
	int row = first;

	while (row < rows->nrows &&
	       ((row > first && dbops_entity_compare(&rows->keys[row], &rows->keys[row - 1]) == 0) ||
	        dbops_chunk_block(dbops_merge_hash(writer->family, &rows->keys[row]),
	                          writer->nblocks) == writer->next_block))
		row++;
	return row - first;
}

static void
put_block(ChunkWriter *writer, const Frame *rows, const int32 *row_slots, int first, int nrows)
{
	StringInfo out = &writer->data;
	int *starts = palloc(sizeof(int) * nrows);
	int64 *counts = palloc0(sizeof(int64) * nrows);
	int64 *firsts = palloc(sizeof(int64) * nrows);
	int64 *gaps = palloc(sizeof(int64) * nrows);
	int64 *further = palloc(sizeof(int64) * nrows);
	int nentities = 0;
	int ngaps = 0;

	for (int row = first; row < first + nrows; row++)
	{
		if (row == first || dbops_entity_compare(&rows->keys[row], &rows->keys[row - 1]) != 0)
		{
			starts[nentities] = row;
			firsts[nentities++] = row_slots[row];
		}
		else
			gaps[ngaps++] = row_slots[row] - row_slots[row - 1] - 1;
		counts[nentities - 1]++;
	}
	dbops_put_varint(out, nentities);
	dbops_codec_put_keys(out, rows, starts, nentities);
	dbops_integer_column_put(out, counts, nentities);
	dbops_integer_column_put(out, firsts, nentities);
	for (int i = 0; i < nentities; i++)
		further[i] = counts[i] - 1;
	dbops_grouped_column_put(out, gaps, ngaps, &(RowGroups){.ngroups = nentities, .sizes = further},
	                         NULL);
	dbops_codec_put_metrics(out, rows, first, nrows,
	                        &(RowGroups){.ngroups = nentities, .sizes = counts});
	pfree(starts);
	pfree(counts);
	pfree(firsts);
	pfree(gaps);
	pfree(further);
}

void
dbops_chunk_put_head(const ChunkWriter *writer, StringInfo head)
{
	int64 *numbers = palloc(sizeof(int64) * (writer->nslots + 1));

	Assert(writer->next_block == writer->nblocks);
	appendStringInfoChar(head, CHUNK_FORMAT);
	dbops_put_varint(head, writer->nslots);
	for (int i = 0; i < writer->nslots; i++)
		numbers[i] = writer->slots[i].number;
	dbops_integer_column_put(head, numbers, writer->nslots);
	for (int i = 0; i < writer->nslots; i++)
		numbers[i] = writer->slots[i].covers_us;
	dbops_integer_column_put(head, numbers, writer->nslots);
	for (int i = 0; i < writer->nslots; i++)
		numbers[i] = writer->slots[i].flags;
	dbops_integer_column_put(head, numbers, writer->nslots);
	dbops_put_varint(head, writer->nrows);
	dbops_put_varint(head, writer->nblocks);
	dbops_integer_column_put(head, writer->sizes, writer->nblocks);
	pfree(numbers);
}

static void
read_slots(ByteReader *in, ChunkHead *head)
{
	int64 *numbers = palloc(sizeof(int64) * (head->nslots + 1));
	int64 *covers_us = palloc(sizeof(int64) * (head->nslots + 1));
	int64 *flags = palloc(sizeof(int64) * (head->nslots + 1));

	dbops_integer_column_get(in, numbers, head->nslots);
	dbops_integer_column_get(in, covers_us, head->nslots);
	dbops_integer_column_get(in, flags, head->nslots);
	for (int i = 0; i < head->nslots; i++)
	{
		if (numbers[i] < 0 || numbers[i] > PG_INT32_MAX || covers_us[i] < 0 ||
		    (i > 0 && numbers[i] <= numbers[i - 1]))
			dbops_corrupted("the slots of a chunk are out of order");
		head->slots[i] = (ChunkSlot){
		    .number = (int32) numbers[i], .flags = (uint16) flags[i], .covers_us = covers_us[i]};
	}
	pfree(numbers);
	pfree(covers_us);
	pfree(flags);
}

ChunkHead *
dbops_chunk_read_head(const Family *family, const char *bytes, Size size)
{
	ByteReader in = dbops_reader(bytes, size);
	ChunkHead *head = palloc0(sizeof(ChunkHead));
	int64 *sizes;

	head->family = family;
	if (dbops_reader_byte(&in) != CHUNK_FORMAT)
		dbops_corrupted("a chunk has an unknown format");
	head->nslots = (int) dbops_reader_count(&in, MAX_SLOTS);
	head->slots = palloc(sizeof(ChunkSlot) * (head->nslots + 1));
	read_slots(&in, head);
	head->nrows = (int64) dbops_reader_count(&in, PG_INT64_MAX);
	head->nblocks = (int) dbops_reader_count(&in, MAX_BLOCKS);
	if (head->nblocks < 1)
		dbops_corrupted("a chunk has no blocks");
	head->offsets = palloc0(sizeof(Size) * (head->nblocks + 1));
	sizes = palloc(sizeof(int64) * head->nblocks);
	dbops_integer_column_get(&in, sizes, head->nblocks);
	for (int i = 0; i < head->nblocks; i++)
	{
		/* All of them are one value of the table. */
		if (sizes[i] < 0 || sizes[i] > (int64) (MaxAllocSize - head->offsets[i]))
			dbops_corrupted("the blocks of a chunk have no sane size");
		head->offsets[i + 1] = head->offsets[i] + (Size) sizes[i];
	}
	pfree(sizes);
	return head;
}

void
dbops_chunk_read_block(const ChunkHead *head, ByteReader block, const bool *wanted,
                       const EntityFilter *filter, ChunkRows *rows)
{
	BlockIndex index = {0};
	int before = rows->frame->nrows;
	int *places;

	if (dbops_reader_left(&block) == 0)
		return;
	read_index(&block, head, &index);
	places = palloc_extended(sizeof(int) * index.nrows, MCXT_ALLOC_HUGE);
	add_rows(&index, head->nslots, filter, rows, places);
	if (rows->frame->nrows > before)
	{
		RowGroups groups = {.ngroups = index.nentities, .sizes = index.counts};
		PackedRows all = {.nrows = index.nrows, .groups = &groups, .places = places};

		dbops_codec_get_metrics(&block, &all, wanted, rows->frame);
	}
	pfree(places);
	free_index(&index);
}

static void
read_index(ByteReader *in, const ChunkHead *head, BlockIndex *index)
{
	Size limit = dbops_reader_left(in) * ENTITIES_PER_BYTE + ENTITIES_FREE;
	int64 max_rows = Min(head->nrows, dbops_codec_max_rows(head->family));
	int64 *further;

	index->nentities = (int) dbops_reader_count(in, Min(limit, PG_INT32_MAX / MAX_SLOTS));
	index->keys = palloc(sizeof(EntityKey) * (index->nentities + 1));
	index->texts = dbops_codec_get_keys(in, head->family, index->nentities, index->keys);
	index->counts = palloc(sizeof(int64) * (index->nentities + 1));
	index->firsts = palloc(sizeof(int64) * (index->nentities + 1));
	dbops_integer_column_get(in, index->counts, index->nentities);
	dbops_integer_column_get(in, index->firsts, index->nentities);
	for (int i = 0; i < index->nentities; i++)
	{
		if (index->counts[i] < 1 || index->counts[i] > head->nslots)
			dbops_corrupted("an entity has more rows than its chunk has slots");
		index->nrows += (int) index->counts[i];
	}
	if (index->nrows > max_rows)
		dbops_corrupted("a block of a chunk has more rows than the chunk");
	index->gaps = palloc_extended(sizeof(int64) * (index->nrows + 1), MCXT_ALLOC_HUGE);
	further = palloc(sizeof(int64) * (index->nentities + 1));
	for (int i = 0; i < index->nentities; i++)
		further[i] = index->counts[i] - 1;
	dbops_grouped_column_get(in, index->gaps, index->nrows - index->nentities,
	                         &(RowGroups){.ngroups = index->nentities, .sizes = further}, NULL);
	pfree(further);
}

static void
free_index(BlockIndex *index)
{
	pfree(index->keys);
	if (index->texts != NULL)
		pfree(index->texts);
	pfree(index->counts);
	pfree(index->firsts);
	pfree(index->gaps);
}

/* Adds a row and remembers its slot; returns its place in the frame. */
static int
add_row(ChunkRows *rows, const EntityKey *key, const char *texts, int64 slot)
{
	int place = rows->frame->nrows;

	dbops_frame_append(rows->frame, key, texts);
	if (place >= rows->capacity)
	{
		rows->slots = rows->slots == NULL ?
		                  MemoryContextAllocHuge(rows->frame->context,
		                                         sizeof(int32) * rows->frame->capacity) :
		                  repalloc_huge(rows->slots, sizeof(int32) * rows->frame->capacity);
		rows->capacity = rows->frame->capacity;
	}
	rows->slots[place] = (int32) slot;
	return place;
}

/* Adds the rows of the entities that the filter keeps; places[] says where each row went, or -1. */
static void
add_rows(const BlockIndex *index, int nslots, const EntityFilter *filter, ChunkRows *rows,
         int *places)
{
	const int64 *gap = index->gaps;
	int row = 0;

	for (int e = 0; e < index->nentities; e++)
	{
		bool keep = filter == NULL || filter->keep(&index->keys[e], filter->arg);
		int64 slot = index->firsts[e];

		for (int64 i = 0; i < index->counts[e]; i++)
		{
			if (i > 0)
			{
				if (*gap < 0 || *gap > nslots)
					dbops_corrupted("the slots of an entity are out of order");
				slot += *gap++ + 1;
			}
			if (slot < 0 || slot >= nslots)
				dbops_corrupted("an entity has a slot that its chunk lacks");
			places[row++] =
			    keep ? add_row(rows, &index->keys[e], index->texts ? index->texts[e] : NULL, slot) :
			           -1;
		}
	}
}
