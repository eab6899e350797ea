/*
 * store/chunk_scan.h
 *		Reading a stored chunk block by block, and only the blocks that can matter.
 *
 * A file of its own because it joins what knows the tables (store/scan.h) with what knows the
 * format (store/chunk.h): of the data, which is out of line, only slices are fetched.
 */
#pragma once

#include "store/chunk.h"
#include "store/damage.h"
#include "store/history.h"
#include "store/scan.h"

typedef struct ChunkScan
{
	MemoryContext context; /* reset with each chunk; made by the owner */
	ChunkHead *head;       /* NULL when none is open */
	TimestampTz at;        /* start of its window */
	TimestampTz from;      /* the part of it that counts */
	TimestampTz to;
	int64 step_us;
	Datum data; /* not detoasted */
	StoredPlace place;
	int block;
	const bool *blocks; /* which to read; NULL = all */
} ChunkScan;

/* Opens a chunk stored under scan->place for the entities of the query. */
extern void dbops_chunk_scan_open(ChunkScan *scan, const HistoryQuery *query, const Stored *stored,
                                  int64 step_us);

/*
 * Reads the next block into rows, which are reset first.  The filter may be NULL.  False at the
 * end.  Temporary memory is left in the current context.
 */
extern bool dbops_chunk_scan_next(ChunkScan *scan, const bool *wanted, const EntityFilter *filter,
                                  ChunkRows *rows);

static inline TimestampTz
dbops_chunk_scan_slot(const ChunkScan *scan, int slot)
{
	return scan->at + scan->head->slots[slot].number * scan->step_us;
}

/* Whether a slot is in the part that counts. */
static inline bool
dbops_chunk_scan_has(const ChunkScan *scan, int slot)
{
	TimestampTz at = dbops_chunk_scan_slot(scan, slot);

	return at >= scan->from && at < scan->to;
}
