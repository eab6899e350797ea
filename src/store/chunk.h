/*
 * store/chunk.h
 *		A chunk: the history of one family of one node over one window, entity by entity.
 *
 * A chunk is two byte strings.  The head is small enough to stay in the table's row:
 *
 *		format byte (1), number of slots, then columns (store/integer_column.h) of their numbers,
 *		counted in steps from the window's start, of the time they cover and of their flags;
 *		number of rows, number of blocks, and a column of the blocks' sizes.
 *
 * The data is the blocks one after the other.  An entity's hash says which block it is in, so one
 * entity is found without a search and read by one slice.  A block with entities is:
 *
 *		number of entities, their keys as in a tick, columns of their numbers of rows, of their
 *		first slots and of the gaps between their further slots, then the metrics of all rows as
 *		in a tick, but grouped by entity (store/grouped_column.h), as are the gaps.
 *
 * A slot is a bucket in which the family was sampled, whether or not an entity changed in it.
 * Reading trusts nothing, as in codec.h.
 */
#pragma once

#include "lib/stringinfo.h"

#include "store/codec.h"
#include "store/frame.h"

/* A bucket of a chunk. */
typedef struct ChunkSlot
{
	int32 number;    /* in steps from the start of the window */
	uint16 flags;    /* of all ticks in it */
	int64 covers_us; /* time that its ticks cover */
} ChunkSlot;

/* ---- writing ---- */

typedef struct ChunkWriter
{
	const Family *family;
	int nslots;
	const ChunkSlot *slots;
	int nblocks;
	int next_block;
	int64 nrows;
	int64 *sizes;
	StringInfoData data;
} ChunkWriter;

/* A good number of blocks for so many rows. */
extern int dbops_chunk_blocks(int64 nrows);

/* In the current context; `slots` must stay until the head is written. */
extern ChunkWriter *
dbops_chunk_create(const Family *family, const ChunkSlot *slots, int nslots, int nblocks);

/*
 * Writes blocks up to, not including, end_block from rows in the order of dbops_merge_rows, all of
 * which are in these blocks; row_slots[] are positions in slots[].
 */
extern void
dbops_chunk_add(ChunkWriter *writer, const Frame *rows, const int32 *row_slots, int end_block);

/* Once all blocks are written; the data is in writer->data. */
extern void dbops_chunk_put_head(const ChunkWriter *writer, StringInfo head);

/* ---- reading ---- */

typedef struct ChunkHead
{
	const Family *family;
	int nslots;
	ChunkSlot *slots;
	int64 nrows;
	int nblocks;
	Size *offsets; /* of each block, and the end */
} ChunkHead;

/* In the current context. */
extern ChunkHead *dbops_chunk_read_head(const Family *family, const char *bytes, Size size);

/* Block of an entity, by dbops_merge_hash(). */
static inline int
dbops_chunk_block(uint64 hash, int nblocks)
{
	return (int) (((hash >> 32) * (uint64) nblocks) >> 32);
}

/* Rows read so far, with the position in head->slots of each. */
typedef struct ChunkRows
{
	Frame *frame;
	int32 *slots; /* in the frame's context; its capacity follows */
	int capacity;
} ChunkRows;

/* Appends the rows of a block that the filter keeps (NULL = all); wanted[] as in codec.h. */
extern void dbops_chunk_read_block(const ChunkHead *head, ByteReader block, const bool *wanted,
                                   const EntityFilter *filter, ChunkRows *rows);
