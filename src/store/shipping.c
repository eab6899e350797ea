/*
 * store/shipping.c
 *		Ticks of a standby on their way to its primary; see shipping.h.
 */
#include "postgres.h"

#include "core/clock.h"
#include "store/registry.h"
#include "store/shipping.h"

/* What one delivery takes on. */
#define MAX_TICKS 2000
#define MAX_BYTES (1024 * 1024)

/* Texts in one record of the ring. */
#define TEXT_BYTES (64 * 1024)

/* What the ring has, apart. */
typedef struct Load
{
	TickBatch ticks;
	TickBatch texts;
	bool full;
	bool active; /* somebody but dbops was */
} Load;

static void
read_ring(int64 after, Load *load)
{
	Size bytes = 0;
	int read;
	Tick tick;
	char *data;

	for (read = 0; read < MAX_TICKS && bytes < MAX_BYTES &&
	               dbops_ring_next(after, RING_ANY_FAMILY, &tick, &data);
	     read++)
	{
		after = tick.seq;
		if (dbops_registry_by_id(tick.family) != NULL)
			dbops_quiet_add(&load->ticks, &tick, data);
		else if (tick.family == OBJECTS_FAMILY &&
		         dbops_object_batch_class(data, tick.size) == OBJECT_CLASS_STATEMENT)
			dbops_quiet_add(&load->texts, &tick, data);
		else
			continue;
		bytes += tick.size;
		load->active |= (tick.flags & TICK_QUIET) == 0;
	}
	load->full = read == MAX_TICKS || bytes >= MAX_BYTES;
}

/* Ticks of a quiet time wait, as they do before they are stored. */
static bool
is_worth_it(const Load *load)
{
	return load->active ||
	       (load->ticks.count > 0 && dbops_clock_now() - load->ticks.ticks[0].at >= QUIET_SPAN_US);
}

/* Both by seq. */
static void
interleave(const TickBatch *a, const TickBatch *b, TickBatch *all)
{
	int i = 0;
	int k = 0;

	while (i < a->count || k < b->count)
	{
		bool from_a = k == b->count || (i < a->count && a->ticks[i].seq < b->ticks[k].seq);

		if (from_a)
			dbops_quiet_add(all, &a->ticks[i], a->data[i]);
		else
			dbops_quiet_add(all, &b->ticks[k], b->data[k]);
		i += from_a;
		k += !from_a;
	}
}

void
dbops_shipping_read(int64 after, Consignment *consignment)
{
	Load load = {.full = false};
	RingState ring;

	memset(consignment, 0, sizeof(*consignment));
	dbops_ring_state(&ring);
	if (after > 0)
		consignment->missed = Max(ring.first_seq - after - 1, 0);
	read_ring(after, &load);
	if (!is_worth_it(&load))
		return;
	dbops_quiet_merge(&load.ticks);
	interleave(&load.ticks, &load.texts, &consignment->ticks);
	consignment->more = load.full;
}

static void
flush(StringInfo batch)
{
	Tick tick = {.family = OBJECTS_FAMILY, .size = batch->len, .at = dbops_clock_now()};

	if (batch->len > 0)
		(void) dbops_ring_append(&tick, batch->data);
	resetStringInfo(batch);
}

void
dbops_shipping_add_texts(const NamedObject *statements, int count)
{
	StringInfo batch = makeStringInfo();

	for (int i = 0; i < count; i++)
	{
		dbops_object_batch_append(batch, &statements[i], 1);
		if (batch->len > TEXT_BYTES)
			flush(batch);
	}
	flush(batch);
}
