/*
 * worker/heartbeat.h
 *		A sign of life for standbys: a little WAL that means nothing, while nothing else is written.
 *
 * A standby is told something with WAL, and otherwise every half minute when it asks.  So it cannot
 * tell an idle primary from one it is cut off from, and nobody how current it is.  While a standby
 * streams and nothing is written for a second, the sampler writes a record without effect, of some
 * thirty bytes.  Like those of the server's own background writer it does not count as important:
 * it brings about no checkpoint and no switch to another segment.
 */
#pragma once

/* Once a second; writes at most one record, and waits for nothing. */
extern void dbops_heartbeat_beat(void);
