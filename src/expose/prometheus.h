/*
 * expose/prometheus.h
 *		All that Prometheus may ask for, in one go.
 *
 * A file of its own because it alone knows all collectors: each is read by itself, so one that
 * fails leaves the others be, and is told of as postgres_exporter does.
 */
#pragma once

#include "expose/exposition.h"

typedef struct PrometheusLimits
{
	int statements; /* at most so many, by time */
	int tables;     /* at most so many, by size */
	int indexes;    /* at most so many, by size, those that are invalid first */
} PrometheusLimits;

/* A text, or a bytea, in the current context.  Needs a snapshot. */
extern struct varlena *
dbops_prometheus_render(const PrometheusLimits *limits, const ExpositionFormat *format);
