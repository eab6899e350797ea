/*
 * collect/replay_meter.h
 *		How fast a standby replays WAL while it catches up, by what it answers.
 *
 * A file of its own because it is arithmetic and nothing else.  An answer tells at one instant how
 * far WAL is flushed and replayed there.  Between two of them replay was the bottleneck, and not
 * the network, if there was plenty to replay at both, or if what was replayed was there at the
 * first.  Time in which replay stood still, as it was paused or in conflict with a query, is left
 * out, and so is the span in which it went on, as nobody knows when.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

/* So much to replay does not run dry between two answers that follow on each other. */
#define REPLAY_METER_PLENTY (8 * INT64CONST(1024) * 1024)

/* Answers that are further apart tell nothing of what was between them. */
#define REPLAY_METER_LONGEST_US (3 * USECS_PER_SEC)

typedef struct ReplayMeter
{
	XLogRecPtr flushed;
	XLogRecPtr replayed;
	TimestampTz at; /* of the last answer, by one clock; 0: none */
	bool stood;     /* replay did not get on before it, and had something to do */
	int64 bytes;    /* replayed in spans that count, since it fell behind */
	int64 us;       /* the time that took */
	bool rests;     /* it has caught up: the next span that counts begins anew */
} ReplayMeter;

/* Takes in an answer; true if the span since the one before counts. */
extern bool dbops_replay_meter_note(ReplayMeter *meter, XLogRecPtr flushed, XLogRecPtr replayed,
                                    TimestampTz at);

/* Another connection: its first answer follows on nothing. */
extern void dbops_replay_meter_interrupt(ReplayMeter *meter);

/* Whether there is plenty to replay. */
extern bool dbops_replay_meter_is_behind(const ReplayMeter *meter);
