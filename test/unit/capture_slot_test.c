/*
 * test/unit/capture_slot_test.c
 *		When an execution is due for capture, who takes it, and what becomes of the memory.
 *
 * sources: src/track/capture_slot.c src/track/capture_arena.c
 */
#include "postgres.h"

#include "storage/shmem.h"

#include "core/guc.h"
#include "track/capture_arena.h"
#include "track/capture_slot.h"

#include "tap.h"

#define KILOBYTES 16
#define MILLISECOND INT64CONST(1000000)

int dbops_guc_capture_size = KILOBYTES;

void *
ShmemInitStruct(const char *name, Size size, bool *found)
{
	*found = false;
	return calloc(1, size);
}

static int64
used_bytes(void)
{
	ArenaState state;

	dbops_capture_arena_state(&state);
	return state.used_bytes;
}

/* A chain of so many bytes, each telling its place. */
static uint32
write_chain(Size size)
{
	ArenaWriter writer = {0};

	for (Size i = 0; i < size; i++)
	{
		char byte = (char) (i * 7);

		dbops_capture_arena_write(&writer, &byte, 1);
	}
	return dbops_capture_arena_finish(&writer);
}

static bool
read_chain(uint32 chain, Size size)
{
	ArenaReader reader = {.block = chain};
	char *bytes = palloc(size);

	if (!dbops_capture_arena_read(&reader, bytes, size))
		return false;
	for (Size i = 0; i < size; i++)
	{
		if (bytes[i] != (char) (i * 7))
			return false;
	}
	return true;
}

static void
test_arena(void)
{
	uint32 small = write_chain(1);
	uint32 large = write_chain(5000);
	ArenaReader reader = {.block = small};
	char bytes[1000];

	ok(read_chain(small, 1) && read_chain(large, 5000), "what is written is read");
	ok(!dbops_capture_arena_read(&reader, bytes, sizeof(bytes)), "and not more than there is");
	ok(used_bytes() >= 5001 && used_bytes() < 6000, "chains take little more than they hold");
	is_int(write_chain(KILOBYTES * 1024), 0, "what does not fit is not written");
	ok(used_bytes() < 6000, "and takes nothing");
	dbops_capture_arena_free(small);
	dbops_capture_arena_free(large);
	is_int(used_bytes(), 0, "freed chains are free");
	large = write_chain(12000);
	ok(read_chain(large, 12000), "and used again");
	dbops_capture_arena_free(large);
}

static void
test_due(void)
{
	CaptureSlot slot = {0};

	dbops_capture_slot_begin(&slot);
	ok(dbops_capture_slot_is_due(&slot, 0), "the first execution is due, however short");
	ok(dbops_capture_slot_claim(&slot, CAPTURE_UNFINISHED), "and so is the first failure");
	ok(!dbops_capture_slot_claim(&slot, CAPTURE_UNFINISHED), "but not the second");
	ok(dbops_capture_slot_claim(&slot, MILLISECOND), "what ended well is preferred to what failed");
	ok(!dbops_capture_slot_claim(&slot, CAPTURE_UNFINISHED), "not the other way round");
	ok(!dbops_capture_slot_is_due(&slot, MILLISECOND * 6 / 5), "a little slower is not worth it");
	ok(dbops_capture_slot_is_due(&slot, MILLISECOND * 2), "much slower is");
	ok(dbops_capture_slot_claim(&slot, MILLISECOND * 2), "and is taken");
	ok(!dbops_capture_slot_claim(&slot, MILLISECOND * 2), "by one session only");
	dbops_capture_slot_suspend(&slot);
	ok(!dbops_capture_slot_is_due(&slot, PG_INT64_MAX), "nothing is due while there is no room");
	dbops_capture_slot_renew(&slot);
	ok(dbops_capture_slot_is_due(&slot, 0), "all is due after the slot was renewed");
}

static void
test_exchange(void)
{
	CaptureSlot slot = {0};
	uint64 before;

	dbops_capture_slot_begin(&slot);
	before = pg_atomic_read_u64(&slot.chain);
	dbops_capture_slot_exchange(&slot, before, write_chain(2000));
	ok(read_chain((uint32) pg_atomic_read_u64(&slot.chain), 2000), "a capture is kept");
	dbops_capture_slot_exchange(&slot, before, write_chain(3000));
	ok(read_chain((uint32) pg_atomic_read_u64(&slot.chain), 2000) && used_bytes() < 3000,
	   "one that comes late is given back");
	before = pg_atomic_read_u64(&slot.chain);
	dbops_capture_slot_exchange(&slot, before, write_chain(1000));
	ok(read_chain((uint32) pg_atomic_read_u64(&slot.chain), 1000) && used_bytes() < 2000,
	   "a later one takes the place, and the memory of the one before is free");
	before = pg_atomic_read_u64(&slot.chain);
	dbops_capture_slot_drop(&slot);
	is_int(used_bytes(), 0, "a dropped capture is free");
	dbops_capture_slot_exchange(&slot, before, write_chain(1000));
	ok(used_bytes() == 0 && (uint32) pg_atomic_read_u64(&slot.chain) == 0,
	   "who began before that does not put one there");
	before = pg_atomic_read_u64(&slot.chain);
	dbops_capture_slot_begin(&slot);
	dbops_capture_slot_exchange(&slot, before, write_chain(1000));
	is_int(used_bytes(), 0, "nor into the slot of another statement");
}

static void
test_off(void)
{
	CaptureSlot slot = {0};

	dbops_guc_capture_size = 0;
	dbops_capture_slot_begin(&slot);
	ok(!dbops_capture_slot_is_due(&slot, PG_INT64_MAX), "without memory nothing is ever due");
}

int
main(void)
{
	dbops_capture_arena_shmem_init();
	test_arena();
	test_due();
	test_exchange();
	test_off();
	return tap_done();
}
