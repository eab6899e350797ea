/*
 * test/unit/outbox_test.c
 *		Names are kept until they are stored, whatever the ring does with them.
 *
 * sources: src/collect/outbox.c
 */
#include "postgres.h"

#include "collect/outbox.h"
#include "core/clock.h"
#include "store/ring.h"
#include "tap.h"

#define NAME_BYTES 1024

/* A ring that stores and overwrites when told to. */
static RingState ring = {.size = 1024 * 1024, .first_seq = 1};
static int64 appended_bytes = 0;

bool
dbops_ring_append(Tick *tick, const void *data)
{
	tick->seq = ++ring.last_seq;
	appended_bytes += tick->size;
	return true;
}

void
dbops_ring_state(RingState *state)
{
	*state = ring;
}

int64
dbops_ring_stored(void)
{
	return ring.stored_seq;
}

TimestampTz
dbops_clock_now(void)
{
	return 1;
}

void
dbops_object_batch_append(StringInfo batch, const NamedObject *objects, int nobjects)
{
	char name[NAME_BYTES] = {0};

	appendBinaryStringInfo(batch, name, sizeof(name));
}

static int
put(int names)
{
	const NamedObject name = {.class = OBJECT_CLASS_RELATION};
	int taken = 0;

	while (taken < names && dbops_outbox_put(&name))
		taken++;
	return taken;
}

int
main(void)
{
	int64 once;

	ok(dbops_outbox_is_empty() && !dbops_outbox_post(), "without names nothing is posted");
	is_int(put(1000), 1000, "names are taken");
	ok(dbops_outbox_is_due() && dbops_outbox_post(), "they go into the ring");
	ok(appended_bytes <= ring.size / 4, "a quarter of it at most");
	once = appended_bytes;
	ok(!dbops_outbox_is_due() && !dbops_outbox_post(), "nothing follows before they are stored");

	ring.first_seq = ring.last_seq;
	ok(!dbops_outbox_post(), "nor when they were overwritten and nothing can be stored");
	ring.stored_seq = ring.last_seq;
	ok(dbops_outbox_post(), "once storing works again");
	is_int(appended_bytes, 2 * once, "those overwritten go once more");

	is_int(put(1), 1, "a name that comes meanwhile");
	while (ring.stored_seq < ring.last_seq)
	{
		ring.stored_seq = ring.last_seq;
		dbops_outbox_post();
	}
	ok(dbops_outbox_is_empty(), "all are stored in the end");
	is_int(appended_bytes - once, 1001 * NAME_BYTES, "each once, apart from those overwritten");

	ok(put(1 << 20) < 8192, "memory is bounded");
	ok(!dbops_outbox_is_empty() && put(1) == 0, "what does not fit is refused");
	return tap_done();
}
