/*
 * test/unit/network_test.c
 *		Network interfaces: which are shown, their counters, and what they could have carried.
 *
 * sources: src/collect/network.c src/collect/procfs.c src/store/frame.c src/store/registry.c
 */
#include "postgres.h"

#include "core/clock.h"

#include "collect/collectors.h"
#include "collect/procfs.h"
#include "store/frame.h"
#include "store/registry.h"

#include "tap.h"

static int64 now_us = 1000000;

int64
dbops_clock_monotonic_us(void)
{
	return now_us;
}

/* A value by names; -1 when the interface has no row. */
static int64
value_of(const Frame *frame, const char *interface, const char *metric)
{
	for (int i = 0; i < frame->nrows; i++)
	{
		if (strcmp(frame->texts[i], interface) == 0)
			return dbops_frame_row(frame, i)[dbops_family_metric(frame->family, metric)];
	}
	return -1;
}

static void
test_counters(const Frame *frame)
{
	static const struct
	{
		const char *metric;
		int64 value;
	} expected[] = {
	    {"received_bytes", 39529803}, {"received_packets", 1089}, {"receive_errors", 1},
	    {"receive_drops", 2},         {"sent_bytes", 44973},      {"sent_packets", 567},
	    {"send_errors", 3},           {"send_drops", 4},
	};

	for (int i = 0; i < lengthof(expected); i++)
		is_int(value_of(frame, "eth0", expected[i].metric), expected[i].value, "%s is read",
		       expected[i].metric);
	is_int(value_of(frame, "lo", "sent_bytes"), -1, "the loopback is left out");
	is_int(value_of(frame, "ifb0", "sent_bytes"), -1, "an unused interface is left out");
	is_int(value_of(frame, "wg0", "sent_bytes"), 200, "a tunnel is shown");
}

static void
test_speed(Frame *frame)
{
	is_int(value_of(frame, "eth0", "speed_bytes_per_second"), 125000000, "1000 Mbit/s in bytes");
	is_int(value_of(frame, "eth0", "capacity_bytes"), 0, "capacity counts from the first reading");
	is_int(value_of(frame, "wg0", "speed_bytes_per_second"), FAMILY_NULL, "-1 is no speed");
	is_int(value_of(frame, "wg0", "capacity_bytes"), FAMILY_NULL, "and gives no capacity");

	now_us += 10 * 1000000;
	dbops_frame_reset(frame);
	dbops_family_network.read(frame);
	is_int(value_of(frame, "eth0", "capacity_bytes"), 1250000000, "capacity is speed times time");
}

int
main(void)
{
	Frame *frame = dbops_frame_create(&dbops_family_network);

	dbops_procfs_set_root("fixtures/machine");
	dbops_family_network.read(frame);
	test_counters(frame);
	test_speed(frame);

	dbops_frame_reset(frame);
	dbops_procfs_set_root("fixtures/none");
	dbops_family_network.read(frame);
	is_int(frame->nrows, 0, "a machine without /proc/net/dev has no rows");
	return tap_done();
}
