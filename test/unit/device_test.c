/*
 * test/unit/device_test.c
 *		Block devices: which lines of diskstats are the server's, and what they say.
 *
 * sources: src/collect/device.c src/collect/procfs.c src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/places.h"
#include "collect/procfs.h"
#include "store/frame.h"
#include "store/registry.h"

#include "tap.h"

static const Place places[] = {
    {.holds = PLACE_DATA, .device_major = 253, .device_minor = 0},
    {.holds = PLACE_WAL, .device_major = 254, .device_minor = 1},
    {.holds = PLACE_TABLESPACE, .device_major = 254, .device_minor = 1},
    {.holds = PLACE_TABLESPACE, .device_major = 259, .device_minor = 3},
    {.holds = PLACE_TABLESPACE, .device_name = "sdq9"},
    {.holds = PLACE_TABLESPACE}, /* as on an overlay */
};

const Place *
dbops_places_read(int *nplaces)
{
	*nplaces = lengthof(places);
	return places;
}

/* A value by names; -1 when the device has no row. */
static int64
value_of(const Frame *frame, const char *device, const char *metric)
{
	for (int i = 0; i < frame->nrows; i++)
	{
		if (strcmp(frame->texts[i], device) == 0)
			return dbops_frame_row(frame, i)[dbops_family_metric(frame->family, metric)];
	}
	return -1;
}

static void
test_lines(const Frame *frame)
{
	is_int(frame->nrows, 4, "each device with files of the server has one row");
	is_int(value_of(frame, "sda", "reads"), -1, "other devices have none");
	is_int(value_of(frame, "dm-0", "holds"), PLACE_DATA, "a mapped device is found by number");
	is_int(value_of(frame, "vda1", "holds"), PLACE_WAL | PLACE_TABLESPACE,
	       "a device tells all that lies on it");
	is_int(value_of(frame, "sdq9", "holds"), PLACE_TABLESPACE,
	       "a device without a known number is found by name");
}

static void
test_values(const Frame *frame)
{
	static const struct
	{
		const char *metric;
		int64 value;
	} expected[] = {
	    {"reads", 100},
	    {"reads_merged", 7},
	    {"read_bytes", 2048 * 512},
	    {"read_ms", 50},
	    {"writes", 200},
	    {"writes_merged", 9},
	    {"write_bytes", 4096 * 512},
	    {"write_ms", 300},
	    {"in_flight", 3},
	    {"busy_ms", 123},
	    {"queue_ms", 456},
	    {"discards", 11},
	    {"discard_bytes", 16 * 512},
	    {"discard_ms", 22},
	    {"flushes", 33},
	    {"flush_ms", 44},
	};

	for (int i = 0; i < lengthof(expected); i++)
		is_int(value_of(frame, "vda1", expected[i].metric), expected[i].value, "%s is read",
		       expected[i].metric);
	is_int(value_of(frame, "nvme1n1p3", "queue_ms"), 10, "a kernel without discards is read");
	is_int(value_of(frame, "nvme1n1p3", "discards"), FAMILY_NULL, "and its discards are unknown");
	is_int(value_of(frame, "sdq9", "discard_ms"), 0, "a kernel without flushes is read");
	is_int(value_of(frame, "sdq9", "flushes"), FAMILY_NULL, "and its flushes are unknown");
}

int
main(void)
{
	Frame *frame = dbops_frame_create(&dbops_family_device);

	dbops_procfs_set_root("fixtures/machine");
	dbops_family_device.read(frame);
	test_lines(frame);
	test_values(frame);

	dbops_frame_reset(frame);
	dbops_procfs_set_root("fixtures/cgroup_v2");
	dbops_family_device.read(frame);
	is_int(frame->nrows, 0, "a machine without diskstats has no rows");
	return tap_done();
}
