/*
 * store/retention.c
 *		How long history is kept, and how much disk it takes; see retention.h.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/guc.h"
#include "core/spi.h"
#include "store/retention.h"
#include "store/selfstat.h"

#define BYTES_PER_MB (INT64CONST(1024) * 1024)

/* The limit is near when all but one of so many parts of it are taken. */
#define NEAR 4

/* A member for samples as taken is then one of so many in the limit, at most. */
#define SMALL_MEMBERS 16

/* How long it is told that history was cut. */
#define CUT_SHOWN_US USECS_PER_DAY

static const char *const current_member = "SELECT member, started_at\n"
                                          "FROM dbops.member\n"
                                          "WHERE resolution = $1\n"
                                          "ORDER BY started_at DESC, member DESC\n"
                                          "LIMIT 1";

static const char *const start_member =
    "INSERT INTO dbops.member (resolution, member, started_at)\n"
    "VALUES ($1, $2, $3)\n"
    "ON CONFLICT (resolution, member) DO UPDATE SET started_at = excluded.started_at";

/* In their order, the latest at $2. */
static const char *const pull_back =
    "UPDATE dbops.member AS m\n"
    "SET started_at = $2 - (f.back - 1) * interval '1 microsecond'\n"
    "FROM (\n"
    "    SELECT member, row_number() OVER (ORDER BY started_at DESC, member DESC) AS back\n"
    "    FROM dbops.member\n"
    "    WHERE resolution = $1 AND started_at > $2\n"
    ") AS f\n"
    "WHERE m.resolution = $1 AND m.member = f.member";

static const char *const truncate_member = "TRUNCATE %s";

/* The member in use. */
typedef struct Current
{
	int member;
	TimestampTz started_at;
} Current;

static Current find_current(ResolutionId resolution);
static void start(ResolutionId resolution, int member, TimestampTz at);
static bool empty_member(ResolutionId resolution, int member);
static int64 disk_size(ResolutionId resolution, int member);
static int64 member_size(ResolutionId resolution, int member);
static void rotate(ResolutionId resolution, TimestampTz now);
static bool free_oldest(ResolutionId resolution);
static int64 total_size(void);
static void keep_below_max_size(TimestampTz now);

int
dbops_retention_member(ResolutionId resolution)
{
	return find_current(resolution).member;
}

void
dbops_retention_run(void)
{
	TimestampTz now = dbops_clock_now();

	for (ResolutionId resolution = 0; resolution < RESOLUTION_COUNT; resolution++)
		rotate(resolution, now);
	keep_below_max_size(now);
	dbops_selfstat_set_history(total_size());
}

int64
dbops_retention_size(ResolutionId resolution)
{
	int64 bytes = 0;

	for (int member = 0; member < RESOLUTION_MEMBERS; member++)
		bytes += disk_size(resolution, member);
	return bytes;
}

int64
dbops_retention_kept_us(ResolutionId resolution)
{
	int64 kept_us = *dbops_resolutions[resolution].retention_min * USECS_PER_MINUTE;

	/* A chunk is made when its window is over: what it is made of must still be there. */
	if (resolution + 1 < RESOLUTION_COUNT)
		kept_us = Max(kept_us, 2 * dbops_resolutions[resolution + 1].window_us);
	return kept_us;
}

static Current
find_current(ResolutionId resolution)
{
	SpiValue param = {.type = INT2OID, .value = Int16GetDatum(resolution)};
	SpiRows *rows = dbops_spi_query(current_member, &param, 1);
	Current current = {.started_at = dbops_clock_now()};
	bool isnull;

	if (rows->nrows == 0)
	{
		start(resolution, current.member, current.started_at);
		return current;
	}
	current.member = DatumGetInt16(dbops_spi_cell(rows, 0, 0, &isnull));
	current.started_at = DatumGetTimestampTz(dbops_spi_cell(rows, 0, 1, &isnull));
	return current;
}

static void
start(ResolutionId resolution, int member, TimestampTz at)
{
	SpiValue params[] = {{.type = INT2OID, .value = Int16GetDatum(resolution)},
	                     {.type = INT2OID, .value = Int16GetDatum(member)},
	                     dbops_spi_instant(at)};

	dbops_spi_execute(start_member, params, lengthof(params));
}

/*
 * A member that seems to have started after now, as the clock was set back, starts now: else it
 * would stay the current one, and history be kept, until the clock is there again.
 */
static Current
find_current_until(ResolutionId resolution, TimestampTz now)
{
	Current current = find_current(resolution);
	SpiValue params[] = {{.type = INT2OID, .value = Int16GetDatum(resolution)},
	                     dbops_spi_instant(now)};

	if (current.started_at <= now)
		return current;
	dbops_spi_execute(pull_back, params, lengthof(params));
	current.started_at = now;
	return current;
}

/* Moves to the next member when the current one has its share of the time. */
static void
rotate(ResolutionId resolution, TimestampTz now)
{
	Current current = find_current_until(resolution, now);
	int next = (current.member + 1) % RESOLUTION_MEMBERS;
	int64 share_us = dbops_retention_kept_us(resolution) / (RESOLUTION_MEMBERS - 1);

	if (now - current.started_at < share_us)
		return;
	/* started_at orders the members, so it must increase even when the clock was set back. */
	if (empty_member(resolution, next))
		start(resolution, next, Max(now, current.started_at + 1));
}

/* Truncates a member; false when it is in use at this moment. */
static bool
empty_member(ResolutionId resolution, int member)
{
	Oid relation = dbops_resolution_member_oid(resolution, member);

	if (!OidIsValid(relation))
		return false;
	if (member_size(resolution, member) == 0)
		return true;
	if (!ConditionalLockRelationOid(relation, AccessExclusiveLock))
		return false;
	dbops_spi_execute(psprintf(truncate_member, dbops_resolution_member(resolution, member)), NULL,
	                  0);
	return true;
}

/* Bytes of a member on disk: an empty one has pages of its indexes all the same. */
static int64
disk_size(ResolutionId resolution, int member)
{
	Oid relation = dbops_resolution_member_oid(resolution, member);

	if (!OidIsValid(relation))
		return 0;
	return DatumGetInt64(DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(relation)));
}

/* The same; 0 when it holds nothing, so that emptying it would free nothing. */
static int64
member_size(ResolutionId resolution, int member)
{
	Oid relation = dbops_resolution_member_oid(resolution, member);

	if (!OidIsValid(relation) ||
	    DatumGetInt64(DirectFunctionCall2(pg_relation_size, ObjectIdGetDatum(relation),
	                                      PointerGetDatum(cstring_to_text("main")))) == 0)
		return 0;
	return disk_size(resolution, member);
}

static int64
total_size(void)
{
	int64 bytes = 0;

	for (ResolutionId resolution = 0; resolution < RESOLUTION_COUNT; resolution++)
		bytes += dbops_retention_size(resolution);
	return bytes;
}

/* Empties the oldest member of a ring that holds anything, but not the current one. */
static bool
free_oldest(ResolutionId resolution)
{
	int current = find_current(resolution).member;

	for (int i = 1; i < RESOLUTION_MEMBERS; i++)
	{
		int member = (current + i) % RESOLUTION_MEMBERS;

		if (member_size(resolution, member) > 0)
			return empty_member(resolution, member);
	}
	return false;
}

/* The ring's next member becomes the current one; false when it holds anything that is in use. */
static bool
move_on(ResolutionId resolution, TimestampTz now)
{
	Current current = find_current(resolution);
	int next = (current.member + 1) % RESOLUTION_MEMBERS;

	if (!empty_member(resolution, next))
		return false;
	start(resolution, next, Max(now, current.started_at + 1));
	return true;
}

static int64
current_size(ResolutionId resolution)
{
	return member_size(resolution, find_current(resolution).member);
}

/*
 * Near the limit the members for samples as taken are kept small, while there is an empty one to
 * move on to: what has to go is then the oldest part of them.
 */
static void
keep_raw_small(int64 limit, TimestampTz now)
{
	int next = (find_current(RESOLUTION_RAW).member + 1) % RESOLUTION_MEMBERS;

	if (total_size() > limit / NEAR * (NEAR - 1) &&
	    current_size(RESOLUTION_RAW) > limit / SMALL_MEMBERS &&
	    member_size(RESOLUTION_RAW, next) == 0)
		move_on(RESOLUTION_RAW, now);
}

/* Whether history was cut lately, which status() tells. */
static void
note_cut(bool cut, int64 limit, TimestampTz now)
{
	SelfStat keeper;

	if (cut)
		dbops_selfstat_set_cut(now);
	else if (dbops_selfstat_read(SELF_KEEPER, &keeper) && keeper.cut_at != 0 &&
	         (total_size() < limit / 2 || now - keeper.cut_at > CUT_SHOWN_US))
		dbops_selfstat_set_cut(0);
}

/*
 * When the disk is short, members go from the finest resolution to the coarsest.  When only current
 * ones are left, the rings move on, so that the next run finds something to free; so does the ring
 * of samples as taken when its current member is most of it all.
 */
static void
keep_below_max_size(TimestampTz now)
{
	int64 limit = dbops_guc_max_size * BYTES_PER_MB;
	ResolutionId resolution = RESOLUTION_RAW;
	bool cut = false;

	keep_raw_small(limit, now);
	while (total_size() > limit && resolution < RESOLUTION_COUNT)
	{
		if (free_oldest(resolution))
			cut = true;
		else if (resolution == RESOLUTION_RAW && current_size(resolution) > limit / 2 &&
		         move_on(resolution, now))
			break;
		else
			resolution++;
	}
	note_cut(cut, limit, now);
	if (resolution < RESOLUTION_COUNT || total_size() <= limit)
		return;
	for (resolution = RESOLUTION_RAW; resolution < RESOLUTION_COUNT; resolution++)
	{
		if (current_size(resolution) > 0)
			move_on(resolution, now);
	}
}
