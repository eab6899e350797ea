/*
 * expose/exposition.h
 *		Writing Prometheus' text exposition format, version 0.0.4.
 *
 * A file of its own because what a metric is called and where it comes from is no matter of how it
 * is written.  The samples of a metric follow its heading; values are in Prometheus' base units.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
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

typedef struct Exposition
{
	StringInfoData text; /* after the header of a varlena */
	const char *name;    /* of the metric that is being written */
	int name_length;
} Exposition;

/* In the current context. */
extern void dbops_exposition_begin(Exposition *exposition);

/* What was written, as a text; it takes the memory over. */
extern struct varlena *dbops_exposition_end(Exposition *exposition);

/* Begins a metric; `name` and `help` must stay.  Help is a sentence without full stop. */
extern void dbops_exposition_metric(Exposition *exposition, const char *name, ExposedType type,
                                    const char *help);

/* Appends name="value", after a comma where it is not the first. */
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

/* A histogram: counts up to each bound, in ascending order; the last count is that of all. */
typedef struct ExposedHistogram
{
	const double *bounds;
	const int64 *counts; /* cumulative; one more than bounds */
	int nbounds;
	double sum;
} ExposedHistogram;

extern void dbops_exposition_histogram(Exposition *exposition, const StringInfoData *labels,
                                       const ExposedHistogram *histogram);
