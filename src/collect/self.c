/*
 * collect/self.c
 *		The family "self": what dbops itself costs.
 *
 * A file of its own because it is the answer to the first question of anybody who installs dbops.
 * The workers publish what they spend (store/selfstat.h); the ring's numbers stand in the row of
 * the sampler, who fills it, the size of the history in that of the keeper.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/processes.h"
#include "collect/wait.h"
#include "store/frame.h"
#include "store/ring.h"
#include "store/selfstat.h"

enum
{
	SELF_CPU_USER_MS,
	SELF_CPU_SYSTEM_MS,
	SELF_WAL_BYTES,
	SELF_WAL_RECORDS,
	SELF_TRANSACTIONS,
	SELF_CYCLES,
	SELF_CYCLE_MS,
	SELF_LAST_CYCLE_MS,
	SELF_STARTS,
	SELF_PRIVATE_BYTES,
	SELF_TICKS,
	SELF_TICKS_DROPPED,
	SELF_TICKS_LOST,
	SELF_RING_BYTES,
	SELF_RING_USED_BYTES,
	SELF_HISTORY_BYTES,
	SELF_SAMPLES_SKIPPED,
	SELF_LOOKS,
	SELF_LOOKS_LUMPED,
	SELF_NMETRICS
};

static const Label labels[] = {
    LABEL("process", LABEL_TEXT, NAMES_NONE,
          "Kind of worker: sampler, keeper, inspector, backup reader or gateway"),
};

static const Metric metrics[] = {
    [SELF_CPU_USER_MS] =
        COUNT_MS(1, "cpu_user_ms", 0.001, "CPU time of the worker in its own code"),
    [SELF_CPU_SYSTEM_MS] =
        COUNT_MS(2, "cpu_system_ms", 0.001, "CPU time of the worker in the kernel"),
    [SELF_WAL_BYTES] = COUNT_BYTES(3, "wal_bytes", "WAL the worker wrote"),
    [SELF_WAL_RECORDS] = COUNT(4, "wal_records", "WAL records the worker wrote"),
    [SELF_TRANSACTIONS] = COUNT(5, "transactions", "Transactions the worker ended"),
    [SELF_CYCLES] = COUNT(6, "cycles", "Times the worker did its round"),
    [SELF_CYCLE_MS] = COUNT_MS(7, "cycle_ms", 0.001, "Time the rounds took"),
    [SELF_LAST_CYCLE_MS] = LONGEST_MS(8, "last_cycle_ms", "Time the latest round took"),
    [SELF_STARTS] = COUNT(9, "starts", "Times the worker was started"),
    [SELF_PRIVATE_BYTES] = GAUGE(10, "private_bytes", "bytes", ROLLUP_MAX,
                                 "Resident memory that is the worker's own; NULL when none runs"),
    [SELF_TICKS] = COUNT(11, "ticks", "Ticks written to the ring"),
    [SELF_TICKS_DROPPED] = COUNT(12, "ticks_dropped", "Ticks larger than the ring takes"),
    [SELF_TICKS_LOST] = COUNT(13, "ticks_lost", "Ticks overwritten before they were stored"),
    [SELF_RING_BYTES] =
        GAUGE(14, "ring_bytes", "bytes", ROLLUP_LAST, "Size of the ring of recent ticks"),
    [SELF_RING_USED_BYTES] =
        GAUGE(15, "ring_used_bytes", "bytes", ROLLUP_LAST, "What the ring holds"),
    [SELF_HISTORY_BYTES] =
        GAUGE(16, "history_bytes", "bytes", ROLLUP_LAST, "Disk space of the history"),
    [SELF_SAMPLES_SKIPPED] =
        COUNT(20, "samples_skipped", "Samples of families that were left out as too expensive"),
    [SELF_LOOKS] = COUNT(30, "looks", "Looks at what sessions do and wait for"),
    [SELF_LOOKS_LUMPED] =
        COUNT(31, "sessions_lumped",
              "Sessions that looks counted under other statements for want of room"),
};

static const Derived derived[] = {
    {"cpu_percent",
     DERIVED_SHARE,
     0.1,
     {"cpu_user_ms", "cpu_system_ms"},
     {NULL},
     "percent",
     "CPU time of the worker, as a share of one CPU"},
    RATIO("mean_cycle_ms", 1, "cycle_ms", "cycles", "ms", "Mean time of a round"),
};

static void
fill_ring(int64 *values)
{
	RingState ring;

	dbops_ring_state(&ring);
	values[SELF_TICKS] = ring.last_seq;
	values[SELF_TICKS_DROPPED] = ring.dropped;
	values[SELF_TICKS_LOST] = ring.lost;
	values[SELF_RING_BYTES] = ring.size;
	values[SELF_RING_USED_BYTES] = ring.used;
}

static void
fill_worker(const SelfStat *stat, int64 *values)
{
	values[SELF_CPU_USER_MS] = stat->cpu_user_us;
	values[SELF_CPU_SYSTEM_MS] = stat->cpu_system_us;
	values[SELF_WAL_BYTES] = stat->wal_bytes;
	values[SELF_WAL_RECORDS] = stat->wal_records;
	values[SELF_TRANSACTIONS] = stat->transactions;
	values[SELF_CYCLES] = stat->cycles;
	values[SELF_CYCLE_MS] = stat->cycle_us;
	values[SELF_LAST_CYCLE_MS] = stat->last_cycle_us;
	values[SELF_STARTS] = stat->starts;
	values[SELF_SAMPLES_SKIPPED] = stat->skipped;
	if (stat->pid != 0)
		values[SELF_PRIVATE_BYTES] = dbops_processes_private_bytes(stat->pid);
	values[SELF_HISTORY_BYTES] = stat->history_bytes;
}

/* Known to the sampler alone, who takes them. */
static void
fill_looks(int64 *values)
{
	LookState looks;

	dbops_wait_looks(&looks);
	if (looks.taken == 0)
		return;
	values[SELF_LOOKS] = looks.taken;
	values[SELF_LOOKS_LUMPED] = looks.lumped;
}

static void
read_self(Frame *frame)
{
	for (SelfKind kind = 0; kind < SELF_KINDS; kind++)
	{
		EntityKey key = {{0}};
		SelfStat stat;
		int64 *values;

		if (!dbops_selfstat_read(kind, &stat))
			continue;
		values = dbops_frame_add(frame, &key, dbops_selfstat_name(kind));
		fill_worker(&stat, values);
		if (kind == SELF_SAMPLER)
		{
			fill_ring(values);
			fill_looks(values);
		}
	}
}

StaticAssertDecl(lengthof(metrics) == SELF_NMETRICS, "each column has its metric");

const Family dbops_family_self = {
    .id = 11,
    .name = "self",
    .help = "What dbops itself costs: CPU, memory, WAL, disk and ticks, by kind of worker",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_self,
};
