/*
 * track/text_cells.c
 *		Texts in shared memory; see text_cells.h.
 */
#include "postgres.h"

#include "storage/shmem.h"

#include "track/freelist.h"
#include "track/text_cells.h"

#define CELL_BYTES 252 /* with the link four cache lines */

typedef struct TextCell
{
	pg_atomic_uint32 next; /* of the text, or in the list of free cells; 0 at the end */
	char bytes[CELL_BYTES];
} TextCell;

typedef struct TextPool
{
	Freelist free;
	pg_atomic_uint64 exhausted;
} TextPool;

static TextPool *pool = NULL;
static TextCell *cells = NULL; /* counted from 1 */

Size
dbops_text_cells_size(uint32 ncells)
{
	return add_size(CACHELINEALIGN(sizeof(TextPool)),
	                mul_size(sizeof(TextCell), (Size) ncells + 1));
}

void
dbops_text_cells_init(uint32 ncells)
{
	bool found;

	pool = ShmemInitStruct("dbops plan texts", dbops_text_cells_size(ncells), &found);
	cells = (TextCell *) ((char *) pool + CACHELINEALIGN(sizeof(TextPool)));
	if (found)
		return;
	dbops_freelist_init(&pool->free, ncells);
	pg_atomic_init_u64(&pool->exhausted, 0);
}

static pg_atomic_uint32 *
link_of(uint32 number)
{
	return &cells[number].next;
}

void
dbops_text_cells_release(uint32 first)
{
	dbops_freelist_push_chain(&pool->free, link_of, first);
}

uint32
dbops_text_cells_put(const char *bytes, int length)
{
	uint32 first = 0;

	/* From its end, so that each cell is linked to one that is there. */
	for (int at = (length - 1) / CELL_BYTES * CELL_BYTES; at >= 0; at -= CELL_BYTES)
	{
		uint32 number = dbops_freelist_pop(&pool->free, link_of);

		if (number == 0)
		{
			pg_atomic_fetch_add_u64(&pool->exhausted, 1);
			dbops_text_cells_release(first);
			return 0;
		}
		memcpy(cells[number].bytes, bytes + at, Min(CELL_BYTES, length - at));
		pg_atomic_write_u32(&cells[number].next, first);
		first = number;
	}
	return first;
}

void
dbops_text_cells_copy(uint32 first, char *bytes, int length)
{
	for (int at = 0; at < length; at += CELL_BYTES)
	{
		int part = Min(CELL_BYTES, length - at);

		/* A text released under us may be any chain by now, even none. */
		if (first == 0)
		{
			memset(bytes + at, ' ', length - at);
			return;
		}
		memcpy(bytes + at, cells[first].bytes, part);
		first = pg_atomic_read_u32(&cells[first].next);
	}
}

void
dbops_text_cells_state(TextCellsState *state)
{
	state->used = pg_atomic_read_u32(&pool->free.used);
	state->capacity = pool->free.capacity;
	state->exhausted = pg_atomic_read_u64(&pool->exhausted);
}
