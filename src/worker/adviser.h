/*
 * worker/adviser.h
 *		The keeper's side of index advice: when, for which database, and into the ledger with it.
 *
 * One search at a time.  Nothing here waits: each call looks at what has become of the process.
 */
#pragma once

/* Starts what is due, and stores what has come.  A task of the keeper. */
extern void dbops_adviser_tend(void);

/* Whether there is something to do at once. */
extern bool dbops_adviser_waits(void);

/* What the task did is committed. */
extern void dbops_adviser_committed(void);

/* Sees to searches that somebody has waited for since before the keeper started. */
extern void dbops_adviser_start_up(void);
