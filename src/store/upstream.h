/*
 * store/upstream.h
 *		What a standby knows of the server it receives from: its last message, and how it compares.
 *
 * A file of its own because the server forgets: each attempt to connect claims a message of that
 * very moment, and overwrites when the last one came.  Here only messages count that came, also
 * when the process that got them is gone.  The sampler notes them each second.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef struct UpstreamMessage
{
	int pid;            /* of the receiver; 0: none */
	bool connected;     /* and the message came over this connection */
	XLogRecPtr end;     /* of WAL, as last told */
	TimestampTz end_at; /* when the sender first told of that end, by its clock */
	TimestampTz sent_at;
	TimestampTz received_at; /* 0: none has come since the start */
	TimeLineID timeline;
} UpstreamMessage;

extern Size dbops_upstream_shmem_size(void);
extern void dbops_upstream_shmem_init(void);

/* The last message that came. */
extern UpstreamMessage dbops_upstream_message(void);

/*
 * Remembers the message; for the sampler.  Returns by how much the sender's clock was set back
 * since the one before.
 */
extern int64 dbops_upstream_note(const UpstreamMessage *message);

/* By how much the sender's clock is ahead of ours. */
extern int64 dbops_upstream_ahead_us(void);

/* After this silence the connection is dead: a sender that lives would have answered by then. */
extern int64 dbops_upstream_longest_pause_us(void);

/* The longest pause between messages of the last minutes; -1 while there were too few to tell. */
extern int64 dbops_upstream_usual_pause_us(void);

/* Whether there is a connection that is not known to be dead. */
extern bool dbops_upstream_is_alive(const UpstreamMessage *message, TimestampTz now);

/*
 * Has the receiver tell the sender how far replay is, if it has moved since the last call or is
 * behind: by itself it does so only with the next WAL, or after wal_receiver_status_interval.  For
 * the sampler.
 */
extern void dbops_upstream_report_replay(void);
