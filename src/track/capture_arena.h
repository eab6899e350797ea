/*
 * track/capture_arena.h
 *		Shared memory for texts of any length: chains of small blocks.
 *
 * Knows bytes only.  Like freelist.h it takes no lock, waits for nobody and never fails but by
 * finding no room.  A chain belongs to whoever holds its number, and is read by anybody: a reader
 * finds out afterwards whether it stood still, so until then it must not believe what it read.
 */
#pragma once

#include "port/atomics.h"

/* A chain being written. */
typedef struct ArenaWriter
{
	uint32 first; /* 0: nothing yet */
	uint32 last;
	uint32 used; /* bytes of the last block */
	Size bytes;  /* the chain takes */
	bool failed; /* there was no room: what was written is gone */
} ArenaWriter;

/* A chain being read. */
typedef struct ArenaReader
{
	uint32 block; /* 0: at the end */
	uint32 used;  /* bytes of it read */
} ArenaReader;

typedef struct ArenaState
{
	int64 used_bytes;
	int64 capacity_bytes; /* 0: there is no arena */
	int64 refused;
} ArenaState;

extern Size dbops_capture_arena_shmem_size(void);
extern void dbops_capture_arena_shmem_init(void);

/* Appends; once there is no room, that and all later calls do nothing. */
extern void dbops_capture_arena_write(ArenaWriter *writer, const void *data, Size size);

/* The number of the chain, which is now the caller's; 0 if there was no room for it. */
extern uint32 dbops_capture_arena_finish(ArenaWriter *writer);

/* Gives back a chain that nobody finds any more. */
extern void dbops_capture_arena_free(uint32 first);

/* Reads the next `size` bytes; false when the chain is shorter. */
extern bool dbops_capture_arena_read(ArenaReader *reader, void *data, Size size);

/* Counts what did without, for want of room. */
extern void dbops_capture_arena_count_refused(void);

extern void dbops_capture_arena_state(ArenaState *state);
