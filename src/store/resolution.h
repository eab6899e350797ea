/*
 * store/resolution.h
 *		The resolutions in which history is kept, and the tables that hold each.
 *
 * A file of its own because steps, windows, retention and table names have exactly one home.  Each
 * resolution has a fixed ring of member tables, made by the extension script: the names in
 * sql/store/ticks.tables.sql are these.  Writing goes to the current member; retention empties the
 * oldest.
 */
#pragma once

#include "datatype/timestamp.h"

typedef enum ResolutionId
{
	RESOLUTION_RAW, /* ticks as taken */
	RESOLUTION_MINUTE,
	RESOLUTION_TEN_MINUTES,
	RESOLUTION_HOUR,
} ResolutionId;

#define RESOLUTION_COUNT (RESOLUTION_HOUR + 1)
#define RESOLUTION_MEMBERS 8

typedef struct Resolution
{
	const char *name;
	const char *table;        /* members are dbops.<table>_0 and so on */
	int64 step_us;            /* length of a bucket; 0: ticks */
	int64 window_us;          /* span of one chunk; 0: ticks */
	const int *retention_min; /* the setting */
} Resolution;

extern const Resolution dbops_resolutions[RESOLUTION_COUNT];

/* Schema-qualified name of a member, palloc'd. */
extern char *dbops_resolution_member(ResolutionId resolution, int member);

/* OID of a member; InvalidOid where the extension is not there. */
extern Oid dbops_resolution_member_oid(ResolutionId resolution, int member);

/* OID of a table of ours by its name without the schema, or InvalidOid. */
extern Oid dbops_resolution_table_oid(const char *table);

/* Largest multiple of `step` not after `at`, counted from 2000-01-01 UTC. */
static inline TimestampTz
dbops_bucket_start(TimestampTz at, int64 step)
{
	int64 rest = at % step;

	return at - (rest < 0 ? rest + step : rest);
}

/* No sample covers more than this, whatever it says. */
#define MAX_COVERS_US USECS_PER_DAY

/* Where in time a tick belongs: the middle of its span, so that a late one stays in its bucket. */
static inline TimestampTz
dbops_tick_place(TimestampTz at, int64 covers_us)
{
	return at - Max(0, Min(covers_us, MAX_COVERS_US)) / 2;
}
