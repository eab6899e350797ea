/*
 * expose/exposition.h
 *		What Prometheus reads: metrics, each followed by its samples, in one of its formats.
 *
 * A file of its own because what a metric is called and where it comes from is no matter of how it
 * is written.  Values are in Prometheus' base units.
 */
#pragma once

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

typedef enum ExposedType
{
	EXPOSED_UNTYPED,
	EXPOSED_COUNTER,
	EXPOSED_GAUGE,
	EXPOSED_HISTOGRAM,
} ExposedType;

typedef struct ExpositionFormat ExpositionFormat;

/* https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4 */
extern const ExpositionFormat dbops_exposition_text;

/* https://prometheus.io/docs/specs/om/open_metrics_spec/, version 1.0.0 */
extern const ExpositionFormat dbops_exposition_openmetrics;

/* io.prometheus.client.MetricFamily, delimited: the one that has native histograms */
extern const ExpositionFormat dbops_exposition_protobuf;

typedef struct Exposition
{
	const ExpositionFormat *format;
	StringInfoData text; /* after the header of a varlena */
	const char *name;    /* of the metric that is being written; NULL: none is */
	int name_length;
	ExposedType type;

	/* Of formats that must know how long a thing is before they write it. */
	StringInfoData family;
	StringInfoData pairs;
	StringInfoData message;
} Exposition;

/* In the current context. */
extern void dbops_exposition_begin(Exposition *exposition, const ExpositionFormat *format);

/* Ends a metric; what is written from here on can be taken back. */
extern int dbops_exposition_mark(Exposition *exposition);
extern void dbops_exposition_go_back(Exposition *exposition, int mark);

/* What was written, as a text or bytea; it takes the memory over. */
extern struct varlena *dbops_exposition_end(Exposition *exposition);

/* Begins a metric; `name` and `help` must stay.  Help is a sentence without full stop. */
extern void dbops_exposition_metric(Exposition *exposition, const char *name, ExposedType type,
                                    const char *help);

/*
 * Appends name="value", after a comma where it is not the first: as text has them, which most
 * scrapers ask for.
 */
extern void dbops_exposition_label(StringInfo labels, const char *name, const char *value);

/* The labels of one of many, in no more memory than they need. */
extern StringInfoData dbops_exposition_keep(const StringInfoData *labels);

/* A sample; `labels` as written by dbops_exposition_label(), or NULL. */
extern void
dbops_exposition_integer(Exposition *exposition, const StringInfoData *labels, int64 value);
extern void
dbops_exposition_number(Exposition *exposition, const StringInfoData *labels, double value);

/* An instant as Prometheus has it, in seconds since 1970. */
static inline double
dbops_exposition_time(TimestampTz at)
{
	return (double) at / USECS_PER_SEC + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

struct Histogram;

/* A histogram: counts up to each bound, in ascending order; the last count is that of all. */
typedef struct ExposedHistogram
{
	const double *bounds;
	const int64 *counts; /* cumulative; one more than bounds */
	int nbounds;
	double sum;
	const struct Histogram *native; /* the same, of durations, in finer buckets; NULL: none */
} ExposedHistogram;

extern void dbops_exposition_histogram(Exposition *exposition, const StringInfoData *labels,
                                       const ExposedHistogram *histogram);
