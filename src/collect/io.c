/*
 * collect/io.c
 *		The family "io": reads, writes and what goes with them, by who did it, to what and how.
 *
 * As in pg_stat_io, so from 16 on; on 15 it has no rows.  What a kind of process never does to an
 * object is NULL.  Labels are texts, as the server has no numbers for them that last.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "core/compat.h"
#include "core/compat_activity.h"
#include "store/frame.h"

enum
{
	IO_READS,
	IO_READ_BYTES,
	IO_READ_MS,
	IO_WRITES,
	IO_WRITE_BYTES,
	IO_WRITE_MS,
	IO_WRITEBACKS,
	IO_WRITEBACK_MS,
	IO_EXTENDS,
	IO_EXTEND_BYTES,
	IO_EXTEND_MS,
	IO_HITS,
	IO_EVICTIONS,
	IO_REUSES,
	IO_FSYNCS,
	IO_FSYNC_MS,
	IO_STATS_RESET_AT,
	IO_NMETRICS
};

static const Label labels[] = {
    LABEL("backend_type", LABEL_TEXT, NAMES_NONE, "Kind of process"),
    LABEL("object", LABEL_TEXT, NAMES_NONE, "What it was done to: relation, temp relation, wal"),
    LABEL("context", LABEL_TEXT, NAMES_NONE,
          "How: normal, or through a small ring of buffers for vacuum, bulkread, bulkwrite; init"),
};

static const Metric metrics[] = {
    [IO_READS] = COUNT(1, "reads", "Reads"),
    [IO_READ_BYTES] = COUNT_BYTES(2, "read_bytes", "What was read"),
    [IO_READ_MS] = COUNT_MS(3, "read_ms", 0.001, "Time of reads, with track_io_timing"),
    [IO_WRITES] = COUNT(4, "writes", "Writes"),
    [IO_WRITE_BYTES] = COUNT_BYTES(5, "write_bytes", "What was written"),
    [IO_WRITE_MS] = COUNT_MS(6, "write_ms", 0.001, "Time of writes, with track_io_timing"),
    [IO_WRITEBACKS] = COUNT(7, "writebacks", "Blocks the kernel was asked to write out"),
    [IO_WRITEBACK_MS] = COUNT_MS(8, "writeback_ms", 0.001, "Time of asking it"),
    [IO_EXTENDS] = COUNT(9, "extends", "Extensions of relations"),
    [IO_EXTEND_BYTES] = COUNT_BYTES(10, "extend_bytes", "How much they became longer"),
    [IO_EXTEND_MS] = COUNT_MS(11, "extend_ms", 0.001, "Time of extensions, with track_io_timing"),
    [IO_HITS] = COUNT(12, "hits", "Blocks found in the buffers"),
    [IO_EVICTIONS] = COUNT(13, "evictions", "Blocks thrown out of the buffers for others"),
    [IO_REUSES] = COUNT(14, "reuses", "Buffers of a small ring used again"),
    [IO_FSYNCS] = COUNT(15, "fsyncs", "Syncs of files"),
    [IO_FSYNC_MS] = COUNT_MS(16, "fsync_ms", 0.001, "Time of syncs, with track_io_timing"),
    [IO_STATS_RESET_AT] = INSTANT(17, "stats_reset_at", "When the statistics were reset"),
};

static const Derived derived[] = {
    {"hit_percent",
     DERIVED_RATIO,
     100,
     {"hits"},
     {"hits", "reads"},
     "percent",
     "Share of blocks found in the buffers"},
    RATIO("read_latency_ms", 1, "read_ms", "reads", "ms", "Time of a read"),
    RATIO("write_latency_ms", 1, "write_ms", "writes", "ms", "Time of a write"),
    RATIO("fsync_latency_ms", 1, "fsync_ms", "fsyncs", "ms", "Time of a sync"),
};

/* Where the numbers of an operation go; -1: nowhere. */
static const struct
{
	int count;
	int bytes;
	int us;
} places[COMPAT_IO_OPERATIONS] = {
    [COMPAT_IO_READ] = {IO_READS, IO_READ_BYTES, IO_READ_MS},
    [COMPAT_IO_WRITE] = {IO_WRITES, IO_WRITE_BYTES, IO_WRITE_MS},
    [COMPAT_IO_WRITEBACK] = {IO_WRITEBACKS, -1, IO_WRITEBACK_MS},
    [COMPAT_IO_EXTEND] = {IO_EXTENDS, IO_EXTEND_BYTES, IO_EXTEND_MS},
    [COMPAT_IO_HIT] = {IO_HITS, -1, -1},
    [COMPAT_IO_EVICT] = {IO_EVICTIONS, -1, -1},
    [COMPAT_IO_REUSE] = {IO_REUSES, -1, -1},
    [COMPAT_IO_FSYNC] = {IO_FSYNCS, -1, IO_FSYNC_MS},
};

static void
fill_operations(int64 *values, const CompatIo *io)
{
	for (int operation = 0; operation < COMPAT_IO_OPERATIONS; operation++)
	{
		if (!io->tracked[operation])
			continue;
		values[places[operation].count] = io->counts[operation];
		if (places[operation].bytes >= 0)
			values[places[operation].bytes] = io->bytes[operation];
		if (places[operation].us >= 0)
			values[places[operation].us] = io->us[operation];
	}
}

static void
read_io(Frame *frame)
{
	CompatIo io;
	int position = 0;

	while (dbops_compat_next_io(&position, &io))
	{
		const EntityKey key = {{0}};
		const char *const texts[] = {io.backend_type, io.object, io.context};
		int64 *values = dbops_frame_add_texts(frame, &key, texts);

		fill_operations(values, &io);
		if (io.reset_at != 0)
			values[IO_STATS_RESET_AT] = io.reset_at;
	}
}

const Family dbops_family_io = {
    .id = 15,
    .name = "io",
    .help = "Reads, writes, extensions and syncs, by kind of process, object and context (from 16)",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_io,
};
