/*
 * judge/judging.h
 *		A round of all checks: facts in, verdicts on the board.
 *
 * The keeper does one with every sample.  It remembers since when each verdict has stood; after a
 * restart of the keeper the board still knows.
 */
#pragma once

#include "datatype/timestamp.h"

typedef struct Judging Judging;

/* In the current context, which must outlive it. */
extern Judging *dbops_judging_create(void);

/*
 * Learns how long the statements that take most time usually take, see usual.h.  Needs SQL.
 */
extern void dbops_judging_learn_usual(Judging *judging);

/* Needs a transaction with an active snapshot. */
extern void dbops_judging_run(Judging *judging, TimestampTz now);
