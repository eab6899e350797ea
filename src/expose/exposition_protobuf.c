/*
 * expose/exposition_protobuf.c
 *		The binary format of Prometheus: messages io.prometheus.client.MetricFamily, the length of
 *		each before it.
 *
 * The only format with native histograms.  Ours have their buckets already, those of schema 4, so
 * none is moved: bucket b, up to 2^(-20 + (b+1)/16) s, is theirs of number b + 1 - 20 * 16.  The
 * lowest, with all that is shorter, is their zero bucket; the highest has what is longer, too.
 *
 * A message within another is written aside, as its length comes first.  Labels come as text has
 * them and are taken apart.
 *
 * https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 * https://protobuf.dev/programming-guides/encoding/
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"

#include "expose/exposition_format.h"
#include "math/histogram.h"

#define SCHEMA 4

StaticAssertDecl(HISTOGRAM_SUBBUCKETS == 1 << SCHEMA, "buckets are not those of the schema");

/* What a field is, beside its number. */
typedef enum Wire
{
	WIRE_VARINT = 0,
	WIRE_DOUBLE = 1,
	WIRE_LENGTH = 2,
} Wire;

/* Numbers of fields. */
enum
{
	FAMILY_NAME = 1,
	FAMILY_HELP = 2,
	FAMILY_TYPE = 3,
	FAMILY_METRIC = 4,

	METRIC_LABEL = 1,

	PAIR_NAME = 1,
	PAIR_VALUE = 2,

	VALUE = 1, /* of counters, gauges and what is untyped */

	HISTOGRAM_SAMPLE_COUNT = 1,
	HISTOGRAM_SAMPLE_SUM = 2,
	HISTOGRAM_BUCKET = 3,
	HISTOGRAM_SCHEMA = 5,
	HISTOGRAM_ZERO_THRESHOLD = 6,
	HISTOGRAM_ZERO_COUNT = 7,
	HISTOGRAM_POSITIVE_SPAN = 12,
	HISTOGRAM_POSITIVE_DELTA = 13,

	BUCKET_CUMULATIVE_COUNT = 1,
	BUCKET_UPPER_BOUND = 2,

	SPAN_OFFSET = 1,
	SPAN_LENGTH = 2,
};

/* By ExposedType: the word for it, and the field of a Metric with its value. */
static const struct
{
	int type;
	int field;
} types[] = {
    [EXPOSED_UNTYPED] = {3, 5},
    [EXPOSED_COUNTER] = {0, 3},
    [EXPOSED_GAUGE] = {1, 2},
    [EXPOSED_HISTOGRAM] = {4, 7},
};

/* ---- what everything is made of ------------------------------------------------------------- */

/* No number takes more. */
#define VARINT_BYTES 10

static char *
put_varint(char *at, uint64 value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (char) (value | 0x80);
	*at++ = (char) value;
	return at;
}

static void
append_varint(StringInfo out, uint64 value)
{
	enlargeStringInfo(out, VARINT_BYTES);
	out->len = (int) (put_varint(out->data + out->len, value) - out->data);
}

/* Small numbers of either sign take little room. */
static uint64
zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (uint64) (value >> 63);
}

static void
append_field(StringInfo out, int field, Wire wire)
{
	appendStringInfoCharMacro(out, (char) (field << 3 | wire));
}

static void
append_number(StringInfo out, int field, uint64 value)
{
	append_field(out, field, WIRE_VARINT);
	append_varint(out, value);
}

/* Little-endian on every machine. */
static void
append_double(StringInfo out, int field, double value)
{
	uint64 bits;

	memcpy(&bits, &value, sizeof(bits));
#ifdef WORDS_BIGENDIAN
	bits = pg_bswap64(bits);
#endif
	append_field(out, field, WIRE_DOUBLE);
	appendBinaryStringInfo(out, (const char *) &bits, sizeof(bits));
}

static void
append_bytes(StringInfo out, int field, const char *bytes, int size)
{
	append_field(out, field, WIRE_LENGTH);
	append_varint(out, size);
	appendBinaryStringInfo(out, bytes, size);
}

static int
varint_size(uint64 value)
{
	int size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

/* ---- labels --------------------------------------------------------------------------------- */

/* Undoes the escapes of a value in place; what it points to then is behind the closing mark. */
static int
unescape(char *value, const char **at)
{
	int size = 0;

	for (; **at != '"'; (*at)++)
	{
		if (**at == '\\')
		{
			(*at)++;
			value[size++] = **at == 'n' ? '\n' : **at;
		}
		else
			value[size++] = **at;
	}
	(*at)++;
	return size;
}

static char *
put_bytes(char *at, int field, const char *bytes, int size)
{
	*at++ = (char) (field << 3 | WIRE_LENGTH);
	at = put_varint(at, size);
	memcpy(at, bytes, size);
	return at + size;
}

/*
 * What is empty is as if it were not there.  There are some of these for each sample, so room is
 * made once, for fields and sizes, too.
 */
static void
append_pair(StringInfo pairs, const char *name, int name_size, const char *value, int value_size)
{
	int size = 2 + varint_size(name_size) + name_size + varint_size(value_size) + value_size;
	char *at;

	if (value_size == 0)
		return;
	enlargeStringInfo(pairs, 1 + VARINT_BYTES + size);
	at = pairs->data + pairs->len;
	*at++ = METRIC_LABEL << 3 | WIRE_LENGTH;
	at = put_varint(at, size);
	at = put_bytes(at, PAIR_NAME, name, name_size);
	at = put_bytes(at, PAIR_VALUE, value, value_size);
	pairs->len = (int) (at - pairs->data);
}

static const char *
read_labels(const StringInfoData *labels)
{
	if (labels == NULL || labels->len == 0)
		return "";
	if (GetDatabaseEncoding() == PG_UTF8)
		return labels->data;
	return pg_server_to_any(labels->data, labels->len, PG_UTF8);
}

static void
write_pairs(Exposition *exposition, const StringInfoData *labels)
{
	const char *at = read_labels(labels);

	resetStringInfo(&exposition->pairs);
	while (*at != '\0')
	{
		const char *name = at;
		int name_size = (int) (strchr(name, '=') - name);
		const char *end;

		at += name_size + 2;
		end = strchr(at, '"');
		if (memchr(at, '\\', end - at) == NULL)
		{
			append_pair(&exposition->pairs, name, name_size, at, (int) (end - at));
			at = end + 1;
		}
		else
		{
			char *value = palloc(strlen(at) + 1);
			int size = unescape(value, &at);

			append_pair(&exposition->pairs, name, name_size, value, size);
			pfree(value);
		}
		at += *at == ',';
	}
}

/* ---- samples -------------------------------------------------------------------------------- */

/* A Metric, whose value is in the exposition's message. */
static void
write_sample(Exposition *exposition, const StringInfoData *labels)
{
	StringInfo out = &exposition->family;
	const StringInfoData *pairs = &exposition->pairs;
	const StringInfoData *message = &exposition->message;

	write_pairs(exposition, labels);
	append_field(out, FAMILY_METRIC, WIRE_LENGTH);
	append_varint(out, pairs->len + 1 + varint_size(message->len) + message->len);
	appendBinaryStringInfo(out, pairs->data, pairs->len);
	append_bytes(out, types[exposition->type].field, message->data, message->len);
}

static void
write_number(Exposition *exposition, const StringInfoData *labels, double value)
{
	exposition->message.len = 0;
	append_double(&exposition->message, VALUE, value);
	write_sample(exposition, labels);
}

static void
write_integer(Exposition *exposition, const StringInfoData *labels, int64 value)
{
	write_number(exposition, labels, (double) value);
}

/* ---- histograms ----------------------------------------------------------------------------- */

static void
append_classic_bucket(StringInfo out, double bound, int64 count)
{
	append_field(out, HISTOGRAM_BUCKET, WIRE_LENGTH);
	append_varint(out, 1 + varint_size(count) + 1 + sizeof(double));
	append_number(out, BUCKET_CUMULATIVE_COUNT, count);
	append_double(out, BUCKET_UPPER_BOUND, bound);
}

/* Buckets from the first on that follow each other. */
static int
find_run(const Histogram *histogram, int first)
{
	int next = first + 1;

	while (next < histogram->nbuckets &&
	       histogram->buckets[next].bucket == histogram->buckets[next - 1].bucket + 1)
		next++;
	return next - first;
}

/* A run of buckets, so far behind the one before it. */
static void
append_span(StringInfo out, int offset, int length)
{
	append_field(out, HISTOGRAM_POSITIVE_SPAN, WIRE_LENGTH);
	append_varint(out, 2 + varint_size(zigzag(offset)) + varint_size(length));
	append_number(out, SPAN_OFFSET, zigzag(offset));
	append_number(out, SPAN_LENGTH, length);
}

/* Which buckets have a count.  The first is told by its number, which is 0 where it ends at 1 s. */
static void
append_spans(StringInfo out, const Histogram *histogram, int first)
{
	int end = -1 - HISTOGRAM_FIRST_EXPONENT * HISTOGRAM_SUBBUCKETS;

	while (first < histogram->nbuckets)
	{
		int length = find_run(histogram, first);
		int bucket = histogram->buckets[first].bucket;

		append_span(out, bucket - end, length);
		end = bucket + length;
		first += length;
	}
}

/* How much more each has than the one before. */
static void
append_deltas(StringInfo out, const Histogram *histogram, int first)
{
	int64 before = 0;
	int size = 0;

	for (int i = first; i < histogram->nbuckets; i++)
	{
		size += varint_size(zigzag((int64) histogram->buckets[i].count - before));
		before = (int64) histogram->buckets[i].count;
	}
	append_field(out, HISTOGRAM_POSITIVE_DELTA, WIRE_LENGTH);
	append_varint(out, size);
	before = 0;
	for (int i = first; i < histogram->nbuckets; i++)
	{
		append_varint(out, zigzag((int64) histogram->buckets[i].count - before));
		before = (int64) histogram->buckets[i].count;
	}
}

/* A threshold tells a reader that it is native, even without a count. */
static void
append_native(StringInfo out, const Histogram *histogram)
{
	int zeros = histogram->nbuckets > 0 && histogram->buckets[0].bucket == 0 ? 1 : 0;

	append_number(out, HISTOGRAM_SCHEMA, zigzag(SCHEMA));
	append_double(out, HISTOGRAM_ZERO_THRESHOLD,
	              exp2(HISTOGRAM_FIRST_EXPONENT + 1.0 / HISTOGRAM_SUBBUCKETS));
	append_number(out, HISTOGRAM_ZERO_COUNT, zeros > 0 ? histogram->buckets[0].count : 0);
	if (histogram->nbuckets == zeros)
		return;
	append_spans(out, histogram, zeros);
	append_deltas(out, histogram, zeros);
}

static void
write_histogram(Exposition *exposition, const StringInfoData *labels,
                const ExposedHistogram *histogram)
{
	StringInfo out = &exposition->message;

	resetStringInfo(out);
	append_number(out, HISTOGRAM_SAMPLE_COUNT, histogram->counts[histogram->nbounds]);
	append_double(out, HISTOGRAM_SAMPLE_SUM, histogram->sum);
	for (int i = 0; i < histogram->nbounds; i++)
		append_classic_bucket(out, histogram->bounds[i], histogram->counts[i]);
	if (histogram->native != NULL)
		append_native(out, histogram->native);
	write_sample(exposition, labels);
}

/* ---- families ------------------------------------------------------------------------------- */

static void
begin_family(Exposition *exposition, const char *help)
{
	StringInfo out = &exposition->family;

	resetStringInfo(out);
	append_bytes(out, FAMILY_NAME, exposition->name, exposition->name_length);
	append_bytes(out, FAMILY_HELP, help, (int) strlen(help));
	append_number(out, FAMILY_TYPE, types[exposition->type].type);
}

static void
write_family(Exposition *exposition)
{
	append_varint(&exposition->text, exposition->family.len);
	appendBinaryStringInfo(&exposition->text, exposition->family.data, exposition->family.len);
}

static void
write_nothing(Exposition *exposition)
{
}

const ExpositionFormat dbops_exposition_protobuf = {
    .metric = begin_family,
    .integer = write_integer,
    .number = write_number,
    .histogram = write_histogram,
    .close = write_family,
    .end = write_nothing,
};
