/*
 * collect/known_plans.h
 *		Which plans statements had, and their texts: the table dbops.plan.
 *
 * The only writer of the table.  Runs in the keeper, inside a transaction with a snapshot, in the
 * database that has the extension.
 */
#pragma once

#include "datatype/timestamp.h"

/* Stores plans not stored yet, of those that ran since the last call. */
extern void dbops_known_plans_learn(void);

/* The next call of learn looks at all plans, as when the table is another one. */
extern void dbops_known_plans_forget(void);

/* Deletes plans last seen before the oldest time the history reaches back to. */
extern void dbops_known_plans_prune(TimestampTz before);
