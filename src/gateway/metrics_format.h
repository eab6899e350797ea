/*
 * gateway/metrics_format.h
 *		In which format a scraper wants its metrics.
 *
 * A file of its own because it decides by a text alone, as clients send it.
 */
#pragma once

typedef enum MetricsFormat
{
	METRICS_TEXT,
	METRICS_OPENMETRICS,
	METRICS_PROTOBUF,
} MetricsFormat;

/*
 * The one that the header Accept prefers; of equal ones that which it names first.  Text where it
 * names none that there is, or is NULL: a person with a browser is glad of something to read.
 */
extern MetricsFormat dbops_metrics_format_choose(const char *accept);
