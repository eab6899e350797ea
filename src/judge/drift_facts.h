/*
 * judge/drift_facts.h
 *		Gathers what drift.h compares, and puts what comes of it on the board of settings.
 *
 * The settings as they are come from the ring, where the sampler tells of them, as any other
 * process has settings of its own; what was accepted, and what a primary has, from tables.
 */
#pragma once

#include "datatype/timestamp.h"

typedef struct Drifting Drifting;

/* In the current context, which must outlive it. */
extern Drifting *dbops_drift_create(void);

/* Needs a transaction with an active snapshot. */
extern void dbops_drift_run(Drifting *drifting, TimestampTz now);
