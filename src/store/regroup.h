/*
 * store/regroup.h
 *		Regrouping rows into buckets of the step a query asks for.
 *
 * A file of its own because it is what a reader does beyond reading, and knows no table.  Rows
 * come in units: a span of time within which an entity's rows are all in one batch (a block of a
 * chunk).  What lies within the unit is done with its batch; buckets that reach beyond it are
 * carried until a later unit completes them.  So little more than one batch is in memory.
 */
#pragma once

#include "store/merge.h"

/* A finished row, good until the next batch is begun. */
typedef struct RegroupedRow
{
	TimestampTz bucket;
	int64 covers_us;
	uint16 flags;
	EntityKey key;
	const char *texts;
	const int64 *values;
} RegroupedRow;

/* A row to be regrouped. */
typedef struct Sample
{
	const EntityKey *key;
	const char *texts;
	const int64 *values;
	TimestampTz place;
	int64 covers_us;
} Sample;

typedef struct Regroup Regroup;

/* In a child of the current context. */
extern Regroup *dbops_regroup_create(const Family *family, int64 step_us);

/* Forgets the rows handed out so far. */
extern void dbops_regroup_begin_batch(Regroup *regroup);

/* A unit from `from` to `to`. */
extern void dbops_regroup_begin_unit(Regroup *regroup, TimestampTz from, TimestampTz to);

/* Time covered at `place`, whatever changed in it; before the rows of that place. */
extern void dbops_regroup_cover(Regroup *regroup, TimestampTz place, int64 covers_us, uint16 flags);

/* Adds a row; what it points to need not stay. */
extern void dbops_regroup_add(Regroup *regroup, const Sample *sample);

/* Finishes the rows of the batch that are complete. */
extern void dbops_regroup_end_batch(Regroup *regroup);

/* Finishes carried rows of buckets that end by `to`; DT_NOEND: all. */
extern void dbops_regroup_finish(Regroup *regroup, TimestampTz to);

/* The finished rows, ascending in time within an entity. */
extern int dbops_regroup_rows(const Regroup *regroup, const RegroupedRow **rows);
