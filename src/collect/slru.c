/*
 * collect/slru.c
 *		The family "slru": the small caches of transaction status, multixacts, subtransactions, ….
 *
 * Each keeps a fixed part of its files in memory; one that is too small shows as reads.  Names are
 * those of pg_stat_slru, which 17 changed.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "core/compat.h"
#include "store/frame.h"

enum
{
	SLRU_BLOCKS_ZEROED,
	SLRU_BLOCKS_HIT,
	SLRU_BLOCKS_READ,
	SLRU_BLOCKS_WRITTEN,
	SLRU_BLOCKS_EXISTS,
	SLRU_FLUSHES,
	SLRU_TRUNCATES,
	SLRU_STATS_RESET_AT,
	SLRU_NMETRICS
};

static const Label labels[] = {
    LABEL("name", LABEL_TEXT, NAMES_NONE, "Cache, as pg_stat_slru names it"),
};

static const Metric metrics[] = {
    [SLRU_BLOCKS_ZEROED] = COUNT(1, "blks_zeroed", "Blocks initialized"),
    [SLRU_BLOCKS_HIT] = COUNT(2, "blks_hit", "Blocks found in the cache"),
    [SLRU_BLOCKS_READ] = COUNT(3, "blks_read", "Blocks read from disk"),
    [SLRU_BLOCKS_WRITTEN] = COUNT(4, "blks_written", "Blocks written to disk"),
    [SLRU_BLOCKS_EXISTS] = COUNT(5, "blks_exists", "Blocks whose existence was looked up"),
    [SLRU_FLUSHES] = COUNT(6, "flushes", "Times all dirty blocks were written"),
    [SLRU_TRUNCATES] = COUNT(7, "truncates", "Times old blocks were removed"),
    [SLRU_STATS_RESET_AT] = INSTANT(8, "stats_reset_at", "When its statistics were reset"),
};

static const Derived derived[] = {
    {"hit_percent",
     DERIVED_RATIO,
     100,
     {"blks_hit"},
     {"blks_hit", "blks_read"},
     "percent",
     "Share of blocks found in the cache"},
};

static void
read_slrus(Frame *frame)
{
	const PgStat_SLRUStats *stats = pgstat_fetch_slru();
	const char *name;

	for (int i = 0; (name = pgstat_get_slru_name(i)) != NULL; i++)
	{
		const EntityKey key = {{0}};
		int64 *values = dbops_frame_add(frame, &key, name);

		values[SLRU_BLOCKS_ZEROED] = stats[i].blocks_zeroed;
		values[SLRU_BLOCKS_HIT] = stats[i].blocks_hit;
		values[SLRU_BLOCKS_READ] = stats[i].blocks_read;
		values[SLRU_BLOCKS_WRITTEN] = stats[i].blocks_written;
		values[SLRU_BLOCKS_EXISTS] = stats[i].blocks_exists;
		values[SLRU_FLUSHES] = stats[i].flush;
		values[SLRU_TRUNCATES] = stats[i].truncate;
		if (stats[i].stat_reset_timestamp != 0)
			values[SLRU_STATS_RESET_AT] = stats[i].stat_reset_timestamp;
	}
}

const Family dbops_family_slru = {
    .id = 16,
    .name = "slru",
    .help = "Caches of transaction status, multixacts, subtransactions and the like",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_slrus,
};
