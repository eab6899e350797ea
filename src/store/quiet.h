/*
 * store/quiet.h
 *		Ticks on their way into a table, and how those of a quiet time become few.
 *
 * A file of its own because it decides what an idle server stores, and touches no table.
 */
#pragma once

#include "store/ring.h"

/* Quiet ticks become one per this time. */
#define QUIET_SPAN_US (5 * USECS_PER_MINUTE)

/* Ticks on their way into a table. */
typedef struct TickBatch
{
	int count;
	int capacity;
	Tick *ticks;
	char **data;
} TickBatch;

/* Appends a tick; `data` is not copied. */
extern void dbops_quiet_add(TickBatch *batch, const Tick *tick, char *data);

/* Merges runs of quiet ticks of a family, up to five minutes each. */
extern void dbops_quiet_merge(TickBatch *batch);
