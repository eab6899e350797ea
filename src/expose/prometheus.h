/*
 * expose/prometheus.h
 *		All that Prometheus may ask for, as one text.
 *
 * A file of its own because it alone knows all collectors: each is read by itself, so one that
 * fails leaves the others be, and is told of as postgres_exporter does.
 */
#pragma once

#include "lib/stringinfo.h"

typedef struct PrometheusLimits
{
	int statements; /* at most so many, by time */
	int tables;     /* at most so many, by size */
	int indexes;    /* at most so many, by size, those that are invalid first */
} PrometheusLimits;

/* In the current context, in UTF-8 where the database's encoding allows.  Needs a snapshot. */
extern StringInfoData dbops_prometheus_render(const PrometheusLimits *limits);
