/*
 * store/scan.h
 *		Reading the members of a ring in order of time.
 *
 * A file of its own because rollup and readers scan the same tables, and not by SPI: readers have
 * no right on them.  Rows are those of the active snapshot, found by index.  The lock
 * on each member lasts until the end of the scan only, as retention wants it.
 */
#pragma once

#include "store/resolution.h"

/* A row; what it points to is good until the next call. */
typedef struct Stored
{
	TimestampTz at;    /* ticks: of the sample; chunks: start of the window */
	TimestampTz to_at; /* chunks: end of the window */
	int64 boot;        /* this and the next three: ticks */
	int64 seq;
	int64 covers_us;
	uint16 flags;
	Datum head;        /* chunks */
	Datum data;        /* not detoasted */
	const char *table; /* without the schema */
} Stored;

/* Whose history. */
typedef struct HistoryKey
{
	ResolutionId resolution;
	int16 family;
	int16 node;
} HistoryKey;

typedef struct MemberScan MemberScan;

/* Rows with from <= at < to, ascending; from the latest one backwards when `backward`. */
extern MemberScan *
dbops_scan_begin(const HistoryKey *key, TimestampTz from, TimestampTz to, bool backward);

/* NULL at the end. */
extern const Stored *dbops_scan_next(MemberScan *scan);

extern void dbops_scan_end(MemberScan *scan);

/*
 * The first row, and the last one that ends before `end`.  Both without what needs the table: head
 * and data are 0.
 */
extern bool dbops_scan_first(const HistoryKey *key, Stored *stored);
extern bool dbops_scan_last(const HistoryKey *key, TimestampTz end, Stored *stored);

/*
 * Where history ends that can be true.  What a wrong clock has put into the future must not keep
 * the present from being packed and read; a small step of the clock is no reason to doubt.
 */
static inline TimestampTz
dbops_scan_end_of(TimestampTz now)
{
	return now + USECS_PER_HOUR;
}

/* A server in the history. */
typedef struct StoredNode
{
	int16 id;
	char *name;
} StoredNode;

/* All servers by id, palloc'd; none where the extension is not there. */
extern int dbops_scan_nodes(StoredNode **nodes);
