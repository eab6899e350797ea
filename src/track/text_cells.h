/*
 * track/text_cells.h
 *		Texts in shared memory: cells of a pool, linked, taken and given back without a lock.
 *
 * A file of its own because it knows nothing of whose texts they are.  The pool is bounded: when it
 * is empty, a text is not kept, and that is counted.
 */
#pragma once

typedef struct TextCellsState
{
	int64 used; /* cells */
	int64 capacity;
	int64 exhausted; /* texts that found no room */
} TextCellsState;

extern Size dbops_text_cells_size(uint32 ncells);

/* Makes or attaches the pool; under AddinShmemInitLock. */
extern void dbops_text_cells_init(uint32 ncells);

/* Keeps a text and returns the number of its first cell; 0 when there is no room. */
extern uint32 dbops_text_cells_put(const char *bytes, int length);

/* Gives the cells back.  Somebody may still read them, and must find out. */
extern void dbops_text_cells_release(uint32 first);

/*
 * Copies a text of `length` bytes.  What it copies is worth something only if the text was not
 * released meanwhile.
 */
extern void dbops_text_cells_copy(uint32 first, char *bytes, int length);

extern void dbops_text_cells_state(TextCellsState *state);
