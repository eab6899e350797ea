/*
 * expose/own_metrics.h
 *		dbops' own families for Prometheus, named by the registry.
 *
 * A file of its own because nothing here is written by hand but which families are shown, by which
 * labels: a metric that the registry gains, Prometheus gains.
 *
 * A metric is dbops_<family>_<metric>, in base units: ms become seconds, percent a ratio; a counter
 * ends in _total, an instant in _timestamp_seconds, a size in _bytes.
 */
#pragma once

#include "expose/metric_group.h"

/* How many families are shown. */
extern int dbops_own_metrics_count(void);

/* One of them: made on first use, kept for good. */
extern const MetricGroup *dbops_own_metrics_group(int index);
