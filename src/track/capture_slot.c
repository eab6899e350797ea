/*
 * track/capture_slot.c
 *		What the slot of a statement knows about its capture; see capture_slot.h.
 *
 * Who takes a capture claims it first, by compare-and-swap of the duration from which on the next
 * one is due: of many sessions that run the statement at once, one does the work.
 */
#include "postgres.h"

#include "core/guc.h"
#include "track/capture_arena.h"
#include "track/capture_slot.h"

#define DUE_NEVER PG_UINT64_MAX
#define SLOWER_BY 4 /* by a quarter: then a statement that slows down is captured now and then */

void
dbops_capture_slot_begin(CaptureSlot *slot)
{
	dbops_capture_slot_drop(slot);
	pg_atomic_write_u64(&slot->due_from, dbops_guc_capture_size > 0 ? 0 : DUE_NEVER);
}

void
dbops_capture_slot_renew(CaptureSlot *slot)
{
	pg_atomic_write_u64(&slot->due_from, 0);
}

void
dbops_capture_slot_suspend(CaptureSlot *slot)
{
	pg_atomic_write_u64(&slot->due_from, DUE_NEVER);
}

bool
dbops_capture_slot_claim(CaptureSlot *slot, int64 ns)
{
	bool finished = ns != CAPTURE_UNFINISHED;
	uint64 due_from = pg_atomic_read_u64(&slot->due_from);
	/* Whatever ended well is worth more than what failed. */
	uint64 next = finished ? (uint64) ns + (uint64) ns / SLOWER_BY + 1 : 1;

	return due_from <= (finished ? (uint64) ns : 0) &&
	       pg_atomic_compare_exchange_u64(&slot->due_from, &due_from, next);
}

void
dbops_capture_slot_exchange(CaptureSlot *slot, uint64 before, uint32 chain)
{
	uint64 after = (((before >> 32) + 1) << 32) | chain;
	bool exchanged = pg_atomic_compare_exchange_u64(&slot->chain, &before, after);

	dbops_capture_arena_free(exchanged ? (uint32) before : chain);
}

void
dbops_capture_slot_drop(CaptureSlot *slot)
{
	uint64 before = pg_atomic_read_u64(&slot->chain);

	/* Counts a change even if there is no chain: somebody may be about to put one there. */
	while (!pg_atomic_compare_exchange_u64(&slot->chain, &before, ((before >> 32) + 1) << 32))
		continue;
	dbops_capture_arena_free((uint32) before);
	slot->captured_at = 0;
	slot->bytes = 0;
}
