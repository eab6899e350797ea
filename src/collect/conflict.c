/*
 * collect/conflict.c
 *		The family "conflict": queries that replay had cancelled on a standby, by kind.
 *
 * The same counts as database_history has in columns, as rows: so a kind can be asked for, summed
 * and alarmed on without naming each.  A row for each database and kind that ever happened.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/pgstat_scan.h"
#include "core/compat.h"
#include "core/compat_statistics.h"
#include "store/frame.h"

enum
{
	CONFLICT_COUNT,
	CONFLICT_NMETRICS
};

enum
{
	LABEL_DATID,
	LABEL_KIND,
};

/* Stored in the history: it only grows at its end. */
static const char *const kinds[] = {"tablespace", "lock",         "snapshot", "buffer pin",
                                    "deadlock",   "logical slot", NULL};

/* Of each kind, in that order; -1: not in this version. */
static const int offsets[] = {
    DBOPS_DATABASE_FIELD(conflict_tablespace),       DBOPS_DATABASE_FIELD(conflict_lock),
    DBOPS_DATABASE_FIELD(conflict_snapshot),         DBOPS_DATABASE_FIELD(conflict_bufferpin),
    DBOPS_DATABASE_FIELD(conflict_startup_deadlock), DBOPS_DATABASE_CONFLICT_LOGICALSLOT,
};

static const Label labels[] = {
    [LABEL_DATID] = LABEL_OF_DATABASE("OID of the database"),
    [LABEL_KIND] = LABEL_OF_WORDS("kind", kinds, "What replay and the queries both needed"),
};

static const Metric metrics[] = {
    [CONFLICT_COUNT] = COUNT(1, "conflicts", "Queries cancelled, or uses of logical slots"),
};

static void
read_conflicts(Frame *frame)
{
	int nstats;
	const DatabaseStats *stats = dbops_pgstat_scan_databases(&nstats);

	for (int i = 0; i < nstats; i++)
	{
		for (int kind = 0; kind < lengthof(offsets); kind++)
		{
			const EntityKey key = {.num = {[LABEL_DATID] = stats[i].datid, [LABEL_KIND] = kind}};
			int64 count = 0;

			if (offsets[kind] >= 0)
				memcpy(&count, (const char *) &stats[i].stats + offsets[kind], sizeof(count));
			if (count != 0)
				dbops_frame_add(frame, &key, NULL)[CONFLICT_COUNT] = count;
		}
	}
}

const Family dbops_family_conflict = {
    .id = 22,
    .name = "conflict",
    .help = "Queries cancelled by replay on a standby, by database and kind",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .rates = true,
    .read = read_conflicts,
};
