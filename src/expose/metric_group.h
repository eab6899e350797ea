/*
 * expose/metric_group.h
 *		A family for Prometheus: which of its labels and metrics, under which names.
 *
 * A file of its own because dbops' own metrics and those that take the names of another exporter
 * differ in their tables only.
 */
#pragma once

#include "expose/exposition.h"
#include "store/frame.h"
#include "store/names.h"

/*
 * `column` is a column of the family: a label, a name that stands for one (datname, schemaname,
 * relname, rolname, …), or a metric that is a word.
 */
typedef struct GroupLabel
{
	const char *name;
	const char *column;
} GroupLabel;

#define GROUP_METRIC_TERMS 6

/* How others show what is not known, or not set. */
typedef enum ShownUnknown
{
	UNKNOWN_LEFT_OUT,
	UNKNOWN_AS_ZERO,
	UNKNOWN_AS_MINUS_ONE, /* no limit */
} ShownUnknown;

typedef struct GroupMetric
{
	const char *name;
	ExposedType type;
	const char *metric; /* of the family; NULL: each entity counts 1 */
	double factor;      /* 0: 1; applied to the value in the metric's unit */
	const char *help;
	ShownUnknown unknown;
	const char *word; /* name of a label for the metric's word, the value being 1; or NULL */
	const char *sum;  /* of a histogram: the metric that sums it, in ms */
	const char *plus[GROUP_METRIC_TERMS]; /* metrics of the same scale that are added; NULL ends */
} GroupMetric;

typedef struct MetricGroup
{
	const char *name; /* as its collector is called */
	const char *family;
	const GroupLabel *labels;
	int nlabels;
	const GroupMetric *metrics;
	int nmetrics;
	bool (*wanted)(const Frame *frame, int row); /* NULL: all entities */
} MetricGroup;

/* Short forms; what follows is set by name. */
#define SHOW_COUNTER(shown, column, ...)                                        \
	{                                                                           \
		.name = shown, .type = EXPOSED_COUNTER, .metric = column, ##__VA_ARGS__ \
	}
#define SHOW_GAUGE(shown, column, ...)                                        \
	{                                                                         \
		.name = shown, .type = EXPOSED_GAUGE, .metric = column, ##__VA_ARGS__ \
	}
#define SHOW_HISTOGRAM(shown, column, ...)                                        \
	{                                                                             \
		.name = shown, .type = EXPOSED_HISTOGRAM, .metric = column, ##__VA_ARGS__ \
	}
#define GROUP_LABELS(list) .labels = (list), .nlabels = lengthof(list)
#define GROUP_METRICS(list) .metrics = (list), .nmetrics = lengthof(list)

/* Instants become seconds since 1970; entities with the same labels are added up. */
extern void dbops_metric_group_write(Exposition *exposition, const MetricGroup *group, Frame *frame,
                                     Names *names);
