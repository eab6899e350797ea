/*
 * collect/recovery_rates.c
 *		How fast WAL was seen to be replayed; see recovery_rates.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "collect/crash_replay.h"
#include "collect/recovery_rates.h"
#include "collect/standbys.h"
#include "core/spi.h"
#include "store/family.h"
#include "store/node.h"

static pg_atomic_uint64 *restore = NULL;

/* A row that is as it should be is not touched: that would be a write. */
static const char crash_query[] =
    "INSERT INTO dbops.recovery_rate AS r (node, source, name, bytes, seconds, measured_at)\n"
    "SELECT $1, 'crash', '', $2, $3, $4\n"
    "WHERE NOT EXISTS (\n"
    "    SELECT FROM dbops.recovery_rate AS k\n"
    "    WHERE k.node = $1 AND k.source = 'crash' AND k.measured_at >= $4)\n"
    "ON CONFLICT (node, source, name) DO UPDATE\n"
    "SET bytes = excluded.bytes, seconds = excluded.seconds, measured_at = excluded.measured_at";

static const char standby_query[] =
    "INSERT INTO dbops.recovery_rate AS r (node, source, name, bytes, seconds, measured_at)\n"
    "SELECT $1, 'standby', $2, $3, $4, $5\n"
    "WHERE NOT EXISTS (\n"
    "    SELECT FROM dbops.recovery_rate AS k\n"
    "    WHERE (k.node, k.source, k.name) = ($1, 'standby', $2) AND k.measured_at >= $5)\n"
    "ON CONFLICT (node, source, name) DO UPDATE\n"
    "SET bytes = excluded.bytes, seconds = excluded.seconds, measured_at = excluded.measured_at";

/*
 * What a standby saw of itself, kept for when it is promoted.  It replays as fast as it can while it
 * has WAL left at both ends of a span, and was neither paused nor in conflict at one of them.
 */
static const char self_query[] =
    "INSERT INTO dbops.recovery_rate AS r (node, source, name, bytes, seconds, measured_at)\n"
    "SELECT node, 'standby', node, sum(bytes), sum(seconds), max(at)\n"
    "FROM (\n"
    "    SELECT p.node, p.at,\n"
    "        p.replay_lsn - lag(p.replay_lsn) OVER w AS bytes,\n"
    "        extract(epoch FROM p.at - lag(p.at) OVER w) AS seconds,\n"
    "        least(p.replay_lag_bytes, lag(p.replay_lag_bytes) OVER w) AS waiting,\n"
    "        p.free AND lag(p.free) OVER w AS free\n"
    "    FROM (\n"
    "        SELECT node, at, replay_lsn, replay_lag_bytes,\n"
    "            pause_state = 'not paused' AND waits_for NOT LIKE 'conflict%'\n"
    "                AND waits_for NOT IN ('pause to end', 'recovery_min_apply_delay') AS free\n"
    "        FROM dbops.recovery_history\n"
    "        WHERE at > now() - interval '10 minutes'\n"
    "    ) AS p\n"
    "    WINDOW w AS (PARTITION BY p.node ORDER BY p.at)\n"
    ") AS spans\n"
    "WHERE free AND waiting >= $1 AND bytes > 0 AND seconds > 0\n"
    "GROUP BY node\n"
    "HAVING sum(bytes) >= $1 AND NOT EXISTS (\n"
    "    SELECT FROM dbops.recovery_rate AS k\n"
    "    WHERE (k.node, k.source, k.name) = (spans.node, 'standby', spans.node)\n"
    "        AND k.measured_at >= max(spans.at))\n"
    "ON CONFLICT (node, source, name) DO UPDATE\n"
    "SET bytes = excluded.bytes, seconds = excluded.seconds, measured_at = excluded.measured_at";

Size
dbops_recovery_rates_shmem_size(void)
{
	return MAXALIGN(sizeof(pg_atomic_uint64));
}

void
dbops_recovery_rates_shmem_init(void)
{
	bool found;

	restore = ShmemInitStruct("dbops recovery rates", dbops_recovery_rates_shmem_size(), &found);
	if (!found)
		pg_atomic_init_u64(restore, (uint64) FAMILY_NULL);
}

void
dbops_recovery_rates_set_restore(int64 restore_us)
{
	if (restore != NULL)
		pg_atomic_write_u64(restore, (uint64) restore_us);
}

int64
dbops_recovery_rates_restore(void)
{
	return restore == NULL ? FAMILY_NULL : (int64) pg_atomic_read_u64(restore);
}

static void
learn_from_crash(void)
{
	CrashReplay replay;

	if (!dbops_crash_replay_read(&replay) || replay.bytes < RECOVERY_RATE_LEAST_BYTES ||
	    replay.took_us < RECOVERY_RATE_LEAST_US)
		return;
	dbops_spi_execute(
	    crash_query,
	    (SpiValue[]){{.type = TEXTOID, .value = CStringGetTextDatum(dbops_node_name())},
	                 {.type = INT8OID, .value = Int64GetDatum(replay.bytes)},
	                 {.type = FLOAT8OID, .value = Float8GetDatum((double) replay.took_us / 1e6)},
	                 dbops_spi_instant(replay.ended_at)},
	    4);
}

static void
learn_from_standbys(void)
{
	int count;
	const KnownStandby *standbys = dbops_standbys_read(&count);

	for (int i = 0; i < count; i++)
	{
		const ReplayMeter *meter = &standbys[i].meter;

		if (meter->bytes < RECOVERY_RATE_LEAST_BYTES || meter->us < RECOVERY_RATE_LEAST_US)
			continue;
		dbops_spi_execute(
		    standby_query,
		    (SpiValue[]){{.type = TEXTOID, .value = CStringGetTextDatum(dbops_node_name())},
		                 dbops_spi_text(standbys[i].application_name),
		                 {.type = INT8OID, .value = Int64GetDatum(meter->bytes)},
		                 {.type = FLOAT8OID, .value = Float8GetDatum((double) meter->us / 1e6)},
		                 dbops_spi_instant(standbys[i].measured_at)},
		    5);
	}
}

void
dbops_recovery_rates_learn(void)
{
	const SpiValue least = {.type = INT8OID, .value = Int64GetDatum(RECOVERY_RATE_LEAST_BYTES)};

	learn_from_crash();
	learn_from_standbys();
	dbops_spi_execute(self_query, &least, 1);
}
