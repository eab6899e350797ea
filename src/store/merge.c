/*
 * store/merge.c
 *		How several samples of an entity become one; see merge.h.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"

#include "math/histogram.h"

#include "store/merge.h"

static int compare_inputs(const void *a, const void *b);
static void append_merged(const MergeInput *inputs, int ninputs, Frame *into);

Accumulator *
dbops_merge_create(const Family *family)
{
	Accumulator *accumulator = palloc(sizeof(Accumulator));

	accumulator->family = family;
	accumulator->context = CurrentMemoryContext;
	accumulator->values = palloc(sizeof(int64) * (family->nmetrics + 1));
	accumulator->sums = palloc0(sizeof(double) * (family->nmetrics + 1));
	accumulator->weights = palloc0(sizeof(double) * (family->nmetrics + 1));
	for (int m = 0; m < family->nmetrics; m++)
		accumulator->values[m] = FAMILY_NULL;
	return accumulator;
}

void
dbops_merge_free(Accumulator *accumulator)
{
	for (int m = 0; m < accumulator->family->nmetrics; m++)
	{
		if (accumulator->family->metrics[m].kind == METRIC_HISTOGRAM &&
		    accumulator->values[m] != FAMILY_NULL)
			pfree(dbops_frame_histogram(accumulator->values, m));
	}
	pfree(accumulator->values);
	pfree(accumulator->sums);
	pfree(accumulator->weights);
	pfree(accumulator);
}

static MetricRollup
rule_of(const Metric *metric)
{
	if (metric->rollup != ROLLUP_DEFAULT)
		return metric->rollup;
	return metric->kind == METRIC_TIMESTAMP ? ROLLUP_MAX : ROLLUP_LAST;
}

/* The union of two histograms, palloc'd; `b` may be NULL. */
static Histogram *
add_histograms(const Histogram *a, const Histogram *b)
{
	int nb = b ? b->nbuckets : 0;
	Histogram *sum = palloc(HISTOGRAM_SIZE(a->nbuckets + nb));
	int i = 0;
	int j = 0;
	int n = 0;

	while (i < a->nbuckets || j < nb)
	{
		bool take_a = j == nb || (i < a->nbuckets && a->buckets[i].bucket <= b->buckets[j].bucket);
		bool take_b = i == a->nbuckets || (j < nb && b->buckets[j].bucket <= a->buckets[i].bucket);

		sum->buckets[n].bucket = take_a ? a->buckets[i].bucket : b->buckets[j].bucket;
		sum->buckets[n].count =
		    (take_a ? a->buckets[i].count : 0) + (take_b ? b->buckets[j].count : 0);
		i += take_a;
		j += take_b;
		n++;
	}
	sum->nbuckets = n;
	return sum;
}

static void
add_histogram(Accumulator *accumulator, int metric, const Histogram *histogram)
{
	MemoryContext old = MemoryContextSwitchTo(accumulator->context);
	Histogram *so_far = dbops_frame_histogram(accumulator->values, metric);

	dbops_frame_set_histogram(accumulator->values, metric, add_histograms(histogram, so_far));
	if (so_far != NULL)
		pfree(so_far);
	MemoryContextSwitchTo(old);
}

static void
add_gauge(Accumulator *accumulator, int metric, int64 value, int64 weight_us)
{
	int64 *so_far = &accumulator->values[metric];
	double weight = weight_us > 0 ? (double) weight_us : 1;
	bool first = *so_far == FAMILY_NULL;

	switch (rule_of(&accumulator->family->metrics[metric]))
	{
		case ROLLUP_MAX:
			*so_far = first ? value : Max(*so_far, value);
			break;
		case ROLLUP_MIN:
			*so_far = first ? value : Min(*so_far, value);
			break;
		case ROLLUP_AVG:
			accumulator->sums[metric] += (double) value * weight;
			accumulator->weights[metric] += weight;
			*so_far = value;
			break;
		case ROLLUP_DEFAULT:
		case ROLLUP_LAST:
			*so_far = value;
			break;
	}
}

void
dbops_merge_add(Accumulator *accumulator, const int64 *values, int64 weight_us)
{
	const Family *family = accumulator->family;

	for (int m = 0; m < family->nmetrics; m++)
	{
		if (values[m] == FAMILY_NULL)
			continue;
		switch (family->metrics[m].kind)
		{
			case METRIC_COUNTER:
				if (accumulator->values[m] == FAMILY_NULL)
					accumulator->values[m] = values[m];
				else
					accumulator->values[m] += values[m];
				break;
			case METRIC_HISTOGRAM:
				add_histogram(accumulator, m, dbops_frame_histogram(values, m));
				break;
			case METRIC_GAUGE:
			case METRIC_TIMESTAMP:
				add_gauge(accumulator, m, values[m], weight_us);
				break;
		}
	}
}

const int64 *
dbops_merge_result(Accumulator *accumulator)
{
	for (int m = 0; m < accumulator->family->nmetrics; m++)
	{
		if (accumulator->weights[m] > 0)
			accumulator->values[m] = (int64) rint(accumulator->sums[m] / accumulator->weights[m]);
	}
	return accumulator->values;
}

void
dbops_merge_rows(MergeInput *inputs, int ninputs, Frame *into, int32 *slots)
{
	int first = 0;

	qsort(inputs, ninputs, sizeof(MergeInput), compare_inputs);
	while (first < ninputs)
	{
		const MergeInput *input = &inputs[first];
		int last = first + 1;

		while (last < ninputs && inputs[last].slot == input->slot &&
		       dbops_entity_compare(inputs[last].key, input->key) == 0)
			last++;
		slots[into->nrows] = input->slot;
		append_merged(input, last - first, into);
		first = last;
	}
}

static void
append_merged(const MergeInput *inputs, int ninputs, Frame *into)
{
	int64 *values = dbops_frame_append(into, inputs->key, inputs->texts);
	Size size = sizeof(int64) * into->family->nmetrics;
	MemoryContext old;
	Accumulator *accumulator;

	if (ninputs == 1)
	{
		memcpy(values, inputs->values, size);
		return;
	}
	old = MemoryContextSwitchTo(into->context);
	accumulator = dbops_merge_create(into->family);
	for (int i = 0; i < ninputs; i++)
		dbops_merge_add(accumulator, inputs[i].values, inputs[i].weight_us);
	memcpy(values, dbops_merge_result(accumulator), size);
	/* The histograms stay: the frame has them now. */
	pfree(accumulator->values);
	pfree(accumulator->sums);
	pfree(accumulator->weights);
	pfree(accumulator);
	MemoryContextSwitchTo(old);
}

static int
compare_inputs(const void *a, const void *b)
{
	const MergeInput *x = a;
	const MergeInput *y = b;
	int order;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	order = dbops_entity_compare(x->key, y->key);
	if (order != 0)
		return order;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int
dbops_merge_identity(const Family *family)
{
	static const LabelType best_first[] = {LABEL_INT8, LABEL_TEXT, LABEL_OID, LABEL_SQLSTATE,
	                                       LABEL_WORD};

	for (int i = 0; i < lengthof(best_first); i++)
	{
		/* Of several the last: a database comes before its relations. */
		for (int label = family->nlabels - 1; label >= 0; label--)
		{
			if (family->labels[label].type == best_first[i])
				return label;
		}
	}
	return family->nlabels - 1;
}

uint64
dbops_merge_hash(const Family *family, const EntityKey *key)
{
	int identity = dbops_merge_identity(family);

	return dbops_merge_hash_identity(identity < 0 ? 0 : key->num[identity]);
}

uint64
dbops_merge_hash_identity(int64 num)
{
	return hash_bytes_uint32_extended((uint32) num, (uint64) num >> 32);
}
