/*
 * test/unit/shipping_test.c
 *		What leaves the ring of a standby: in order, nothing but samples and texts of statements, and
 *		of a quiet time not before it is worth it.
 *
 * sources: src/store/shipping.c src/store/quiet.c src/store/codec.c src/store/text_column.c
 * sources: src/store/integer_column.c src/store/histogram_column.c src/store/rice.c
 * sources: src/store/grouped_column.c src/store/merge.c src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "core/clock.h"
#include "store/codec.h"
#include "store/registry.h"
#include "store/shipping.h"

#include "tap.h"

#define MINUTE USECS_PER_MINUTE
#define RECORDS 3000

static const Metric metrics[] = {
    {1, "reads", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "reads"},
};
static const Family family = {.id = 1, .name = "first", .metrics = metrics, .nmetrics = 1};
static const Family *const families[] = {&family};

/* The ring: what is in it, by number from `first` on. */
static struct
{
	Tick tick;
	char *data;
} records[RECORDS];
static int nrecords;
static int64 first;
static TimestampTz now;

TimestampTz
dbops_clock_now(void)
{
	return now;
}

bool
dbops_ring_next(int64 after, int16 wanted, Tick *tick, char **data)
{
	int64 seq = Max(after + 1, first);

	if (seq >= first + nrecords)
		return false;
	*tick = records[seq - first].tick;
	*data = records[seq - first].data;
	return true;
}

void
dbops_ring_state(RingState *state)
{
	memset(state, 0, sizeof(*state));
	state->first_seq = first;
}

static void
put(const Tick *tick, char *data)
{
	records[nrecords].tick = *tick;
	records[nrecords].tick.seq = first + nrecords;
	records[nrecords++].data = data;
}

bool
dbops_ring_append(Tick *tick, const void *data)
{
	put(tick, memcpy(palloc(tick->size), data, tick->size));
	return true;
}

/* A batch of names is here its class, as often as there are names. */
void
dbops_object_batch_append(StringInfo batch, const NamedObject *objects, int nobjects)
{
	for (int i = 0; i < nobjects * 1000; i++)
		appendStringInfoChar(batch, objects[0].class);
}

char
dbops_object_batch_class(const char *data, Size size)
{
	return size > 0 ? data[0] : 0;
}

static void
begin(int64 seq)
{
	nrecords = 0;
	first = seq;
}

static void
sample(int minute, uint16 flags)
{
	Frame *frame = dbops_frame_create(&family);
	StringInfo data = makeStringInfo();
	Tick tick = {.family = family.id, .flags = flags, .at = minute * MINUTE, .covers_us = MINUTE};

	dbops_frame_add(frame, &(EntityKey){{0}}, NULL)[0] = 1;
	dbops_codec_encode(frame, data);
	tick.size = data->len;
	put(&tick, data->data);
	dbops_frame_free(frame);
}

static void
names(char class)
{
	Tick tick = {.family = OBJECTS_FAMILY, .size = 1};

	put(&tick, memcpy(palloc(1), &class, 1));
}

static const char *
shipped(int64 after)
{
	static char list[256];
	Consignment consignment;
	int used = 0;

	dbops_shipping_read(after, &consignment);
	list[0] = '\0';
	for (int i = 0; i < consignment.ticks.count; i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%d", i > 0 ? " " : "",
		                 (int) consignment.ticks.ticks[i].seq);
	return list;
}

static void
test_order(void)
{
	begin(1);
	now = 10 * MINUTE;
	sample(8, 0);
	names(OBJECT_CLASS_STATEMENT);
	sample(9, 0);
	names(OBJECT_CLASS_RELATION);
	names(OBJECT_CLASS_STATEMENT);
	sample(10, 0);
	is_str(shipped(0), "1 2 3 5 6", "samples and texts go in order, other names do not");
	is_str(shipped(3), "5 6", "after a number, what comes after it");
	is_str(shipped(6), "", "after the last there is nothing");
}

static void
test_quiet(void)
{
	Consignment consignment;

	begin(1);
	for (int minute = 1; minute <= 4; minute++)
		sample(minute, TICK_QUIET);
	now = 6 * MINUTE - 1;
	is_str(shipped(0), "", "a quiet time waits until it is worth it");
	now = 6 * MINUTE;
	is_str(shipped(0), "4", "then it is one sample");
	dbops_shipping_read(0, &consignment);
	is_int(consignment.ticks.ticks[0].covers_us, 4 * MINUTE, "that covers all of it");
	now = 5 * MINUTE;
	sample(5, 0);
	is_str(shipped(0), "4 5", "it does not wait once somebody is active");
	names(OBJECT_CLASS_STATEMENT);
	is_str(shipped(5), "6", "a text does not wait either");
}

static void
test_bounds(void)
{
	Consignment consignment;

	begin(1);
	now = RECORDS * MINUTE;
	for (int i = 0; i < RECORDS; i++)
		sample(i, 0);
	dbops_shipping_read(0, &consignment);
	ok(consignment.more && consignment.ticks.count > 0 && consignment.ticks.count < RECORDS,
	   "no more than so many go at once");
	is_int(consignment.ticks.ticks[consignment.ticks.count - 1].seq, consignment.ticks.count,
	       "the oldest first");
	dbops_shipping_read(RECORDS - 10, &consignment);
	ok(!consignment.more && consignment.ticks.count == 10, "the rest is told to be the last");
}

static void
test_missed(void)
{
	Consignment consignment;

	begin(101);
	now = MINUTE;
	sample(1, 0);
	dbops_shipping_read(90, &consignment);
	is_int(consignment.missed, 10, "what was overwritten is counted");
	is_int(consignment.ticks.ticks[0].seq, 101, "and what is there is shipped");
	dbops_shipping_read(100, &consignment);
	is_int(consignment.missed, 0, "nothing was if the next one is there");
	dbops_shipping_read(0, &consignment);
	is_int(consignment.missed, 0, "what was before the first delivery is not missed");
}

static void
test_texts(void)
{
	NamedObject statements[200];
	int bytes = 0;

	for (int i = 0; i < 200; i++)
		statements[i] = (NamedObject){.class = OBJECT_CLASS_STATEMENT};
	begin(1);
	dbops_shipping_add_texts(statements, 0);
	is_int(nrecords, 0, "no texts are no record");
	dbops_shipping_add_texts(statements, 200);
	for (int i = 0; i < nrecords; i++)
		bytes += records[i].tick.size;
	is_int(bytes, 200000, "all texts go into the ring");
	is_int(nrecords, 4, "in records of a size");
}

int
main(void)
{
	dbops_registry_set(families, lengthof(families));
	test_order();
	test_quiet();
	test_bounds();
	test_missed();
	test_texts();
	return tap_done();
}
