/*
 * math/histogram_funcs.c
 *		The SQL type dbops.histogram: its text, its operators, and what is asked of a value.
 *
 * Durations come out in milliseconds.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "math/histogram_text.h"
#include "math/histogram_type.h"

#define NS_IN_MS 1e6

PG_FUNCTION_INFO_V1(dbops_histogram_in);
PG_FUNCTION_INFO_V1(dbops_histogram_out);
PG_FUNCTION_INFO_V1(dbops_histogram_recv);
PG_FUNCTION_INFO_V1(dbops_histogram_send);
PG_FUNCTION_INFO_V1(dbops_histogram_eq);
PG_FUNCTION_INFO_V1(dbops_histogram_ne);
PG_FUNCTION_INFO_V1(dbops_histogram_hash);
PG_FUNCTION_INFO_V1(dbops_quantile);
PG_FUNCTION_INFO_V1(dbops_quantiles);
PG_FUNCTION_INFO_V1(dbops_count);
PG_FUNCTION_INFO_V1(dbops_mean);
PG_FUNCTION_INFO_V1(dbops_stddev);
PG_FUNCTION_INFO_V1(dbops_buckets);

/* ---- text ------------------------------------------------------------------------------------ */

Datum
dbops_histogram_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(dbops_histogram_form(dbops_histogram_parse(PG_GETARG_CSTRING(0))));
}

Datum
dbops_histogram_out(PG_FUNCTION_ARGS)
{
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));

	PG_RETURN_CSTRING(dbops_histogram_print(histogram));
}

/* ---- binary: the bytes of the value ---------------------------------------------------------- */

Datum
dbops_histogram_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int size = message->len - message->cursor;
	struct varlena *value = palloc(VARHDRSZ + size);

	pq_copymsgbytes(message, VARDATA(value), size);
	SET_VARSIZE(value, VARHDRSZ + size);
	(void) dbops_histogram_deform(value);
	PG_RETURN_POINTER(value);
}

Datum
dbops_histogram_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* ---- comparison: equal histograms have equal bytes ------------------------------------------- */

static bool
is_equal(const struct varlena *a, const struct varlena *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
	       memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

Datum
dbops_histogram_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_equal(PG_GETARG_VARLENA_PP(0), PG_GETARG_VARLENA_PP(1)));
}

Datum
dbops_histogram_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!is_equal(PG_GETARG_VARLENA_PP(0), PG_GETARG_VARLENA_PP(1)));
}

Datum
dbops_histogram_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	PG_RETURN_UINT32(hash_bytes((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

/* ---- questions ------------------------------------------------------------------------------- */

static void
check_quantile(double q)
{
	if (isnan(q) || q < 0 || q > 1)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("quantile %g is out of range", q),
		                errhint("A quantile lies between 0 and 1: 0.95 is the 95th percentile.")));
}

Datum
dbops_quantile(PG_FUNCTION_ARGS)
{
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));
	double q = PG_GETARG_FLOAT8(1);

	check_quantile(q);
	if (histogram->nbuckets == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(dbops_histogram_quantile(histogram, q) / NS_IN_MS);
}

Datum
dbops_quantiles(PG_FUNCTION_ARGS)
{
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(1);
	Datum *values;
	bool *nulls;
	int count;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
	                  &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		double q;

		if (nulls[i])
			continue;
		q = DatumGetFloat8(values[i]);
		check_quantile(q);
		nulls[i] = histogram->nbuckets == 0;
		if (!nulls[i])
			values[i] = Float8GetDatum(dbops_histogram_quantile(histogram, q) / NS_IN_MS);
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(array), ARR_DIMS(array),
	                                         ARR_LBOUND(array), FLOAT8OID, sizeof(float8),
	                                         FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
dbops_count(PG_FUNCTION_ARGS)
{
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));

	PG_RETURN_INT64((int64) dbops_histogram_count(histogram));
}

Datum
dbops_mean(PG_FUNCTION_ARGS)
{
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));

	if (histogram->nbuckets == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(dbops_histogram_mean(histogram) / NS_IN_MS);
}

Datum
dbops_stddev(PG_FUNCTION_ARGS)
{
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));

	if (histogram->nbuckets == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(dbops_histogram_stddev(histogram) / NS_IN_MS);
}

Datum
dbops_buckets(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Histogram *histogram = dbops_histogram_deform(PG_GETARG_VARLENA_PP(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < histogram->nbuckets; i++)
	{
		const HistogramBucket *bucket = &histogram->buckets[i];
		Datum values[] = {
		    Float8GetDatum(dbops_histogram_upper(bucket->bucket) / NS_IN_MS),
		    Int64GetDatum((int64) bucket->count),
		};
		bool nulls[] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
