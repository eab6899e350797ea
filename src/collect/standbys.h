/*
 * collect/standbys.h
 *		Who receives WAL from this server, or did: the last known positions of each, second by
 *		second.
 *
 * A file of its own because the server forgets a receiver with its connection, and the history has
 * it only as of the last sample.  The sampler notes each second what the WAL senders know, in
 * shared memory; a receiver is known by what stays when it connects again, as in the family
 * replication.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

#include "collect/replay_meter.h"

#define STANDBY_ADDRESS_SIZE 64

typedef struct KnownStandby
{
	int pid; /* of its WAL sender; 0: it is not connected */
	char application_name[NAMEDATALEN];
	char client_addr[STANDBY_ADDRESS_SIZE];
	char slot_name[NAMEDATALEN];
	int instance;
	XLogRecPtr sent_lsn;
	XLogRecPtr write_lsn;
	XLogRecPtr flush_lsn;
	XLogRecPtr replay_lsn;
	TimestampTz reply_time;   /* of its last answer, by its clock */
	TimestampTz heard_at;     /* when the sampler saw that answer, by ours */
	TimestampTz seen_at;      /* when it was last connected */
	int64 ahead_us[2];        /* its clock of ours at most, in this period and the one before */
	TimestampTz period_began; /* 0: no answer yet */
	ReplayMeter meter;        /* by its clock */
	TimestampTz measured_at;  /* by ours; 0: the meter has counted nothing */
} KnownStandby;

extern Size dbops_standbys_shmem_size(void);
extern void dbops_standbys_shmem_init(void);

/*
 * Notes the positions, if the last time was a second ago; for the sampler.  True if somebody
 * connected who is to be named.  Allocates nothing.
 */
extern bool dbops_standbys_note(void);

/*
 * Follows replay while one of them has plenty to replay, some times a second; for the sampler.
 * True if that goes on.  Allocates nothing.
 */
extern bool dbops_standbys_measure(void);

/* Finds out the names; for the sampler, inside a transaction. */
extern void dbops_standbys_name(void);

/* All that are remembered, in the current context. */
extern KnownStandby *dbops_standbys_read(int *count);

/* By how much its clock is ahead of ours, as far as answers tell; false before the first. */
extern bool dbops_standbys_clock_ahead(const KnownStandby *standby, int64 *ahead_us);
