/*
 * judge/recovery_time.h
 *		How long it would take to be back: by kind of failure, with how far that can be relied on.
 *
 * Time to replay WAL is its amount by the rate at which this server was seen to replay; time to
 * restore is the size of the backup by the rate at which it was seen to be copied.  What people
 * need to notice and decide is not in it.
 */
#pragma once

#include "judge/exposure.h"

/* Used while nothing was measured: what a single disk and a single core do with ease. */
#define REPLAY_RATE_ASSUMED (32.0 * 1024 * 1024)
#define RESTORE_RATE_ASSUMED (100.0 * 1024 * 1024)

/* A copy is written back slower than it was read. */
#define RESTORE_PER_BACKUP_RATE 0.7

/* Time a start or a promotion takes in any case. */
#define START_US (1 * INT64CONST(1000000))

typedef struct RecoveryRate
{
	double bytes_per_second; /* 0: not measured */
	Confidence confidence;
	const char *source; /* "the last crash recovery"; not read if not measured */
} RecoveryRate;

/* FAMILY_NULL (store/family.h) is unknown. */
typedef struct RecoveryTimeFacts
{
	int64 redo_bytes;    /* WAL to replay after a crash */
	int64 standby_bytes; /* WAL that the furthest standby has and has not replayed */
	bool standby;
	bool backup;
	int64 backup_bytes; /* size of the last backup, or of the cluster */
	int64 replay_bytes; /* WAL since its start */
	RecoveryRate replay;
	RecoveryRate restore;
	double wal_per_second; /* 0: unknown */
	int64 objective_us;    /* 0: none */
} RecoveryTimeFacts;

typedef struct RecoveryTime
{
	int64 rto_us; /* FAMILY_NULL: cannot be told */
	Confidence confidence;
	int64
	    backup_every_us; /* how often a backup must be taken for the objective; FAMILY_NULL: not asked
	                          or not known; 0: no interval is short enough */
	char why[256];
} RecoveryTime;

extern void dbops_recovery_time_judge(const RecoveryTimeFacts *facts, DisasterKind failure,
                                      RecoveryTime *result);
