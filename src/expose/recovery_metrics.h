/*
 * expose/recovery_metrics.h
 *		What would be lost, and how long it would take to be back, for Prometheus.
 *
 * A file of its own because this is judged from the tables of backups and restore tests as well,
 * so it is asked of the view dbops.recovery, and of no family.
 */
#pragma once

#include "expose/exposition.h"

/* By kind of failure; what cannot be told has no sample.  Needs a snapshot. */
extern void dbops_recovery_metrics(Exposition *exposition);
