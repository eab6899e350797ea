/*
 * store/chunk_scan.c
 *		Reading a stored chunk block by block; see chunk_scan.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "store/chunk_scan.h"
#include "store/merge.h"

/* With more values than this for the identity label, all blocks are read. */
#define MAX_IDENTITIES 256

/* The blocks in which the entities asked for can be; NULL for all. */
static const bool *
choose_blocks(const HistoryQuery *query, int nblocks)
{
	int identity = dbops_merge_identity(query->family);
	const LabelFilter *label = identity < 0 ? NULL : &query->labels[identity];
	bool *blocks;

	if (label == NULL || label->nvalues < 0 || label->nvalues > MAX_IDENTITIES)
		return NULL;
	blocks = palloc0(sizeof(bool) * nblocks);
	for (int i = 0; i < label->nvalues; i++)
		blocks[dbops_chunk_block(dbops_merge_hash_identity(label->values[i]), nblocks)] = true;
	return blocks;
}

void
dbops_chunk_scan_open(ChunkScan *scan, const HistoryQuery *query, const Stored *stored,
                      int64 step_us)
{
	MemoryContext old;
	DamageScope scope;
	bytea *head;

	MemoryContextReset(scan->context);
	old = MemoryContextSwitchTo(scan->context);
	dbops_damage_enter(&scope, scan->place);
	head = DatumGetByteaPP(stored->head);
	scan->head = dbops_chunk_read_head(query->family, VARDATA_ANY(head), VARSIZE_ANY_EXHDR(head));
	dbops_damage_leave(&scope);
	scan->at = stored->at;
	scan->step_us = step_us;
	scan->data = datumCopy(stored->data, false, -1);
	scan->block = 0;
	scan->blocks = choose_blocks(query, scan->head->nblocks);
	MemoryContextSwitchTo(old);
}

bool
dbops_chunk_scan_next(ChunkScan *scan, const bool *wanted, const EntityFilter *filter,
                      ChunkRows *rows)
{
	const ChunkHead *head = scan->head;
	DamageScope scope;
	bytea *slice;
	Size start;
	Size size;

	while (scan->block < head->nblocks &&
	       ((scan->blocks != NULL && !scan->blocks[scan->block]) ||
	        head->offsets[scan->block] == head->offsets[scan->block + 1]))
		scan->block++;
	if (scan->block >= head->nblocks)
		return false;

	start = head->offsets[scan->block];
	size = head->offsets[++scan->block] - start;
	dbops_frame_reset(rows->frame);
	rows->slots = NULL;
	rows->capacity = 0;
	dbops_damage_enter(&scope, scan->place);
	slice = DatumGetByteaPSlice(scan->data, (int32) start, (int32) size);
	if (VARSIZE_ANY_EXHDR(slice) != size)
		dbops_corrupted("a chunk is shorter than its head says");
	dbops_chunk_read_block(head, dbops_reader(VARDATA_ANY(slice), size), wanted, filter, rows);
	dbops_damage_leave(&scope);
	return true;
}
