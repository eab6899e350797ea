/*
 * store/retention.h
 *		How long history is kept, and how much disk it takes.
 *
 * A file of its own because it alone empties tables, and it alone says which member of a ring is
 * written to.  Writes dbops.member.  A ring moves to its next member when the current one spans its
 * share of the retention; the next one, the oldest, is truncated first.  Nobody is waited for: a
 * member that somebody reads is emptied by a later run.  A query whose snapshot is older than the
 * truncation finds the member empty.
 */
#pragma once

#include "store/resolution.h"

/* Member of a resolution that new history goes to.  Needs a transaction that may write. */
extern int dbops_retention_member(ResolutionId resolution);

/* Moves rings on, and keeps the whole below dbops.max_size: the finest resolution goes first. */
extern void dbops_retention_run(void);

/* Bytes of all members of a resolution, with indexes and TOAST. */
extern int64 dbops_retention_size(ResolutionId resolution);

/* How long a resolution is really kept: the setting, or what the next rollup needs. */
extern int64 dbops_retention_kept_us(ResolutionId resolution);
