/*
 * track/capture_slot.h
 *		What the slot of a statement knows about its capture.
 *
 * Apart from captures.h, because statements.c only keeps it, and asks on each execution whether
 * another capture is due: that is one comparison.
 */
#pragma once

#include "datatype/timestamp.h"
#include "port/atomics.h"

/* A duration is not known: the statement failed, or is still under way. */
#define CAPTURE_UNFINISHED (-1)

typedef struct CaptureSlot
{
	pg_atomic_uint64 due_from; /* an execution of so many ns or more is to be captured */
	pg_atomic_uint64 chain;    /* in the arena, or 0; in the upper half, how often it changed */
	TimestampTz captured_at;
	uint32 bytes; /* of the chain */
} CaptureSlot;

static inline bool
dbops_capture_slot_is_due(CaptureSlot *slot, int64 ns)
{
	return unlikely((uint64) ns >= pg_atomic_read_u64(&slot->due_from));
}

/* For a new statement: nothing is captured yet. */
extern void dbops_capture_slot_begin(CaptureSlot *slot);

/* Makes the next execution, of whatever duration, due for capture. */
extern void dbops_capture_slot_renew(CaptureSlot *slot);

/* Makes none due until it is renewed. */
extern void dbops_capture_slot_suspend(CaptureSlot *slot);

/* Whether it is for the caller, who found it due, to capture an execution that took so long. */
extern bool dbops_capture_slot_claim(CaptureSlot *slot, int64 ns);

/*
 * Puts a chain in the place of the one that was there when `before` was read from slot->chain.  If
 * another came first, or the statement was evicted, the new chain is given back.
 */
extern void dbops_capture_slot_exchange(CaptureSlot *slot, uint64 before, uint32 chain);

/* Gives the chain back. */
extern void dbops_capture_slot_drop(CaptureSlot *slot);
