/*
 * store/rollup.h
 *		From ticks to chunks of a minute, from those to ten minutes, from those to an hour.
 *
 * A file of its own because it is the one task that makes history coarser.  Writes dbops.chunk_*.
 * A window becomes a chunk once its source has gone beyond it, so each chunk is written once and in
 * one transaction; what was written tells where to go on, so a crash loses nothing and repeats
 * nothing.  A tick or chunk that cannot be read is left out, which status() tells.  A tick that
 * arrives for a window already packed (a clock set back) is not added: it can be read as long as
 * ticks are kept where they are read, and then is gone.
 */
#pragma once

#include "store/scan.h"

/* Packs what is ready, as much as one transaction should; returns the number of chunks written. */
extern int dbops_rollup_run(void);

/*
 * Writes the chunk of the window that begins at `from` anew, which must not be there, from what is
 * left of finer history.  False when nothing is.
 */
extern bool dbops_rollup_rebuild(const HistoryKey *key, const char *node_name, TimestampTz from);
