/*
 * test/unit/ring_test.c
 *		The ring of ticks: nothing is torn, the oldest goes first, and what got lost is counted.
 *
 * sources: src/store/ring.c
 */
#include "postgres.h"

#include "storage/dsm.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/clock.h"
#include "core/guc.h"
#include "store/ring.h"

#include "tap.h"

#define RING_KB 1024
#define FAMILY 7
#define OTHER 8

int dbops_guc_ring_size = RING_KB;

/* The server's side: shared memory is this process's, and nobody contends for its lock. */
static void *shared;

void *
ShmemInitStruct(const char *name, Size size, bool *found)
{
	*found = false;
	return calloc(1, size);
}

dsm_segment *
dsm_create(Size size, int flags)
{
	shared = calloc(1, size);
	return shared;
}

dsm_segment *
dsm_attach(dsm_handle handle)
{
	return NULL;
}

void
dsm_pin_segment(dsm_segment *segment)
{
}

void
dsm_pin_mapping(dsm_segment *segment)
{
}

void *
dsm_segment_address(dsm_segment *segment)
{
	return segment;
}

dsm_handle
dsm_segment_handle(dsm_segment *segment)
{
	return 1;
}

bool
LWLockAcquire(LWLock *lock, LWLockMode mode)
{
	return true;
}

void
LWLockRelease(LWLock *lock)
{
}

void
LWLockInitialize(LWLock *lock, int tranche_id)
{
}

TimestampTz
dbops_clock_now(void)
{
	return 1000;
}

/* Appends a tick of `size` bytes that can be told from all others. */
static bool
append(int16 family, TimestampTz at, int32 size, int mark)
{
	Tick tick = {.family = family, .size = size, .at = at};
	char *data = palloc(Max(size, 1));
	bool done;

	memset(data, mark, size);
	done = dbops_ring_append(&tick, data);
	pfree(data);
	return done;
}

static bool
is_whole(const Tick *tick, const char *data, int mark)
{
	for (int32 i = 0; i < tick->size; i++)
	{
		if ((unsigned char) data[i] != (mark & 0xFF))
			return false;
	}
	return true;
}

static void
test_without_ring(void)
{
	Tick tick;
	char *data;

	dbops_ring_shmem_init();
	ok(!append(FAMILY, 1, 10, 1), "before the segment is made nothing can be appended");
	ok(!dbops_ring_next(0, RING_ANY_FAMILY, &tick, &data), "nor read");
	dbops_ring_create();
	ok(!dbops_ring_next(0, RING_ANY_FAMILY, &tick, &data), "a new ring is empty");
}

static void
test_append_and_read(void)
{
	Tick tick;
	char *data;

	ok(append(FAMILY, 5000, 10, 1) && append(OTHER, 5000, 0, 2) && append(FAMILY, 5000, 33, 3),
	   "ticks of any size are taken");
	ok(dbops_ring_next(0, RING_ANY_FAMILY, &tick, &data) && tick.seq == 1 && tick.size == 10 &&
	       is_whole(&tick, data, 1),
	   "the first is read as it was written");
	is_int(tick.boot, 1000, "it knows when the server's memory was made");
	ok(dbops_ring_next(1, FAMILY, &tick, &data) && tick.seq == 3 && is_whole(&tick, data, 3),
	   "a reader of one family gets that family's next");
	is_int(tick.at, 5001, "two ticks of a family never have the same time");
	ok(dbops_ring_next(1, OTHER, &tick, &data) && tick.at == 5000, "of two families they may");
	ok(!dbops_ring_next(3, RING_ANY_FAMILY, &tick, &data), "after the last there is none");
}

/* Sizes that fit the buffer's end never, so that the rest before it is skipped again and again. */
static void
test_wraps(void)
{
	RingState state;
	Tick tick;
	char *data;
	int64 first;
	bool dense = true;
	bool whole = true;
	bool within = true;

	for (int i = 4; i <= 3000; i++)
	{
		append(FAMILY, 10000 + i, 1 + i * 7919 % 9973, i);
		dbops_ring_state(&state);
		within &= state.used <= state.size && state.last_seq == i;
	}
	ok(within, "the ring never holds more than its size, and numbers its ticks densely");
	ok(state.first_seq > 1, "the oldest have gone");
	first = state.first_seq;
	for (int64 seq = first - 1; seq < 3000; seq++)
	{
		dense &= dbops_ring_next(seq, RING_ANY_FAMILY, &tick, &data) && tick.seq == seq + 1;
		whole &= is_whole(&tick, data, (int) tick.seq);
	}
	ok(dense, "those that are left are the latest, without a gap");
	ok(whole, "none of them is torn");
	is_int(state.first_at, 10000 + first, "the ring knows the time of the oldest");
	is_int(state.last_at, 13000, "and of the latest");
	is_int(state.lost, first - 1, "those that went before they were stored are counted");
}

static void
test_stored(void)
{
	RingState before;
	RingState after;

	dbops_ring_set_stored(3000);
	dbops_ring_set_stored(2000);
	is_int(dbops_ring_stored(), 3000, "what is stored stays stored");
	dbops_ring_state(&before);
	for (int i = 0; i < 50; i++)
		append(FAMILY, 20000 + i, 9000, i);
	dbops_ring_state(&after);
	ok(after.first_seq > before.first_seq, "more ticks displace the oldest");
	is_int(after.lost, before.lost, "to displace what is stored is no loss");
}

static void
test_too_large(void)
{
	RingState before;
	RingState after;

	dbops_ring_state(&before);
	ok(!append(FAMILY, 30000, RING_KB * 1024 / 4, 1), "a tick of a quarter of the ring is refused");
	dbops_ring_state(&after);
	is_int(after.dropped, before.dropped + 1, "and counted");
	is_int(after.last_seq, before.last_seq, "it takes no number and displaces nobody");
}

/* The index of small ticks is full long before the buffer. */
static void
test_many_small(void)
{
	RingState state;
	Tick tick;
	char *data;
	bool found;

	for (int i = 0; i < 40000; i++)
		append(FAMILY, 40000 + i, 1, i);
	dbops_ring_state(&state);
	ok(state.last_seq - state.first_seq + 1 <= 16384, "no more ticks than the index has slots for");
	found = dbops_ring_next(state.first_seq - 1, RING_ANY_FAMILY, &tick, &data);
	ok(found && tick.seq == state.first_seq && tick.at == state.first_at,
	   "and the oldest of them is where the index says");
}

int
main(void)
{
	test_without_ring();
	test_append_and_read();
	test_wraps();
	test_stored();
	test_too_large();
	test_many_small();
	free(shared);
	return tap_done();
}
