/*
 * store/family.h
 *		What a family is: the words in which collectors, the history, its SQL tables, /metrics and
 *		the reference manual describe a source of facts.
 *
 * A family is a set of entities (one server, many tables) that share labels and metrics.  Its
 * descriptor is a const struct in the file of its collector; store/registry.h lists them all.
 *
 * All metric values are int64.  A metric's `scale` turns the stored integer into its unit, so a
 * time kept in microseconds is shown in ms with scale 0.001.  FAMILY_NULL means unknown.
 *
 * States and modes are numbers inside and words in SQL.  A list of words ends with NULL, its first
 * word is number 0, and as the history keeps the numbers it only ever grows at its end.
 */
#pragma once

#include "utils/timestamp.h"

#define FAMILY_NULL PG_INT64_MIN

typedef enum MetricKind
{
	METRIC_COUNTER,   /* only grows, until reset; the history keeps the increase over each span */
	METRIC_GAUGE,     /* goes up and down; the history keeps the value */
	METRIC_TIMESTAMP, /* a gauge that is an instant, as TimestampTz */
	METRIC_HISTOGRAM, /* cell is a Histogram pointer (math/histogram.h); counts only grow, and wrap
						 at 2^32 in the source */
} MetricKind;

/* How many samples become one.  Counters always sum and histograms always merge. */
typedef enum MetricRollup
{
	ROLLUP_DEFAULT, /* counter: sum; histogram: merge; timestamp: max; gauge: last */
	ROLLUP_LAST,
	ROLLUP_MAX,
	ROLLUP_MIN,
	ROLLUP_AVG, /* weighted by the time each sample covers */
} MetricRollup;

typedef struct Metric
{
	int16 id;         /* 1..32767, never reused within a family: history names columns by it */
	const char *name; /* SQL column */
	MetricKind kind;
	const char *unit; /* "bytes", "ms", "seconds", "percent", "ratio", … or "" for a plain count */
	double scale;     /* shown value = stored integer * scale; 0 means 1 */
	MetricRollup rollup;
	const char *help; /* a sentence without full stop; becomes the column's comment */
	bool drifts; /* a gauge that changes by itself, like an age: no reason to store the entity */
	const char *const *words; /* of a gauge that stands for a word: see below */
	bool sampler_only; /* a gauge that needs what the sampler knows: unknown when read elsewhere */
} Metric;

typedef enum LabelType
{
	LABEL_OID,
	LABEL_INT8,
	LABEL_BOOL,
	LABEL_SQLSTATE, /* the integer of errcodes.h; shown as five characters of text */
	LABEL_TEXT,     /* EntityKey.num holds dbops_entity_hash(text) */
	LABEL_WORD,     /* one of the label's words */
} LabelType;

/* Extra columns that name what a label's number stands for, looked up when read. */
typedef enum LabelNames
{
	NAMES_NONE,
	NAMES_DATABASE, /* datname */
	NAMES_RELATION, /* schemaname, relname; the label before it is the database */
	NAMES_ROLE,     /* rolname */
	NAMES_FUNCTION, /* schemaname, funcname; the label before it is the database */
} LabelNames;

typedef struct Label
{
	const char *name; /* SQL column */
	LabelType type;
	LabelNames names;
	const char *help;
	const char *const *words; /* of LABEL_WORD */
} Label;

/* Columns computed from others when a row is read, so they are right at any step. */
typedef enum DerivedKind
{
	DERIVED_RATIO,    /* factor * sum(of) / sum(per); NULL when the divisor is 0 */
	DERIVED_SHARE,    /* factor * sum(of) / covered time in seconds */
	DERIVED_QUANTILE, /* quantile `factor` of the histogram of[0], in ms */
} DerivedKind;

#define DERIVED_TERMS 10

typedef struct Derived
{
	const char *name;
	DerivedKind kind;
	double factor;
	const char *of[DERIVED_TERMS]; /* metrics of the family, in their units; NULL ends the list */
	const char *per[DERIVED_TERMS];
	const char *unit;
	const char *help;
} Derived;

#define ENTITY_KEY_PARTS 6

/* Identity of an entity: its labels as numbers, unused parts 0.  Compared and sorted as a whole. */
typedef struct EntityKey
{
	int64 num[ENTITY_KEY_PARTS];
} EntityKey;

typedef enum FamilyCadence
{
	CADENCE_NARROW, /* every dbops.sample_interval, by the sampler */
	CADENCE_WIDE,   /* every dbops.wide_interval, by the sampler */
	CADENCE_KEEPER, /* every dbops.wide_interval, by the keeper: the source needs SQL */
} FamilyCadence;

struct Frame;

typedef struct Family
{
	int16 id;         /* never reused: history names families by it */
	const char *name; /* "table": the SQL table is dbops.table_history */
	const char *help;
	FamilyCadence cadence;
	const Label *labels;
	int nlabels;
	const Metric *metrics;
	int nmetrics;
	const Derived *derived;
	int nderived;
	bool rates;        /* give each counter a <name>_per_second column */
	bool sampler_only; /* read() needs what the sampler knows: there is no dbops.<name>_now */
	bool
	    refresh_hourly; /* once an hour a tick has all entities: their gauges matter when at rest */
	bool rarely_changes; /* an entity has a row or so a day: for the planner */

	/*
	 * Reads the source as it stands and adds a row per entity to the frame: counters as cumulative
	 * values, gauges as they are.  Must not wait on a heavyweight lock.  Works in any backend
	 * unless sampler_only; what a version or machine lacks stays FAMILY_NULL.
	 */
	void (*read)(struct Frame *frame);

	/*
	 * Optional, where labels hold a value: clears in a key, to -1, what is the value rather than
	 * the name of what has it.  Where two entities are left alike, the newer one has taken the
	 * place of the older.
	 */
	void (*slot)(EntityKey *key);

	/*
	 * Optional: a number that changes when counters must not be compared with those read before.
	 * It is asked after reading; that sample is then a base.
	 */
	int64 (*generation)(void);
} Family;

/* Shown value of a stored integer; divides where the scale is a fraction, so 1500 us is 1.5 ms. */
static inline double
dbops_metric_value(const Metric *metric, int64 stored)
{
	if (metric->scale == 0)
		return (double) stored;
	return metric->scale < 1 ? (double) stored / (1 / metric->scale) :
	                           (double) stored * metric->scale;
}
