/*
 * test/unit/frame_test.c
 *		Frames: rows of entities, sorted by key, owned by a context that reset empties.
 *
 * sources: src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "store/frame.h"
#include "store/registry.h"

#include "tap.h"

static const Label labels[] = {{"database", LABEL_OID, NAMES_DATABASE, "database"},
                               {"name", LABEL_TEXT, NAMES_NONE, "name"}};
static const Metric metrics[] = {{1, "calls", METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, "calls"},
                                 {2, "size", METRIC_GAUGE, "bytes", 0, ROLLUP_DEFAULT, "size"}};
static const Family family = {.id = 1,
                              .name = "thing",
                              .labels = labels,
                              .nlabels = lengthof(labels),
                              .metrics = metrics,
                              .nmetrics = lengthof(metrics)};

static void
add_entity(Frame *frame, int64 database, const char *name, int64 calls)
{
	EntityKey key = {.num = {database}};

	dbops_frame_add(frame, &key, name)[0] = calls;
}

static void
test_rows_follow_their_keys(void)
{
	Frame *frame = dbops_frame_create(&family);
	bool sorted = true;
	bool together = true;

	for (int i = 0; i < 1000; i++)
		add_entity(frame, (i * 7919) % 1000, "x", (i * 7919) % 1000);
	is_int(frame->nrows, 1000, "every added row is there");
	is_int(dbops_frame_row(frame, 5)[1], FAMILY_NULL, "a value that was not set is NULL");
	dbops_frame_sort(frame);
	for (int i = 0; i < frame->nrows; i++)
	{
		sorted &= frame->keys[i].num[0] == i;
		together &= dbops_frame_row(frame, i)[0] == frame->keys[i].num[0];
	}
	ok(sorted, "rows are sorted by key");
	ok(together, "values stay with their key when sorted");
	dbops_frame_free(frame);
}

static void
test_text_labels(void)
{
	Frame *frame = dbops_frame_create(&family);
	char name[] = "first";

	add_entity(frame, 1, name, 10);
	name[0] = 'F';
	is_str(frame->texts[0], "first", "a text label is copied");
	is_int(frame->keys[0].num[1], dbops_entity_hash("first"),
	       "a text label makes its part of the key");
	ok(dbops_entity_hash("first") != dbops_entity_hash("First"), "other texts have other keys");
	dbops_frame_free(frame);
}

static void
test_reset_returns_memory(void)
{
	int64 before = stub_context_chunks(TopMemoryContext);
	Frame *frame = dbops_frame_create(&family);

	for (int i = 0; i < 100; i++)
		add_entity(frame, i, "x", i);
	dbops_frame_sort(frame);
	dbops_frame_reset(frame);
	is_int(frame->nrows, 0, "a reset frame is empty");
	is_int(stub_context_chunks(frame->context), 0, "a reset frame holds no memory");
	add_entity(frame, 1, "again", 1);
	is_int(frame->nrows, 1, "a reset frame takes rows");
	dbops_frame_free(frame);
	is_int(stub_context_chunks(TopMemoryContext), before, "a freed frame leaves nothing behind");
}

static void
test_unknown_family(void)
{
	expect_error(ERRCODE_INTERNAL_ERROR, "a family that is not registered has no index",
	             dbops_registry_index(&family));
}

int
main(void)
{
	test_rows_follow_their_keys();
	test_text_labels();
	test_reset_returns_memory();
	test_unknown_family();
	return tap_done();
}
