/*
 * math/histogram_type.c
 *		The bytes of the SQL type dbops.histogram; see histogram_type.h.
 */
#include "postgres.h"

#include "access/htup_details.h" /* from 16 on it brings the macros of varlena */

#include "math/histogram_type.h"

/* Seven bits a byte: the most that 64 bits need. */
#define MAX_VARINT_SIZE 10

typedef struct ByteReader
{
	const unsigned char *at;
	const unsigned char *end;
} ByteReader;

static void
report_corruption(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("histogram is malformed")));
}

static unsigned char *
put_varint(unsigned char *at, uint64 value)
{
	while (value >= 0x80)
	{
		*at++ = (unsigned char) (value | 0x80);
		value >>= 7;
	}
	*at++ = (unsigned char) value;
	return at;
}

/* Refuses what put_varint does not write: too many bytes, or more than needed. */
static uint64
get_varint(ByteReader *reader)
{
	uint64 value = 0;

	for (int i = 0; i < MAX_VARINT_SIZE; i++)
	{
		unsigned char byte;

		if (reader->at == reader->end)
			report_corruption();
		byte = *reader->at++;
		if (i == MAX_VARINT_SIZE - 1 && byte > 1)
			break;
		value |= (uint64) (byte & 0x7f) << (7 * i);
		if (byte < 0x80)
		{
			if (byte == 0 && i > 0)
				break;
			return value;
		}
	}
	report_corruption();
	pg_unreachable();
}

struct varlena *
dbops_histogram_form(const Histogram *histogram)
{
	struct varlena *value = palloc(VARHDRSZ + histogram->nbuckets * 2 * MAX_VARINT_SIZE);
	unsigned char *at = (unsigned char *) VARDATA(value);
	int last = -1;

	for (int i = 0; i < histogram->nbuckets; i++)
	{
		const HistogramBucket *bucket = &histogram->buckets[i];

		Assert(bucket->bucket > last && bucket->bucket < HISTOGRAM_BUCKETS && bucket->count > 0);
		at = put_varint(at, bucket->bucket - last - 1);
		at = put_varint(at, bucket->count);
		last = bucket->bucket;
	}
	SET_VARSIZE(value, (char *) at - (char *) value);
	return value;
}

Histogram *
dbops_histogram_deform(const struct varlena *value)
{
	Size size = VARSIZE_ANY_EXHDR(value);
	ByteReader reader = {.at = (const unsigned char *) VARDATA_ANY(value)};
	/* A bucket takes two bytes at least. */
	int room = (int) Min(size / 2, HISTOGRAM_BUCKETS);
	Histogram *histogram = palloc(HISTOGRAM_SIZE(room));
	int last = -1;
	uint64 sum = 0;

	reader.end = reader.at + size;
	histogram->nbuckets = 0;
	while (reader.at < reader.end)
	{
		uint64 distance = get_varint(&reader);
		uint64 count = get_varint(&reader);

		if (distance >= HISTOGRAM_BUCKETS - 1 - last || count == 0 ||
		    count > HISTOGRAM_MAX_COUNT - sum)
			report_corruption();
		last += (int) distance + 1;
		sum += count;
		histogram->buckets[histogram->nbuckets].bucket = (uint16) last;
		histogram->buckets[histogram->nbuckets].count = count;
		histogram->nbuckets++;
	}
	return histogram;
}
