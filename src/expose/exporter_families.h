/*
 * expose/exporter_families.h
 *		Which families stand behind the metrics that postgres_exporter has.
 *
 * A file of its own because it is a list, and grows with that exporter: existing dashboards and
 * rules ask for its names, so they are kept, odd ones included.
 */
#pragma once

#include "expose/metric_group.h"

/* Ends with a group without a family. */
extern const MetricGroup dbops_exporter_families[];
