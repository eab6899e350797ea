/*
 * judge/usual.h
 *		What is usual for a statement: its own past, learned from the history.
 *
 * A file of its own because it is the one thing judges know that is not of the last minutes.
 */
#pragma once

#include "judge/facts.h"

/*
 * Tells the facts of the family "statement" the 95th percentile, in ms, of the statements that took
 * most time lately, over the last week without the last two hours.  Those with few executions there
 * have no past.  Needs SQL; does nothing where the extension is not.
 */
extern void dbops_usual_learn(Facts *statements);
