/*
 * store/ring.h
 *		The ring of recent ticks in shared memory.
 *
 * Every tick of every family goes here first, on every node; the keeper moves them into tables when
 * it can.  What cannot be stored (full disk, standby, extension missing) is simply not stored yet,
 * and readers find it here.  The ring is one dynamic shared memory segment of dbops.ring_size, made
 * by the sampler; records are contiguous, the oldest are overwritten.  One LWLock: writers take it
 * exclusively for a memcpy, readers shared for a memcpy, nobody over an error or a wait.
 */
#pragma once

#include "store/family.h"

#define TICK_QUIET 1 /* nobody but dbops was active over the span */
#define TICK_LATE 2  /* counters include work of a transaction begun before the span */
#define TICK_KEY 4   /* all entities, not only those that changed */
#define TICK_BASE 8  /* first tick after a start: gauges only, nothing to subtract from */

/* What identifies and describes a tick. */
typedef struct Tick
{
	int16 family;
	uint16 flags;
	int32 size; /* of the data that follows */
	int64 boot; /* when this server's shared memory was made: counters never cross it */
	int64 seq;  /* counts up within a boot */
	TimestampTz at;
	int64 covers_us; /* time since the family's previous tick, by the monotonic clock */
} Tick;

extern Size dbops_ring_shmem_size(void);
extern void dbops_ring_shmem_init(void);

/* Makes the segment if there is none; for the sampler, outside any transaction. */
extern void dbops_ring_create(void);

/* Whether this process can use the ring; attaches on first use. */
extern bool dbops_ring_attach(void);

/*
 * Appends a tick; sets its boot and seq, and moves `at` by a microsecond where the family's last
 * tick has the very same, as (node, family, at) identifies a tick.  Returns false when there is no
 * ring, or when the data is larger than a quarter of it, which counts as a drop.
 */
extern bool dbops_ring_append(Tick *tick, const void *data);

#define RING_ANY_FAMILY (-1)

/*
 * Copies the first tick with seq > after of the family (or RING_ANY_FAMILY) into *tick and,
 * palloc'd, *data. Returns false when there is none.
 */
extern bool dbops_ring_next(int64 after, int16 family, Tick *tick, char **data);

/* Sequence number up to which ticks are stored in tables; set after the commit. */
extern int64 dbops_ring_stored(void);
extern void dbops_ring_set_stored(int64 seq);

extern int64 dbops_ring_boot(void);

/* What status() and the self family report. */
typedef struct RingState
{
	Size size;
	Size used;
	int64 first_seq;
	int64 last_seq;
	int64 stored_seq;
	TimestampTz first_at;
	TimestampTz last_at;
	int64 dropped; /* ticks larger than the ring takes */
	int64 lost;    /* ticks overwritten before they were stored */
} RingState;

extern void dbops_ring_state(RingState *state);
