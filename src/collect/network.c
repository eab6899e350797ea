/*
 * collect/network.c
 *		The family "network": the interfaces the server can use, and how full they are.
 *
 * A file of its own because an interface's speed needs a memory: asking a driver can take a lock or
 * a while, so it is asked now and then only, and the bytes the interface could have carried are
 * added up between readings, which makes the share right at any step.
 *
 * The loopback and interfaces that never carried a packet are left out.
 */
#include "postgres.h"

#include "core/clock.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/procfs.h"
#include "store/frame.h"

enum
{
	NETWORK_RECEIVED_BYTES,
	NETWORK_RECEIVED_PACKETS,
	NETWORK_RECEIVE_ERRORS,
	NETWORK_RECEIVE_DROPS,
	NETWORK_SENT_BYTES,
	NETWORK_SENT_PACKETS,
	NETWORK_SEND_ERRORS,
	NETWORK_SEND_DROPS,
	NETWORK_SPEED,
	NETWORK_CAPACITY_BYTES,
	NETWORK_NMETRICS
};

static const Label labels[] = {
    LABEL("interface", LABEL_TEXT, NAMES_NONE, "Network interface"),
};

static const Metric metrics[] = {
    [NETWORK_RECEIVED_BYTES] = COUNT_BYTES(1, "received_bytes", "Bytes that came in"),
    [NETWORK_RECEIVED_PACKETS] = COUNT(2, "received_packets", "Packets that came in"),
    [NETWORK_RECEIVE_ERRORS] = COUNT(3, "receive_errors", "Packets that came in broken"),
    [NETWORK_RECEIVE_DROPS] =
        COUNT(4, "receive_drops", "Packets that came in and were thrown away"),
    [NETWORK_SENT_BYTES] = COUNT_BYTES(5, "sent_bytes", "Bytes that went out"),
    [NETWORK_SENT_PACKETS] = COUNT(6, "sent_packets", "Packets that went out"),
    [NETWORK_SEND_ERRORS] = COUNT(7, "send_errors", "Packets that could not be sent"),
    [NETWORK_SEND_DROPS] = COUNT(8, "send_drops", "Packets to be sent that were thrown away"),
    [NETWORK_SPEED] = GAUGE(9, "speed_bytes_per_second", "bytes", ROLLUP_LAST,
                            "Speed each way, as the driver states it; NULL where it does not"),
    [NETWORK_CAPACITY_BYTES] = COUNT_BYTES(
        10, "capacity_bytes", "Bytes the interface could have carried each way at its speed"),
};

static const Derived derived[] = {
    RATIO("received_percent", 100, "received_bytes", "capacity_bytes", "percent",
          "Share of the speed used by what came in"),
    RATIO("sent_percent", 100, "sent_bytes", "capacity_bytes", "percent",
          "Share of the speed used by what went out"),
};

/* Words of a line of /proc/net/dev, the name being the first. */
static const struct
{
	int word;
	int column;
} columns[] = {
    {1, NETWORK_RECEIVED_BYTES}, {2, NETWORK_RECEIVED_PACKETS}, {3, NETWORK_RECEIVE_ERRORS},
    {4, NETWORK_RECEIVE_DROPS},  {9, NETWORK_SENT_BYTES},       {10, NETWORK_SENT_PACKETS},
    {11, NETWORK_SEND_ERRORS},   {12, NETWORK_SEND_DROPS},
};

#define NETWORK_WORDS 13

/* Interfaces beyond this many, as on hosts of many containers, are left out. */
#define MAX_INTERFACES 64

#define SPEED_VALID_US (60 * INT64CONST(1000000))

/* Longer than any interval between two readings. */
#define FORGET_US (2 * 3600 * INT64CONST(1000000))

#define BYTES_PER_MEGABIT 125000

/* What is known of an interface's speed; 0 when the driver does not state it. */
typedef struct Interface
{
	char name[32];
	int64 bytes_per_second;
	int64 asked_us;   /* when the driver was asked, by the monotonic clock */
	int64 counted_us; /* until when the capacity is added up */
	int64 capacity_bytes;
} Interface;

static Interface interfaces[MAX_INTERFACES];
static int interface_count = 0;

/*
 * NULL when there are too many.  One that was not seen for a while makes room: containers come and
 * go under names of their own.
 */
static Interface *
find_interface(const char *name, int64 now_us)
{
	Interface *interface = NULL;

	for (int i = 0; i < interface_count; i++)
	{
		if (strcmp(interfaces[i].name, name) == 0)
			return &interfaces[i];
		if (now_us - interfaces[i].counted_us > FORGET_US)
			interface = &interfaces[i];
	}
	if (interface_count < MAX_INTERFACES)
		interface = &interfaces[interface_count++];
	else if (interface == NULL)
		return NULL;
	*interface = (Interface){.asked_us = now_us - SPEED_VALID_US, .counted_us = now_us};
	strlcpy(interface->name, name, sizeof(interface->name));
	return interface;
}

static void
update_speed(Interface *interface, int64 now_us)
{
	char path[128];
	int64 megabits;

	interface->capacity_bytes +=
	    (int64) ((double) interface->bytes_per_second * (now_us - interface->counted_us) / 1000000);
	interface->counted_us = now_us;
	if (now_us - interface->asked_us < SPEED_VALID_US)
		return;
	interface->asked_us = now_us;
	snprintf(path, sizeof(path), "/sys/class/net/%s/speed", interface->name);
	megabits = dbops_procfs_read_number(path);
	interface->bytes_per_second = Max(megabits, 0) * BYTES_PER_MEGABIT;
}

/* "  eth0: 1 2 …"; the first number may stand right behind the colon. */
static bool
split_line(char *line, char **words)
{
	char *colon = strchr(line, ':');

	if (colon == NULL)
		return false;
	*colon = ' ';
	return dbops_procfs_split(line, words, NETWORK_WORDS) == NETWORK_WORDS;
}

static void
read_interface(char *const *words, int64 now_us, Frame *frame)
{
	EntityKey key = {{0}};
	Interface *interface;
	int64 *values;

	if (strcmp(words[0], "lo") == 0 ||
	    (dbops_procfs_number(words[2]) == 0 && dbops_procfs_number(words[10]) == 0))
		return;
	interface = find_interface(words[0], now_us);
	if (interface == NULL)
		return;
	update_speed(interface, now_us);
	values = dbops_frame_add(frame, &key, words[0]);
	for (int i = 0; i < lengthof(columns); i++)
		values[columns[i].column] = dbops_procfs_number(words[columns[i].word]);
	if (interface->bytes_per_second == 0)
		return;
	values[NETWORK_SPEED] = interface->bytes_per_second;
	values[NETWORK_CAPACITY_BYTES] = interface->capacity_bytes;
}

static void
read_network(Frame *frame)
{
	MemoryContext old = MemoryContextSwitchTo(frame->context);
	char *content = dbops_procfs_load("/proc/net/dev");
	int64 now_us = dbops_clock_monotonic_us();
	char *words[NETWORK_WORDS];
	char *line;

	while (content != NULL && (line = dbops_procfs_line(&content)) != NULL)
	{
		if (split_line(line, words))
			read_interface(words, now_us, frame);
	}
	MemoryContextSwitchTo(old);
}

StaticAssertDecl(lengthof(metrics) == NETWORK_NMETRICS, "each column has its metric");

const Family dbops_family_network = {
    .id = 4,
    .name = "network",
    .help = "Network interfaces: traffic, errors, drops and share of their speed",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_network,
};
