/*
 * collect/backup.c
 *		The family "backup": how the backups of this server stand, in one row.
 *
 * What is judged is not one backup but whether there is a good one, of whatever tool: somebody who
 * changes to another tool has no old backup, and somebody who tried one once owes it nothing.  The
 * catalogue is read by its view, which knows what can be restored.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "utils/builtins.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "core/spi.h"
#include "store/frame.h"
#include "store/node.h"

/* In the order of the query's columns. */
enum
{
	BACKUP_BASE_GOOD_AT,
	BACKUP_BASE_INTERVAL_SECONDS,
	BACKUP_BASE_FAILED,
	BACKUP_BASE_RUNNING_SINCE,
	BACKUP_BASE_USUAL_SECONDS,
	BACKUP_BASE_UNSAFE_SINCE,
	BACKUP_DUMP_GOOD_AT,
	BACKUP_DUMP_FAILED,
	BACKUP_UNTESTED_SINCE,
	BACKUP_TEST_FAILED,
	BACKUP_COPIES,
	BACKUP_COPIES_UNPLACED,
	BACKUP_PLACES,
	BACKUP_NMETRICS
};

static const Metric metrics[] = {
    [BACKUP_BASE_GOOD_AT] =
        INSTANT(1, "base_good_at", "End of the last base backup that can be restored"),
    [BACKUP_BASE_INTERVAL_SECONDS] = GAUGE(2, "base_interval_seconds", "seconds", ROLLUP_LAST,
                                           "Usual time between two, once there were four"),
    [BACKUP_BASE_FAILED] = FLAG(3, "base_failed", "Whether the last base backup failed"),
    [BACKUP_BASE_RUNNING_SINCE] =
        INSTANT(4, "base_running_since", "Start of the base backup that has been running longest"),
    [BACKUP_BASE_USUAL_SECONDS] =
        GAUGE(5, "base_usual_seconds", "seconds", ROLLUP_LAST, "Time that one usually takes"),
    [BACKUP_BASE_UNSAFE_SINCE] =
        INSTANT(6, "base_unsafe_since",
                "End of a base backup newer than that, whose WAL is not known to be archived"),
    [BACKUP_DUMP_GOOD_AT] = INSTANT(7, "dump_good_at", "End of the last dump that succeeded"),
    [BACKUP_DUMP_FAILED] = FLAG(8, "dump_failed", "Whether the last dump of a database failed"),
    [BACKUP_UNTESTED_SINCE] =
        INSTANT(9, "untested_since", "Last successful restore test, else the first good backup"),
    [BACKUP_TEST_FAILED] = FLAG(10, "test_failed", "Whether the last restore test failed"),
    [BACKUP_COPIES] = GAUGE(11, "copies", "", ROLLUP_LAST,
                            "Copies of the data, this server included; NULL without locations"),
    [BACKUP_COPIES_UNPLACED] =
        GAUGE(12, "copies_unplaced", "", ROLLUP_LAST, "Those without a row in dbops.locations"),
    [BACKUP_PLACES] = GAUGE(13, "places", "", ROLLUP_LAST, "Locations that the others are in"),
};

/*
 * A usual interval of many within an hour is no schedule.  A dump is compared with others of its
 * database: one that fails every night is not made good by another that succeeds.
 */
static const char query[] =
    "WITH backup AS MATERIALIZED (\n"
    "    SELECT kind, datname, status, started_at, coalesce(ended_at, started_at) AS at, id,\n"
    "        repository, expired_at, restorable,\n"
    "        kind IN ('base', 'incremental', 'differential') AS is_base,\n"
    "        status = 'ok' AND restorable IS NOT FALSE AS good\n"
    "    FROM dbops.backups\n"
    "), base AS (\n"
    "    SELECT at, at - started_at AS took, at - lag(at) OVER (ORDER BY at) AS gap\n"
    "    FROM backup WHERE is_base AND good\n"
    "), last_dump AS (\n"
    "    SELECT DISTINCT ON (datname) status\n"
    "    FROM backup WHERE kind = 'dump' AND status <> 'running'\n"
    "    ORDER BY datname, at DESC NULLS LAST, id DESC NULLS FIRST\n"
    "), copy AS (\n"
    "    SELECT 'node' AS what, $1 AS name\n"
    "    UNION SELECT 'standby', application_name FROM pg_stat_replication\n"
    "    WHERE state IN ('catchup', 'streaming') AND replay_lsn IS NOT NULL\n"
    "    UNION SELECT 'repository', repository FROM backup\n"
    "    WHERE good AND repository IS NOT NULL\n"
    "), place AS (\n"
    "    SELECT count(*) AS copies, count(*) - count(location) AS unplaced,\n"
    "        count(DISTINCT location) AS places\n"
    "    FROM copy LEFT JOIN dbops.locations USING (what, name)\n"
    "    HAVING EXISTS (SELECT FROM dbops.locations)\n"
    ")\n"
    "SELECT (SELECT max(at) FROM base),\n"
    "    (SELECT extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY gap))::bigint\n"
    "        FROM base HAVING count(gap) >= 3 AND max(at) - min(at) > interval '1 hour'),\n"
    "    (SELECT (status = 'failed')::int::bigint FROM backup\n"
    "        WHERE is_base AND status <> 'running'\n"
    "        ORDER BY at DESC NULLS LAST, id DESC NULLS FIRST LIMIT 1),\n"
    "    (SELECT min(started_at) FROM backup WHERE is_base AND status = 'running'),\n"
    "    (SELECT extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY took))::bigint\n"
    "        FROM base HAVING count(took) >= 3),\n"
    "    (SELECT max(at) FROM backup\n"
    "        WHERE is_base AND status = 'ok' AND NOT restorable AND expired_at IS NULL\n"
    "            AND at > coalesce((SELECT max(at) FROM base), '-infinity')),\n"
    "    (SELECT max(at) FROM backup WHERE kind = 'dump' AND good),\n"
    "    (SELECT max((status = 'failed')::int)::bigint FROM last_dump),\n"
    "    coalesce((SELECT max(tested_at) FROM dbops.restore_tests WHERE ok),\n"
    "        (SELECT min(at) FROM backup WHERE good AND kind <> 'archive')),\n"
    "    (SELECT (NOT ok)::int::bigint FROM dbops.restore_tests\n"
    "        ORDER BY tested_at DESC, id DESC LIMIT 1),\n"
    "    (SELECT copies FROM place), (SELECT unplaced FROM place), (SELECT places FROM place)";

static void
read_backup(Frame *frame)
{
	const SpiValue param = {.type = TEXTOID, .value = CStringGetTextDatum(dbops_node_name())};
	const SpiRows *rows;
	const EntityKey key = {{0}};
	int64 *values;

	if (!OidIsValid(get_extension_oid("dbops", true)))
		return;
	rows = dbops_spi_query(query, &param, 1);
	values = dbops_frame_add(frame, &key, NULL);
	for (int i = 0; i < BACKUP_NMETRICS; i++)
	{
		bool isnull;
		/* Instants are kept as they are. */
		Datum value = dbops_spi_cell(rows, 0, i, &isnull);

		if (!isnull)
			values[i] = DatumGetInt64(value);
	}
}

const Family dbops_family_backup = {
    .id = 38,
    .name = "backup",
    .help = "How backups stand: the last good ones, failures, restore tests, places",
    .cadence = CADENCE_KEEPER,
    .sampler_only = true,
    .rarely_changes = true,
    METRICS(metrics),
    .read = read_backup,
};
