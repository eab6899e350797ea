/*
 * math/histogram_merge_funcs.c
 *		Adding histograms: the operator + and the aggregate dbops.merge().
 *
 * A file of its own because it owns the aggregate's state: dense counts, so that merging a value
 * touches only the buckets that the value has.
 */
#include "postgres.h"

#include "fmgr.h"

#include "math/histogram_type.h"

PG_FUNCTION_INFO_V1(dbops_histogram_plus);
PG_FUNCTION_INFO_V1(dbops_histogram_merge_step);
PG_FUNCTION_INFO_V1(dbops_histogram_merge_combine);
PG_FUNCTION_INFO_V1(dbops_histogram_merge_serialize);
PG_FUNCTION_INFO_V1(dbops_histogram_merge_deserialize);
PG_FUNCTION_INFO_V1(dbops_histogram_merge_final);

typedef struct HistogramSum
{
	uint64 count; /* of all buckets, at most HISTOGRAM_MAX_COUNT */
	uint64 dense[HISTOGRAM_BUCKETS];
} HistogramSum;

static void
add_histogram(HistogramSum *sum, const Histogram *histogram)
{
	uint64 count = dbops_histogram_count(histogram);

	if (count > HISTOGRAM_MAX_COUNT - sum->count)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("counts of a histogram are out of range")));
	sum->count += count;
	dbops_histogram_add_to(histogram, sum->dense);
}

static struct varlena *
form_sum(const HistogramSum *sum)
{
	Histogram *histogram = palloc(HISTOGRAM_SIZE(dbops_histogram_nonzero(sum->dense)));

	dbops_histogram_from_dense(sum->dense, histogram);
	return dbops_histogram_form(histogram);
}

static HistogramSum *
create_sum(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return MemoryContextAllocZero(context, sizeof(HistogramSum));
}

Datum
dbops_histogram_plus(PG_FUNCTION_ARGS)
{
	HistogramSum sum = {0};

	add_histogram(&sum, dbops_histogram_deform(PG_GETARG_VARLENA_PP(0)));
	add_histogram(&sum, dbops_histogram_deform(PG_GETARG_VARLENA_PP(1)));
	PG_RETURN_POINTER(form_sum(&sum));
}

Datum
dbops_histogram_merge_step(PG_FUNCTION_ARGS)
{
	HistogramSum *sum = PG_ARGISNULL(0) ? NULL : (HistogramSum *) PG_GETARG_POINTER(0);
	Histogram *histogram;

	if (PG_ARGISNULL(1))
	{
		if (sum == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(sum);
	}
	if (sum == NULL)
		sum = create_sum(fcinfo);
	histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(1));
	add_histogram(sum, histogram);
	pfree(histogram);
	PG_RETURN_POINTER(sum);
}

Datum
dbops_histogram_merge_combine(PG_FUNCTION_ARGS)
{
	HistogramSum *sum = PG_ARGISNULL(0) ? NULL : (HistogramSum *) PG_GETARG_POINTER(0);
	const HistogramSum *other = PG_ARGISNULL(1) ? NULL : (HistogramSum *) PG_GETARG_POINTER(1);

	if (other == NULL)
	{
		if (sum == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(sum);
	}
	if (sum == NULL)
		sum = create_sum(fcinfo);
	if (other->count > HISTOGRAM_MAX_COUNT - sum->count)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("counts of a histogram are out of range")));
	sum->count += other->count;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->dense[i] += other->dense[i];
	PG_RETURN_POINTER(sum);
}

/* A partial state travels as the bytes of its value. */
Datum
dbops_histogram_merge_serialize(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(form_sum((HistogramSum *) PG_GETARG_POINTER(0)));
}

Datum
dbops_histogram_merge_deserialize(PG_FUNCTION_ARGS)
{
	HistogramSum *sum = palloc0(sizeof(HistogramSum));

	add_histogram(sum, dbops_histogram_deform(PG_GETARG_VARLENA_PP(0)));
	PG_RETURN_POINTER(sum);
}

Datum
dbops_histogram_merge_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(form_sum((HistogramSum *) PG_GETARG_POINTER(0)));
}
