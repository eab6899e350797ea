/*
 * judge/replay_conflict.h
 *		Which session keeps replay from going on.
 *
 * A file of its own because the server tells nobody: it is found from what replay waits for and
 * from who holds that.
 */
#pragma once

/*
 * Its pid; 0 where that cannot be told, as for a page that somebody is reading.  `waits_for` is the
 * word of the family recovery.
 */
extern int dbops_replay_conflict_pid(const char *waits_for);
