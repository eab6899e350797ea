/*
 * store/history.h
 *		Reading the history: rows of one family over a time range, from tables and the ring alike.
 *
 * Rows come at the finest resolution stored for their age, or at one step for all.  Reads under the
 * query's active snapshot, without SPI; usable on a standby and by any role the foreign table lets
 * in.
 */
#pragma once

#include "store/frame.h"
#include "store/ring.h"

/* An IN list for one label; nvalues < 0 means no restriction, 0 matches nothing. */
typedef struct LabelFilter
{
	int nvalues;
	int64 *values; /* as in EntityKey: text labels by dbops_entity_hash */
} LabelFilter;

typedef struct HistoryQuery
{
	const Family *family;
	TimestampTz from; /* rows with from <= at <= to; DT_NOBEGIN / DT_NOEND when open */
	TimestampTz to;
	int64 step_us; /* 0: as stored */
	LabelFilter labels[ENTITY_KEY_PARTS];
	const bool *wanted; /* by metric; NULL = all */
	const char *node;   /* NULL = all */
} HistoryQuery;

/* Good until the next call. */
typedef struct HistoryRow
{
	const char *node;
	TimestampTz at;  /* instant of the sample; start of the bucket when step_us > 0 */
	int64 covers_us; /* time the samples really cover */
	int64 step_us;   /* 0: a sample as taken */
	uint16 flags;    /* TICK_LATE, TICK_BASE of any tick in it */
	const EntityKey *key;
	const char *texts;   /* of the text labels, see store/texts.h; or NULL */
	const int64 *values; /* as in a frame of changes */
} HistoryRow;

typedef struct HistoryScan HistoryScan;

/* The query is copied; memory is in a child of the current context. */
extern HistoryScan *dbops_history_begin(const HistoryQuery *query);

/* NULL at the end.  Checks for interrupts.  Rows of one node come in order of their source: time is
 * ascending within an entity, but not across entities. */
extern const HistoryRow *dbops_history_next(HistoryScan *scan);

extern void dbops_history_end(HistoryScan *scan);
