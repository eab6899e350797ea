/*
 * track/capture_arena.c
 *		Shared memory for texts of any length; see capture_arena.h.
 */
#include "postgres.h"

#include "storage/shmem.h"

#include "core/guc.h"
#include "track/capture_arena.h"
#include "track/freelist.h"

#define BLOCK_BYTES 256
#define BLOCK_DATA (BLOCK_BYTES - sizeof(pg_atomic_uint32))

typedef struct Block
{
	pg_atomic_uint32 next; /* in its chain, 0 at the end; or in the list of free blocks */
	char data[BLOCK_DATA];
} Block;

typedef struct Arena
{
	Freelist free;
	pg_atomic_uint64 refused;
} Arena;

static Arena *arena = NULL;
static Block *blocks = NULL; /* counted from 1 */

static uint32
count_blocks(void)
{
	return (uint32) ((Size) dbops_guc_capture_size * 1024 / BLOCK_BYTES);
}

static Size
blocks_offset(void)
{
	return CACHELINEALIGN(sizeof(Arena));
}

Size
dbops_capture_arena_shmem_size(void)
{
	return add_size(blocks_offset(), mul_size(sizeof(Block), (Size) count_blocks() + 1));
}

void
dbops_capture_arena_shmem_init(void)
{
	bool found;

	arena = ShmemInitStruct("dbops captures", dbops_capture_arena_shmem_size(), &found);
	blocks = (Block *) ((char *) arena + blocks_offset());
	/* Blocks stay untouched until they are needed. */
	if (found)
		return;
	dbops_freelist_init(&arena->free, count_blocks());
	pg_atomic_init_u64(&arena->refused, 0);
}

static pg_atomic_uint32 *
link_of(uint32 number)
{
	return &blocks[number].next;
}

static void
append_block(ArenaWriter *writer)
{
	uint32 block = dbops_freelist_pop(&arena->free, link_of);

	if (block == 0)
	{
		dbops_capture_arena_free(writer->first);
		*writer = (ArenaWriter){.failed = true};
		return;
	}
	pg_atomic_write_u32(&blocks[block].next, 0);
	if (writer->first == 0)
		writer->first = block;
	else
		pg_atomic_write_u32(&blocks[writer->last].next, block);
	writer->last = block;
	writer->used = 0;
	writer->bytes += BLOCK_BYTES;
}

void
dbops_capture_arena_write(ArenaWriter *writer, const void *data, Size size)
{
	const char *from = data;

	while (size > 0 && !writer->failed)
	{
		if (writer->first == 0 || writer->used == BLOCK_DATA)
			append_block(writer);
		else
		{
			Size part = Min(size, BLOCK_DATA - writer->used);

			memcpy(blocks[writer->last].data + writer->used, from, part);
			writer->used += part;
			from += part;
			size -= part;
		}
	}
}

uint32
dbops_capture_arena_finish(ArenaWriter *writer)
{
	return writer->first;
}

void
dbops_capture_arena_free(uint32 first)
{
	/* There may be no arena, and then nothing in it. */
	if (first != 0)
		dbops_freelist_push_chain(&arena->free, link_of, first);
}

/* Goes to the next block.  The chain may be anybody's by now, but its numbers are always ours. */
static void
advance(ArenaReader *reader)
{
	reader->block = pg_atomic_read_u32(&blocks[reader->block].next);
	reader->used = 0;
}

bool
dbops_capture_arena_read(ArenaReader *reader, void *data, Size size)
{
	char *to = data;

	while (size > 0)
	{
		Size part = Min(size, BLOCK_DATA - reader->used);

		if (reader->block == 0)
			return false;
		memcpy(to, blocks[reader->block].data + reader->used, part);
		reader->used += part;
		to += part;
		size -= part;
		if (reader->used == BLOCK_DATA)
			advance(reader);
	}
	return true;
}

void
dbops_capture_arena_count_refused(void)
{
	pg_atomic_fetch_add_u64(&arena->refused, 1);
}

void
dbops_capture_arena_state(ArenaState *state)
{
	state->used_bytes = (int64) pg_atomic_read_u32(&arena->free.used) * BLOCK_BYTES;
	state->capacity_bytes = (int64) arena->free.capacity * BLOCK_BYTES;
	state->refused = pg_atomic_read_u64(&arena->refused);
}
