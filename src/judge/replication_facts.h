/*
 * judge/replication_facts.h
 *		Gathers what replication_lag.h judges: a row for everybody who takes part in replication.
 *
 * A file of its own because it looks at the server, which the judge does not.  The families give
 * what is there at the moment, collect/standbys.h and the history those that are gone.  Works on a
 * primary, on a standby and on one between others; needs a snapshot, for the history.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

#include "judge/replication_lag.h"
#include "judge/sync_rule.h"

/* Texts are NULL, numbers LAG_UNKNOWN, times and pids 0 where there is nothing to tell. */
typedef struct LagRow
{
	LagFacts facts;
	const char *name; /* by which it is asked for */
	const char *application_name;
	const char *client_addr;
	const char *slot_name;
	const char *state;
	const char *sync_state;
	const char *wal_status;
	int64 sync_priority;
	int pid;
	int conflict_pid; /* who keeps replay from going on */
	TimestampTz backend_start;
	TimestampTz reply_time;
	TimeLineID timeline; /* 0: unknown */
	XLogRecPtr lsn[LAG_STAGES];
	int64 reported_us[LAG_STAGES]; /* the server's own measure of write, flush and replay lag */
	int64 wal_kept_bytes;
	int64 wal_kept_us;
	int64 loss_transactions;
	int64 clock_ahead_us;
} LagRow;

typedef struct LagRows
{
	int count;
	int capacity;
	LagRow *items;
	SyncRule sync;
	bool in_recovery; /* this server is a standby */
} LagRows;

/* In the current context. */
extern LagRows *dbops_replication_facts_load(void);
