/*
 * test/unit/exposition_protobuf_test.c
 *		The binary format, byte by byte as its description has it, and read back.
 *
 * sources: src/expose/exposition_protobuf.c src/math/histogram.c
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "expose/exposition_format.h"
#include "math/histogram.h"

#include "tap.h"

/* What the server would do. */
int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

char *
pg_server_to_any(const char *s, int len, int encoding)
{
	return (char *) s;
}

static Exposition
begin(const char *name, ExposedType type, const char *help)
{
	Exposition exposition = {.format = &dbops_exposition_protobuf, .type = type};

	initStringInfo(&exposition.text);
	initStringInfo(&exposition.family);
	initStringInfo(&exposition.pairs);
	initStringInfo(&exposition.message);
	exposition.name = name;
	exposition.name_length = (int) strlen(name);
	exposition.format->metric(&exposition, help);
	return exposition;
}

static StringInfoData
labels_of(const char *written)
{
	StringInfoData labels;

	initStringInfo(&labels);
	appendStringInfoString(&labels, written);
	return labels;
}

static void
is_bytes(const StringInfoData *got, const uint8 *expected, int size, const char *name)
{
	int i = 0;

	while (i < Min(got->len, size) && (uint8) got->data[i] == expected[i])
		i++;
	if (!ok(got->len == size && i == size, "%s", name))
		note("%d bytes for %d, different from number %d on", got->len, size, i);
}

/* ---- byte by byte --------------------------------------------------------------------------- */

static void
test_counter(void)
{
	/* clang-format off */
	static const uint8 expected[] = {
		45,                                 /* bytes of the family */
		0x0a, 3, 'a', '_', 'b',             /* name */
		0x12, 4, 'h', 'e', 'l', 'p',        /* help */
		0x18, 0,                            /* type: counter */
		0x22, 30,                           /* a metric */
		0x0a, 6, 0x0a, 1, 'x', 0x12, 1, 'y',            /* label x: y */
		0x0a, 9, 0x0a, 1, 'z', 0x12, 4, '"', '\\', '\n', ',', /* label z, without escapes */
		0x1a, 9, 0x09, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f,    /* counter: 0.5 */
	};
	/* clang-format on */
	StringInfoData labels = labels_of("x=\"y\",empty=\"\",z=\"\\\"\\\\\\n,\"");
	Exposition exposition = begin("a_b", EXPOSED_COUNTER, "help");

	exposition.format->number(&exposition, &labels, 0.5);
	exposition.format->close(&exposition);
	is_bytes(&exposition.text, expected, sizeof(expected), "a counter with labels");
}

static void
test_types(void)
{
	/* clang-format off */
	static const uint8 gauge[] = {
		20, 0x0a, 1, 'g', 0x12, 0, 0x18, 1,
		0x22, 11, 0x12, 9, 0x09, 0, 0, 0, 0, 0, 0, 0, 0x40, /* gauge: 2 */
	};
	static const uint8 untyped[] = {
		20, 0x0a, 1, 'u', 0x12, 0, 0x18, 3,
		0x22, 11, 0x2a, 9, 0x09, 0, 0, 0, 0, 0, 0, 0, 0xc0, /* untyped: -2 */
	};
	/* clang-format on */
	Exposition exposition = begin("g", EXPOSED_GAUGE, "");

	exposition.format->integer(&exposition, NULL, 2);
	exposition.format->close(&exposition);
	is_bytes(&exposition.text, gauge, sizeof(gauge), "a gauge without labels");
	exposition = begin("u", EXPOSED_UNTYPED, "");
	exposition.format->integer(&exposition, NULL, -2);
	exposition.format->close(&exposition);
	is_bytes(&exposition.text, untyped, sizeof(untyped), "what has no type");
}

static Histogram *
make_histogram(const HistogramBucket *buckets, int count)
{
	Histogram *histogram = palloc(HISTOGRAM_SIZE(count));

	histogram->nbuckets = count;
	memcpy(histogram->buckets, buckets, sizeof(HistogramBucket) * count);
	return histogram;
}

static void
test_histogram(void)
{
	/* clang-format off */
	static const uint8 expected[] = {
		83,
		0x0a, 1, 'd', 0x12, 1, 'h', 0x18, 4,         /* name, help, histogram */
		0x22, 73,
		0x3a, 71,
		0x08, 0xb0, 2,                               /* 304 in all */
		0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f,          /* sum: 1.5 s */
		0x1a, 11, 0x08, 3, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f,          /* 3 up to 1 s */
		0x1a, 12, 0x08, 0xaf, 2, 0x11, 0, 0, 0, 0, 0, 0, 0x10, 0x40,    /* 303 up to 4 s */
		0x28, 8,                                     /* schema: 4 */
		0x31, 0x0f, 0x89, 0xf9, 0x6c, 0x58, 0xb5, 0xb0, 0x3e,           /* zero up to 2^(-20 + 1/16) s */
		0x38, 1,                                     /* 1 of these */
		0x62, 4, 0x08, 0, 0x10, 2,                   /* two buckets from that on which ends at 1 s */
		0x62, 4, 0x08, 0x7c, 0x10, 1,                /* 62 further on, one */
		0x6a, 5, 0x04, 0xd4, 4, 0xd5, 4,             /* 2, + 298, - 299 */
	};
	/* clang-format on */
	static const HistogramBucket buckets[] = {{0, 1}, {319, 2}, {320, 300}, {383, 1}};
	static const double bounds[] = {1, 4};
	static const int64 counts[] = {3, 303, 304};
	Exposition exposition = begin("d", EXPOSED_HISTOGRAM, "h");
	ExposedHistogram histogram = {.bounds = bounds,
	                              .counts = counts,
	                              .nbounds = 2,
	                              .sum = 1.5,
	                              .native = make_histogram(buckets, lengthof(buckets))};

	exposition.format->histogram(&exposition, NULL, &histogram);
	exposition.format->close(&exposition);
	is_bytes(&exposition.text, expected, sizeof(expected), "a histogram, classic and native");
}

/* ---- read back ------------------------------------------------------------------------------ */

typedef struct Reader
{
	const uint8 *at;
	const uint8 *end;
} Reader;

static uint64
read_varint(Reader *reader)
{
	uint64 value = 0;

	for (int shift = 0; reader->at < reader->end; shift += 7)
	{
		uint8 byte = *reader->at++;

		value |= (uint64) (byte & 0x7f) << shift;
		if (byte < 0x80)
			break;
	}
	return value;
}

static int64
read_signed(Reader *reader)
{
	uint64 value = read_varint(reader);

	return (int64) (value >> 1) ^ -(int64) (value & 1);
}

/* The value of a field; where it has a length, that, and what is in it is read from `inner`. */
static uint64
read_field(Reader *reader, int *field, Reader *inner)
{
	uint64 key = read_varint(reader);
	uint64 value = 0;

	*field = (int) (key >> 3);
	switch (key & 7)
	{
		case 0:
			return read_varint(reader);
		case 1:
			for (int i = 0; i < 8; i++)
				value |= (uint64) *reader->at++ << (8 * i);
			return value;
		default:
			value = read_varint(reader);
			*inner = (Reader){reader->at, reader->at + value};
			reader->at += value;
			return value;
	}
}

static Reader
find_field(Reader reader, int wanted)
{
	int field;
	Reader inner = {0};

	while (reader.at < reader.end)
	{
		(void) read_field(&reader, &field, &inner);
		if (field == wanted)
			return inner;
	}
	return (Reader){0};
}

/* As a scraper has it: counts by the numbers of buckets, that which ends at 1 s being 0. */
#define LOWEST (-400)
#define NUMBERS 800

static uint64
read_native(Reader reader, uint64 *counts, uint64 *zeros)
{
	int numbers[HISTOGRAM_BUCKETS];
	int nnumbers = 0;
	int next = 0;
	uint64 total = 0;
	int64 count = 0;

	while (reader.at < reader.end)
	{
		int field;
		Reader inner;
		uint64 value = read_field(&reader, &field, &inner);

		if (field == 1)
			total = value;
		else if (field == 7)
			*zeros = value;
		else if (field == 12)
		{
			int ignored;
			Reader span = inner;

			(void) read_varint(&span);
			next += (int) read_signed(&span);
			for (uint64 length = read_field(&span, &ignored, &inner); length > 0; length--)
				numbers[nnumbers++] = next++;
		}
		else if (field == 13)
		{
			for (int i = 0; inner.at < inner.end; i++)
			{
				count += read_signed(&inner);
				counts[numbers[i] - LOWEST] = (uint64) count;
			}
		}
	}
	return total;
}

static bool
is_read_back(const uint64 *dense, const uint64 *counts, uint64 zeros)
{
	uint64 others = 0;

	for (int i = 0; i < NUMBERS; i++)
		others += counts[i];
	for (int bucket = 1; bucket < HISTOGRAM_BUCKETS; bucket++)
	{
		/* Number n ends at 2^(n/16) s. */
		int number = (int) lround(16 * log2(dbops_histogram_upper(bucket) / 1e9));

		if (counts[number - LOWEST] != dense[bucket])
			return false;
		others -= dense[bucket];
	}
	return others == 0 && zeros == dense[0];
}

static bool
survives(uint64 *dense, int64 all)
{
	Exposition exposition = begin("d", EXPOSED_HISTOGRAM, "h");
	Histogram *native = palloc(HISTOGRAM_SIZE(HISTOGRAM_BUCKETS));
	ExposedHistogram histogram = {.counts = &all, .native = native};
	uint64 counts[NUMBERS] = {0};
	uint64 zeros = 0;
	Reader reader;

	dbops_histogram_from_dense(dense, native);
	exposition.format->histogram(&exposition, NULL, &histogram);
	exposition.format->close(&exposition);
	reader = (Reader){(uint8 *) exposition.text.data,
	                  (uint8 *) exposition.text.data + exposition.text.len};
	(void) read_varint(&reader);
	reader = find_field(find_field(reader, 4), 7);
	return read_native(reader, counts, &zeros) == all && is_read_back(dense, counts, zeros);
}

/* The same numbers in each run. */
static uint32
next_number(void)
{
	static uint64 state = 1;

	state = state * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963407);
	return (uint32) (state >> 33);
}

static void
test_any(void)
{
	int failures = 0;

	for (int i = 0; i < 300; i++)
	{
		uint64 dense[HISTOGRAM_BUCKETS] = {0};
		int64 all = 0;

		for (int n = (int) (next_number() % 200); n > 0; n--)
		{
			uint64 count = next_number() % 3 == 0 ? next_number() : 1;

			dense[next_number() % (i % 2 == 0 ? HISTOGRAM_BUCKETS : 20)] += count;
			all += (int64) count;
		}
		failures += !survives(dense, all);
	}
	is_int(failures, 0, "histograms are read back as they were");
}

int
main(void)
{
	test_counter();
	test_types();
	test_histogram();
	test_any();
	return tap_done();
}
