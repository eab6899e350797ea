/*
 * test/unit/quiet_test.c
 *		Ticks of a quiet time become one per family for five minutes; others stay as they are.
 *
 * sources: src/store/quiet.c src/store/codec.c src/store/text_column.c src/store/integer_column.c
 * sources: src/store/histogram_column.c
 * sources: src/store/rice.c src/store/grouped_column.c
 * sources: src/store/merge.c src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "store/codec.h"
#include "store/quiet.h"
#include "store/registry.h"

#include "tap.h"

static const Label labels[] = {{"id", LABEL_OID, NAMES_NONE, "id"}};
static const Metric metrics[] = {
    {1, "reads", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "reads"},
    {2, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_LAST, "size"},
};
static const Family first = {
    .id = 1, .name = "first", .labels = labels, .nlabels = 1, .metrics = metrics, .nmetrics = 2};
static const Family second = {
    .id = 2, .name = "second", .labels = labels, .nlabels = 1, .metrics = metrics, .nmetrics = 2};
static const Family *const families[] = {&first, &second};

#define MINUTE USECS_PER_MINUTE

/* A tick at `minute` with one read by each of two entities. */
static void
add(TickBatch *batch, const Family *family, int minute, uint16 flags)
{
	Frame *frame = dbops_frame_create(family);
	StringInfo data = makeStringInfo();
	Tick tick = {.family = family->id,
	             .flags = flags,
	             .at = minute * MINUTE,
	             .covers_us = MINUTE,
	             .seq = batch->count + 1};

	for (int id = 1; id <= 2; id++)
	{
		EntityKey key = {.num = {id}};
		int64 *values = dbops_frame_add(frame, &key, NULL);

		values[0] = 1;
		values[1] = minute;
	}
	dbops_codec_encode(frame, data);
	tick.size = data->len;
	dbops_quiet_add(batch, &tick, data->data);
	dbops_frame_free(frame);
}

static void
test_runs(void)
{
	TickBatch batch = {0};
	Frame *frame = dbops_frame_create(&first);
	const Tick *tick;

	for (int minute = 1; minute <= 7; minute++)
	{
		add(&batch, &first, minute, TICK_QUIET | (minute == 2 ? TICK_LATE : 0));
		add(&batch, &second, minute, minute == 3 ? 0 : TICK_QUIET);
	}
	dbops_quiet_merge(&batch);

	is_int(batch.count, 5, "runs become one tick for five minutes");
	tick = &batch.ticks[2];
	ok(tick->family == 1 && tick->at == 5 * MINUTE && tick->seq == 9,
	   "a merged tick has time and number of its last");
	is_int(tick->covers_us, 5 * MINUTE, "it covers all of them");
	ok((tick->flags & TICK_QUIET) && (tick->flags & TICK_LATE), "it has the flags of any");
	dbops_codec_decode(batch.data[2], tick->size, NULL, frame);
	is_int(frame->nrows, 2, "an entity is in it once");
	is_int(dbops_frame_row(frame, 0)[0], 5, "its counters are summed");
	is_int(dbops_frame_row(frame, 1)[1], 5, "its gauges are the last");

	ok(batch.ticks[0].family == 2 && batch.ticks[0].at == 2 * MINUTE &&
	       batch.ticks[1].at == 3 * MINUTE && batch.ticks[1].flags == 0,
	   "an active tick ends the run of its family, and stays as it is");
	ok(batch.ticks[3].at == 7 * MINUTE && batch.ticks[3].covers_us == 2 * MINUTE &&
	       batch.ticks[4].family == 2 && batch.ticks[4].covers_us == 4 * MINUTE,
	   "what is left at the end is merged too");
	for (int i = 1; i < batch.count; i++)
		ok(batch.ticks[i].seq > batch.ticks[i - 1].seq, "ticks stay in order");
}

static void
test_activity(void)
{
	TickBatch batch = {0};
	bool untouched = true;

	for (int minute = 1; minute <= 100; minute++)
		add(&batch, &first, minute, 0);
	dbops_quiet_merge(&batch);
	is_int(batch.count, 100, "nothing is merged while somebody is active");
	for (int i = 0; i < batch.count; i++)
		untouched &= batch.ticks[i].at == (i + 1) * MINUTE && batch.ticks[i].covers_us == MINUTE;
	ok(untouched, "ticks of an active time are stored as taken");
}

int
main(void)
{
	dbops_registry_set(families, lengthof(families));
	test_runs();
	test_activity();
	return tap_done();
}
