/*
 * collect/device.c
 *		The family "device": the block devices under the server's files.
 *
 * A file of its own because a device can hold several file systems, and a file system none.  The
 * counters are those of /proc/diskstats, of the partition or the mapped device that is mounted; the
 * disks below it have rows only if something is mounted from them directly.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/places.h"
#include "collect/procfs.h"
#include "store/frame.h"

enum
{
	DEVICE_READS,
	DEVICE_READS_MERGED,
	DEVICE_READ_BYTES,
	DEVICE_READ_MS,
	DEVICE_WRITES,
	DEVICE_WRITES_MERGED,
	DEVICE_WRITE_BYTES,
	DEVICE_WRITE_MS,
	DEVICE_IN_FLIGHT,
	DEVICE_BUSY_MS,
	DEVICE_QUEUE_MS,
	DEVICE_DISCARDS,
	DEVICE_DISCARD_BYTES,
	DEVICE_DISCARD_MS,
	DEVICE_FLUSHES,
	DEVICE_FLUSH_MS,
	DEVICE_HOLDS,
	DEVICE_NMETRICS
};

static const Label labels[] = {
    LABEL("device", LABEL_TEXT, NAMES_NONE, "Block device, as the kernel names it"),
};

static const Metric metrics[] = {
    [DEVICE_READS] = COUNT(1, "reads", "Reads completed"),
    [DEVICE_READS_MERGED] =
        COUNT(2, "reads_merged", "Reads that were joined to another before they went out"),
    [DEVICE_READ_BYTES] = COUNT_BYTES(3, "read_bytes", "Bytes read"),
    [DEVICE_READ_MS] =
        COUNT_MS(4, "read_ms", 0, "Time of all reads together, waiting in the queue included"),
    [DEVICE_WRITES] = COUNT(5, "writes", "Writes completed"),
    [DEVICE_WRITES_MERGED] =
        COUNT(6, "writes_merged", "Writes that were joined to another before they went out"),
    [DEVICE_WRITE_BYTES] = COUNT_BYTES(7, "write_bytes", "Bytes written"),
    [DEVICE_WRITE_MS] =
        COUNT_MS(8, "write_ms", 0, "Time of all writes together, waiting in the queue included"),
    [DEVICE_IN_FLIGHT] =
        GAUGE(9, "in_flight", "", ROLLUP_MAX, "Requests the device has and has not completed"),
    [DEVICE_BUSY_MS] =
        COUNT_MS(10, "busy_ms", 0, "Time in which the device had at least one request"),
    [DEVICE_QUEUE_MS] =
        COUNT_MS(11, "queue_ms", 0, "Time in which the device had requests, times their number"),
    [DEVICE_DISCARDS] = COUNT(12, "discards", "Discards completed"),
    [DEVICE_DISCARD_BYTES] = COUNT_BYTES(13, "discard_bytes", "Bytes discarded"),
    [DEVICE_DISCARD_MS] = COUNT_MS(14, "discard_ms", 0, "Time of all discards together"),
    [DEVICE_FLUSHES] = COUNT(15, "flushes", "Flushes of the device's cache completed"),
    [DEVICE_FLUSH_MS] = COUNT_MS(16, "flush_ms", 0, "Time of all flushes together"),
    [DEVICE_HOLDS] = GAUGE(17, "holds", "", ROLLUP_LAST,
                           "What lies on it, added up: 1 data directory, 2 pg_wal, 4 a tablespace"),
};

static const Derived derived[] = {
    RATIO("read_latency_ms", 1, "read_ms", "reads", "ms", "Mean time of a read"),
    RATIO("write_latency_ms", 1, "write_ms", "writes", "ms", "Mean time of a write"),
    RATIO("flush_latency_ms", 1, "flush_ms", "flushes", "ms", "Mean time of a flush"),
    RATIO("read_size_bytes", 1, "read_bytes", "reads", "bytes", "Mean size of a read"),
    RATIO("write_size_bytes", 1, "write_bytes", "writes", "bytes", "Mean size of a write"),
    {"utilization_percent",
     DERIVED_SHARE,
     0.1,
     {"busy_ms"},
     {NULL},
     "percent",
     "Share of time in which the device had a request; at 100 it may still take more"},
    {"queue_depth",
     DERIVED_SHARE,
     0.001,
     {"queue_ms"},
     {NULL},
     "",
     "Requests the device had, on average"},
};

#define SECTOR_BYTES 512 /* in diskstats, whatever the device's own */

/* Words of a line of diskstats.  Discards came with Linux 4.18, flushes with 5.5. */
static const struct
{
	int word;
	int column;
	int64 factor;
} columns[] = {
    {3, DEVICE_READS, 1},
    {4, DEVICE_READS_MERGED, 1},
    {5, DEVICE_READ_BYTES, SECTOR_BYTES},
    {6, DEVICE_READ_MS, 1},
    {7, DEVICE_WRITES, 1},
    {8, DEVICE_WRITES_MERGED, 1},
    {9, DEVICE_WRITE_BYTES, SECTOR_BYTES},
    {10, DEVICE_WRITE_MS, 1},
    {11, DEVICE_IN_FLIGHT, 1},
    {12, DEVICE_BUSY_MS, 1},
    {13, DEVICE_QUEUE_MS, 1},
    {14, DEVICE_DISCARDS, 1},
    {16, DEVICE_DISCARD_BYTES, SECTOR_BYTES},
    {17, DEVICE_DISCARD_MS, 1},
    {18, DEVICE_FLUSHES, 1},
    {19, DEVICE_FLUSH_MS, 1},
};

#define DISKSTATS_WORDS 20
#define DISKSTATS_MIN_WORDS 14 /* of kernels without discards */

/* What of the server lies on the device that a line is about. */
static int
find_holds(char *const *words, const Place *places, int nplaces)
{
	int64 device_major = dbops_procfs_number(words[0]);
	int64 device_minor = dbops_procfs_number(words[1]);
	int holds = 0;

	for (int i = 0; i < nplaces; i++)
	{
		const Place *place = &places[i];

		if (place->device_major != 0 ?
		        place->device_major == device_major && place->device_minor == device_minor :
		        strcmp(place->device_name, words[2]) == 0)
			holds |= place->holds;
	}
	return holds;
}

static void
read_devices(Frame *frame)
{
	MemoryContext old = MemoryContextSwitchTo(frame->context);
	char *content = dbops_procfs_load("/proc/diskstats");
	int nplaces;
	const Place *places = dbops_places_read(&nplaces);
	char *line;

	while (content != NULL && (line = dbops_procfs_line(&content)) != NULL)
	{
		char *words[DISKSTATS_WORDS];
		int nwords = dbops_procfs_split(line, words, DISKSTATS_WORDS);
		EntityKey key = {{0}};
		int64 *values;
		int holds;

		if (nwords < DISKSTATS_MIN_WORDS || (holds = find_holds(words, places, nplaces)) == 0)
			continue;
		values = dbops_frame_add(frame, &key, words[2]);
		values[DEVICE_HOLDS] = holds;
		for (int i = 0; i < lengthof(columns) && columns[i].word < nwords; i++)
			values[columns[i].column] =
			    dbops_procfs_number(words[columns[i].word]) * columns[i].factor;
	}
	MemoryContextSwitchTo(old);
}

StaticAssertDecl(lengthof(metrics) == DEVICE_NMETRICS, "each column has its metric");

const Family dbops_family_device = {
    .id = 2,
    .name = "device",
    .help = "Block devices under the data directory, pg_wal and the tablespaces",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_devices,
};
