/*
 * collect/outbox.c
 *		Names on their way to dbops.object; see outbox.h.
 *
 * A file of its own because it knows the ring and the dictionary does not.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "collect/outbox.h"
#include "core/clock.h"
#include "store/ring.h"

/* Names that wait, in bytes. */
#define OUTBOX_MAX (4 * 1024 * 1024)

/* A batch that has so many bytes is full; with most last names it stays below a power of two. */
#define BATCH_BYTES (31 * 1024)

/* A flight: so many batches at most, and no more than this part of the ring. */
#define FLIGHT_BATCHES 16
#define FLIGHT_OF_RING 4

typedef struct Batch
{
	dlist_node node;
	StringInfoData data;
} Batch;

/* The first batches of the queue, while they are in the ring. */
typedef struct Flight
{
	int batches; /* 0: none under way */
	int64 first_seq;
	int64 last_seq;
	int64 stored_seq; /* as of the last look */
	bool lost;        /* some were overwritten, or may have been, before they were stored */
} Flight;

static MemoryContext outbox_context = NULL;
static dlist_head queue = DLIST_STATIC_INIT(queue);
static int nbatches = 0;
static Size waiting_bytes = 0;
static Flight flight = {0};

static Batch *
begin_batch(void)
{
	Batch *batch = palloc(sizeof(Batch));

	initStringInfo(&batch->data);
	dlist_push_tail(&queue, &batch->node);
	nbatches++;
	return batch;
}

/* The batch that takes the next name: the last one, unless it is full or in the ring. */
static Batch *
open_batch(void)
{
	Batch *last = nbatches > flight.batches ? dlist_tail_element(Batch, node, &queue) : NULL;

	return last == NULL || last->data.len >= BATCH_BYTES ? begin_batch() : last;
}

bool
dbops_outbox_put(const NamedObject *name)
{
	MemoryContext old;
	Batch *batch;
	int before;

	if (waiting_bytes >= OUTBOX_MAX)
		return false;
	if (outbox_context == NULL)
		outbox_context =
		    AllocSetContextCreate(TopMemoryContext, "dbops outbox", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(outbox_context);
	batch = open_batch();
	before = batch->data.len;
	dbops_object_batch_append(&batch->data, name, 1);
	waiting_bytes += batch->data.len - before;
	MemoryContextSwitchTo(old);
	return true;
}

bool
dbops_outbox_is_empty(void)
{
	return nbatches == 0;
}

bool
dbops_outbox_is_due(void)
{
	return nbatches > 0 && (flight.batches == 0 || dbops_ring_stored() >= flight.last_seq);
}

static void
remove_first(void)
{
	Batch *batch = dlist_container(Batch, node, dlist_pop_head_node(&queue));

	nbatches--;
	waiting_bytes -= batch->data.len;
	pfree(batch->data.data);
	pfree(batch);
}

/*
 * Ends the flight when it is over; whether there is none any more.  What is gone from the ring and
 * was not yet stored at the last look may have been lost: it counts as such.
 */
static bool
end_flight(const RingState *ring)
{
	if (flight.batches == 0)
		return true;
	flight.lost |= ring->first_seq > Max(flight.first_seq, flight.stored_seq + 1);
	flight.stored_seq = ring->stored_seq;
	if (ring->stored_seq < flight.last_seq)
		return false;
	for (int i = 0; !flight.lost && i < flight.batches; i++)
		remove_first();
	memset(&flight, 0, sizeof(flight));
	return true;
}

bool
dbops_outbox_post(void)
{
	RingState ring;
	Size bytes = 0;
	dlist_iter iter;

	if (nbatches == 0)
		return false;
	dbops_ring_state(&ring);
	if (!end_flight(&ring))
		return false;
	flight.stored_seq = ring.stored_seq;
	dlist_foreach(iter, &queue)
	{
		const Batch *batch = dlist_container(Batch, node, iter.cur);
		Tick tick = {.family = OBJECTS_FAMILY, .size = batch->data.len, .at = dbops_clock_now()};

		bytes += batch->data.len;
		if (flight.batches == FLIGHT_BATCHES ||
		    (flight.batches > 0 && bytes > ring.size / FLIGHT_OF_RING) ||
		    !dbops_ring_append(&tick, batch->data.data))
			break;
		if (flight.batches++ == 0)
			flight.first_seq = tick.seq;
		flight.last_seq = tick.seq;
	}
	return flight.batches > 0;
}
