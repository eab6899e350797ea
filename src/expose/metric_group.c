/*
 * expose/metric_group.c
 *		A family for Prometheus; see metric_group.h.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "expose/metric_group.h"
#include "math/histogram.h"
#include "store/registry.h"

#define MS_PER_SECOND 1e3

/* Where the value of a label comes from. */
typedef enum Origin
{
	FROM_LABEL,
	FROM_OBJECT_NAME,
	FROM_SCHEMA_NAME,
	FROM_METRIC, /* its word */
} Origin;

typedef struct Source
{
	Origin origin;
	int index; /* of the label or metric */
} Source;

/* What is written of an entity. */
typedef struct Line
{
	StringInfoData labels;
	int64 *values; /* in the frame, which they leave as it is, or own ones */
	bool own;
} Line;

/*
 * Bounds of classic histograms, in seconds: every other octave of the buckets.  They are bounds of
 * buckets, too, so none is divided.
 */
#define BOUNDS_FIRST_EXPONENT (-12)
#define BOUND_BUCKETS (2 * HISTOGRAM_SUBBUCKETS)
static const double bounds[] = {0x1p-12, 0x1p-10, 0x1p-8, 0x1p-6, 0x1p-4,
                                0x1p-2,  0x1p0,   0x1p2,  0x1p4,  0x1p6};

static const char *
object_column(LabelNames names)
{
	switch (names)
	{
		case NAMES_DATABASE:
			return "datname";
		case NAMES_ROLE:
			return "rolname";
		case NAMES_RELATION:
			return "relname";
		case NAMES_FUNCTION:
			return "funcname";
		case NAMES_NONE:
			break;
	}
	return NULL;
}

static int
find_metric(const Family *family, const char *name)
{
	int metric = dbops_family_metric(family, name);

	if (metric < 0)
		elog(ERROR, "family \"%s\" has no metric \"%s\"", family->name, name);
	return metric;
}

static Source
find_source(const Family *family, const char *column)
{
	for (int i = 0; i < family->nlabels; i++)
	{
		const Label *label = &family->labels[i];
		const char *object = object_column(label->names);

		if (strcmp(label->name, column) == 0)
			return (Source){.origin = FROM_LABEL, .index = i};
		if (object != NULL && strcmp(object, column) == 0)
			return (Source){.origin = FROM_OBJECT_NAME, .index = i};
		if (strcmp(column, "schemaname") == 0 &&
		    (label->names == NAMES_RELATION || label->names == NAMES_FUNCTION))
			return (Source){.origin = FROM_SCHEMA_NAME, .index = i};
	}
	return (Source){.origin = FROM_METRIC, .index = find_metric(family, column)};
}

static const char *
text_of(const Frame *frame, int row, int label)
{
	int before = 0;

	for (int i = 0; i < label; i++)
		before += frame->family->labels[i].type == LABEL_TEXT;
	return dbops_texts_at(frame->texts[row], before);
}

static const char *
value_of_label(const Frame *frame, int row, int index)
{
	const Label *label = &frame->family->labels[index];
	int64 number = frame->keys[row].num[index];

	switch (label->type)
	{
		case LABEL_OID:
		case LABEL_INT8:
			return psprintf(INT64_FORMAT, number);
		case LABEL_BOOL:
			return number != 0 ? "true" : "false";
		case LABEL_SQLSTATE:
			return pstrdup(unpack_sql_state((int) number));
		case LABEL_TEXT:
			return text_of(frame, row, index);
		case LABEL_WORD:
			return dbops_word(label->words, number);
	}
	return NULL;
}

static const EntityName *
name_of(const Frame *frame, int row, int index, Names *names)
{
	static const NameClass classes[] = {[NAMES_DATABASE] = NAME_DATABASE,
	                                    [NAMES_RELATION] = NAME_RELATION,
	                                    [NAMES_ROLE] = NAME_ROLE,
	                                    [NAMES_FUNCTION] = NAME_FUNCTION};
	const int64 *key = frame->keys[row].num;

	return dbops_names_lookup(names, classes[frame->family->labels[index].names],
	                          index > 0 ? (Oid) key[index - 1] : InvalidOid, key[index]);
}

static const char *
word_of(const Frame *frame, int row, int metric)
{
	int64 value = dbops_frame_row(frame, row)[metric];

	return value == FAMILY_NULL ? NULL : dbops_word(frame->family->metrics[metric].words, value);
}

/* What has no name is "", as with a label that is not there. */
static const char *
value_of(const Frame *frame, int row, Source source, Names *names)
{
	const char *value = NULL;

	switch (source.origin)
	{
		case FROM_LABEL:
			value = value_of_label(frame, row, source.index);
			break;
		case FROM_OBJECT_NAME:
			value = name_of(frame, row, source.index, names)->objname;
			break;
		case FROM_SCHEMA_NAME:
			value = name_of(frame, row, source.index, names)->schemaname;
			break;
		case FROM_METRIC:
			value = word_of(frame, row, source.index);
			break;
	}
	return value == NULL ? "" : value;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(((const Line *) a)->labels.data, ((const Line *) b)->labels.data);
}

static void
add_histogram(int64 *values, int metric, const Histogram *more)
{
	const Histogram *before = dbops_frame_histogram(values, metric);
	uint64 *dense = palloc0(sizeof(uint64) * HISTOGRAM_BUCKETS);
	Histogram *sum;

	if (before != NULL)
		dbops_histogram_add_to(before, dense);
	if (more != NULL)
		dbops_histogram_add_to(more, dense);
	sum = palloc(HISTOGRAM_SIZE(dbops_histogram_nonzero(dense)));
	dbops_histogram_from_dense(dense, sum);
	dbops_frame_set_histogram(values, metric, sum);
	pfree(dense);
}

static void
add_values(const Family *family, int64 *sum, const int64 *values)
{
	for (int i = 0; i < family->nmetrics; i++)
	{
		MetricKind kind = family->metrics[i].kind;

		if (values[i] == FAMILY_NULL)
			continue;
		if (kind == METRIC_HISTOGRAM)
			add_histogram(sum, i, dbops_frame_histogram(values, i));
		else if (sum[i] == FAMILY_NULL)
			sum[i] = values[i];
		else if (kind == METRIC_TIMESTAMP || family->metrics[i].rollup == ROLLUP_MAX)
			sum[i] = Max(sum[i], values[i]);
		else
			sum[i] += values[i];
	}
}

/* Others may show the same frame by more labels. */
static void
own_values(const Family *family, Line *line)
{
	Size size = sizeof(int64) * family->nmetrics;

	if (!line->own)
		line->values = memcpy(palloc(size), line->values, size);
	line->own = true;
}

/* One for all that have the same labels: no metric may have two samples of them. */
static int
merge_lines(const Family *family, Line *lines, int nlines)
{
	int n = 0;

	qsort(lines, nlines, sizeof(Line), compare_lines);
	for (int i = 0; i < nlines; i++)
	{
		if (n == 0 || compare_lines(&lines[n - 1], &lines[i]) != 0)
		{
			lines[n++] = lines[i];
			continue;
		}
		own_values(family, &lines[n - 1]);
		add_values(family, lines[n - 1].values, lines[i].values);
	}
	return n;
}

static Line *
make_lines(const MetricGroup *group, const Frame *frame, Names *names, int *nlines)
{
	Line *lines = palloc(sizeof(Line) * Max(frame->nrows, 1));
	Source *sources = palloc(sizeof(Source) * Max(group->nlabels, 1));
	StringInfoData labels;
	int n = 0;

	initStringInfo(&labels);
	for (int i = 0; i < group->nlabels; i++)
		sources[i] = find_source(frame->family, group->labels[i].column);
	for (int row = 0; row < frame->nrows; row++)
	{
		if (group->wanted != NULL && !group->wanted(frame, row))
			continue;
		resetStringInfo(&labels);
		for (int i = 0; i < group->nlabels; i++)
			dbops_exposition_label(&labels, group->labels[i].name,
			                       value_of(frame, row, sources[i], names));
		lines[n].labels = dbops_exposition_keep(&labels);
		lines[n].own = false;
		lines[n++].values = dbops_frame_row(frame, row);
	}
	*nlines = merge_lines(frame->family, lines, n);
	return lines;
}

/* The bound under which a bucket is. */
static int
bound_of(int bucket)
{
	const int below =
	    (BOUNDS_FIRST_EXPONENT - HISTOGRAM_FIRST_EXPONENT) * HISTOGRAM_SUBBUCKETS - BOUND_BUCKETS;

	return bucket < below ? 0 : Min((bucket - below) / BOUND_BUCKETS, lengthof(bounds));
}

static void
write_histogram(Exposition *exposition, const StringInfoData *labels, const Histogram *histogram,
                double sum)
{
	int64 counts[lengthof(bounds) + 1] = {0};
	ExposedHistogram exposed = {.bounds = bounds,
	                            .counts = counts,
	                            .nbounds = lengthof(bounds),
	                            .sum = sum,
	                            .native = histogram};

	for (int i = 0; i < histogram->nbuckets; i++)
		counts[bound_of(histogram->buckets[i].bucket)] += (int64) histogram->buckets[i].count;
	for (int i = 1; i <= lengthof(bounds); i++)
		counts[i] += counts[i - 1];
	dbops_exposition_histogram(exposition, labels, &exposed);
}

typedef struct MetricWriter
{
	Exposition *exposition;
	const Family *family;
	const GroupMetric *metric;
	const Metric *source; /* NULL: each entity counts 1 */
	int index;
	int sum;                      /* of a histogram */
	int plus[GROUP_METRIC_TERMS]; /* -1 ends */
} MetricWriter;

static void
write_word(const MetricWriter *writer, const Line *line, int64 value)
{
	const char *word = dbops_word(writer->source->words, value);
	StringInfoData labels;

	if (word == NULL)
		return;
	initStringInfo(&labels);
	appendBinaryStringInfo(&labels, line->labels.data, line->labels.len);
	dbops_exposition_label(&labels, writer->metric->word, word);
	dbops_exposition_integer(writer->exposition, &labels, 1);
	pfree(labels.data);
}

static void
write_value(const MetricWriter *writer, const Line *line, int64 value)
{
	const double factor = writer->metric->factor == 0 ? 1 : writer->metric->factor;
	const Metric *source = writer->source;

	if (source->kind == METRIC_TIMESTAMP)
		dbops_exposition_number(writer->exposition, &line->labels, dbops_exposition_time(value));
	else if (factor == 1 && (source->scale == 0 || source->scale == 1))
		dbops_exposition_integer(writer->exposition, &line->labels, value);
	else
		dbops_exposition_number(writer->exposition, &line->labels,
		                        dbops_metric_value(source, value) * factor);
}

static double
sum_of(const MetricWriter *writer, const Line *line)
{
	int64 value = line->values[writer->sum];

	return value == FAMILY_NULL ?
	           0 :
	           dbops_metric_value(&writer->family->metrics[writer->sum], value) / MS_PER_SECOND;
}

static int64
value_of_metric(const MetricWriter *writer, const Line *line)
{
	int64 value = line->values[writer->index];

	for (int i = 0; i < GROUP_METRIC_TERMS && writer->plus[i] >= 0; i++)
	{
		int64 more = line->values[writer->plus[i]];

		if (more != FAMILY_NULL)
			value = value == FAMILY_NULL ? more : value + more;
	}
	return value;
}

static void
write_sample(const MetricWriter *writer, const Line *line)
{
	int64 value = writer->source == NULL ? 1 : value_of_metric(writer, line);

	if (writer->source == NULL)
		dbops_exposition_integer(writer->exposition, &line->labels, 1);
	else if (value == FAMILY_NULL)
		dbops_exposition_integer(writer->exposition, &line->labels,
		                         writer->metric->unknown == UNKNOWN_AS_MINUS_ONE ? -1 : 0);
	else if (writer->source->kind == METRIC_HISTOGRAM)
		write_histogram(writer->exposition, &line->labels,
		                dbops_frame_histogram(line->values, writer->index), sum_of(writer, line));
	else if (writer->metric->word != NULL)
		write_word(writer, line, value);
	else
		write_value(writer, line, value);
}

/* Names are looked up here, once for all samples. */
static MetricWriter
make_writer(Exposition *exposition, const Family *family, const GroupMetric *metric)
{
	MetricWriter writer = {.exposition = exposition, .family = family, .metric = metric};

	for (int i = 0; i < GROUP_METRIC_TERMS; i++)
		writer.plus[i] = metric->plus[i] == NULL ? -1 : find_metric(family, metric->plus[i]);
	if (metric->sum != NULL)
		writer.sum = find_metric(family, metric->sum);
	if (metric->metric != NULL)
	{
		writer.index = find_metric(family, metric->metric);
		writer.source = &family->metrics[writer.index];
	}
	return writer;
}

static void
write_metric(Exposition *exposition, const Family *family, const GroupMetric *metric,
             const Line *lines, int nlines)
{
	const MetricWriter writer = make_writer(exposition, family, metric);
	bool begun = false;

	for (int i = 0; i < nlines; i++)
	{
		if (writer.source != NULL && metric->unknown == UNKNOWN_LEFT_OUT &&
		    lines[i].values[writer.index] == FAMILY_NULL)
			continue;
		if (!begun)
			dbops_exposition_metric(exposition, metric->name, metric->type,
			                        metric->help != NULL ? metric->help : writer.source->help);
		begun = true;
		write_sample(&writer, &lines[i]);
	}
}

void
dbops_metric_group_write(Exposition *exposition, const MetricGroup *group, Frame *frame,
                         Names *names)
{
	int nlines;
	Line *lines = make_lines(group, frame, names, &nlines);

	for (int i = 0; i < group->nmetrics; i++)
		write_metric(exposition, frame->family, &group->metrics[i], lines, nlines);
}
