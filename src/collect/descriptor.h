/*
 * collect/descriptor.h
 *		Short forms for what a family is made of: labels, metrics and what is derived from them.
 *
 * A file of its own because a table of forty metrics should read as forty lines; whatever they do
 * not cover is written out, see store/family.h.
 */
#pragma once

#include "store/family.h"

/* A counter without a unit, of bytes, and of time kept in units of `scale` ms (0: ms). */
#define COUNT(id, name, help)                                 \
	{                                                         \
		id, name, METRIC_COUNTER, "", 0, ROLLUP_DEFAULT, help \
	}
#define COUNT_BYTES(id, name, help)                                \
	{                                                              \
		id, name, METRIC_COUNTER, "bytes", 0, ROLLUP_DEFAULT, help \
	}
#define COUNT_MS(id, name, scale, help)                             \
	{                                                               \
		id, name, METRIC_COUNTER, "ms", scale, ROLLUP_DEFAULT, help \
	}

#define GAUGE(id, name, unit, rollup, help)           \
	{                                                 \
		id, name, METRIC_GAUGE, unit, 0, rollup, help \
	}

/* A gauge kept in units of `scale` of its unit. */
#define GAUGE_SCALED(id, name, unit, scale, rollup, help) \
	{                                                     \
		id, name, METRIC_GAUGE, unit, scale, rollup, help \
	}

/* The same, where only the sampler knows it. */
#define GAUGE_OF_SAMPLER(id, name, unit, scale, rollup, help)                                \
	{                                                                                        \
		id, name, METRIC_GAUGE, unit, scale, rollup, help, false, NULL, .sampler_only = true \
	}

/* A gauge that is 1 or 0. */
#define FLAG(id, name, help) GAUGE(id, name, "", ROLLUP_LAST, help)

/* A time kept in us, of which the longest matters. */
#define LONGEST_MS(id, name, help) GAUGE_SCALED(id, name, "ms", 0.001, ROLLUP_MAX, help)

/* A gauge that grows as time goes on, without anything happening to the entity; a time is in us. */
#define AGE(id, name, help)                                             \
	{                                                                   \
		id, name, METRIC_GAUGE, "", 0, ROLLUP_MAX, help, .drifts = true \
	}

#define AGE_MS(id, name, help)                                                \
	{                                                                         \
		id, name, METRIC_GAUGE, "ms", 0.001, ROLLUP_MAX, help, .drifts = true \
	}

/* A gauge that is one of a list of words, see store/family.h. */
#define WORD(id, name, list, help)                                        \
	{                                                                     \
		id, name, METRIC_GAUGE, "", 0, ROLLUP_LAST, help, .words = (list) \
	}

#define INSTANT(id, name, help)                                 \
	{                                                           \
		id, name, METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, help \
	}

/* An instant that moves on by itself as long as all is well. */
#define SIGN_OF_LIFE(id, name, help)                                            \
	{                                                                           \
		id, name, METRIC_TIMESTAMP, "", 0, ROLLUP_DEFAULT, help, .drifts = true \
	}

#define HISTOGRAM_MS(id, name, help)                              \
	{                                                             \
		id, name, METRIC_HISTOGRAM, "ms", 0, ROLLUP_DEFAULT, help \
	}

/* A label, and one that is a word of a list. */
#define LABEL(name, type, names, help) \
	{                                  \
		name, type, names, help, NULL  \
	}
#define LABEL_OF_WORDS(name, list, help)           \
	{                                              \
		name, LABEL_WORD, NAMES_NONE, help, (list) \
	}

/* Labels that many families have, under the names of PostgreSQL's views. */
#define LABEL_OF_DATABASE(help) LABEL("datid", LABEL_OID, NAMES_DATABASE, help)
#define LABEL_OF_ROLE(help) LABEL("userid", LABEL_OID, NAMES_ROLE, help)
#define LABEL_OF_RELATION(help) LABEL("relid", LABEL_OID, NAMES_RELATION, help)
#define LABEL_OF_STATEMENT(help) LABEL("queryid", LABEL_INT8, NAMES_NONE, help)

/* One metric by another, times `factor`; and a quantile of a histogram. */
#define RATIO(name, factor, of, per, unit, help)             \
	{                                                        \
		name, DERIVED_RATIO, factor, {of}, {per}, unit, help \
	}
#define QUANTILE_MS(name, quantile, of, help)                      \
	{                                                              \
		name, DERIVED_QUANTILE, quantile, {of}, {NULL}, "ms", help \
	}

/* What a family says of its tables. */
#define LABELS(list) .labels = (list), .nlabels = lengthof(list)
#define METRICS(list) .metrics = (list), .nmetrics = lengthof(list)
#define DERIVED(list) .derived = (list), .nderived = lengthof(list)
