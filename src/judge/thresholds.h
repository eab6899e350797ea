/*
 * judge/thresholds.h
 *		Limits in force: those of the checks, changed by the rows of dbops.thresholds.
 *
 * A row for an object wins over one for its database, and that over one for the check.
 */
#pragma once

#include "judge/check.h"

typedef struct Thresholds Thresholds;

/* Reads the table, into the current context; needs SQL.  Without it all is as built in. */
extern Thresholds *dbops_thresholds_load(void);

/* Whether any value can be beyond a limit: some have none until an operator sets one. */
extern bool dbops_thresholds_limit(const Thresholds *thresholds, const Check *check);

/* Whether any row names an object of the check: only then are names looked up. */
extern bool dbops_thresholds_name_objects(const Thresholds *thresholds, const Check *check);

/* `datname` and `object` may be NULL. */
extern Limits dbops_thresholds_find(const Thresholds *thresholds, const Check *check,
                                    const char *datname, const char *object);
