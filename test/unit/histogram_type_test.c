/*
 * test/unit/histogram_type_test.c
 *		The bytes of a histogram: one way to write each, and nothing else is read.
 *
 * sources: src/math/histogram_type.c src/math/histogram.c
 */
#include "postgres.h"

#include "access/htup_details.h" /* from 16 on it brings the macros of varlena */

#include "math/histogram_type.h"

#include "tap.h"

static Histogram *
make_histogram(int first, int step, uint64 count)
{
	uint64 dense[HISTOGRAM_BUCKETS] = {0};
	Histogram *histogram = palloc(HISTOGRAM_SIZE(HISTOGRAM_BUCKETS));

	for (int b = first; b < HISTOGRAM_BUCKETS; b += step)
		dense[b] = count + b;
	dbops_histogram_from_dense(dense, histogram);
	return histogram;
}

static bool
is_same(const Histogram *a, const Histogram *b)
{
	if (a->nbuckets != b->nbuckets)
		return false;
	for (int i = 0; i < a->nbuckets; i++)
	{
		if (a->buckets[i].bucket != b->buckets[i].bucket ||
		    a->buckets[i].count != b->buckets[i].count)
			return false;
	}
	return true;
}

static bool
survives(const Histogram *histogram)
{
	return is_same(histogram, dbops_histogram_deform(dbops_histogram_form(histogram)));
}

static void
test_round_trip(void)
{
	Histogram *largest = make_histogram(HISTOGRAM_BUCKETS - 1, 1, 1);
	Histogram *empty = make_histogram(HISTOGRAM_BUCKETS, 1, 1);

	largest->buckets[0].count = HISTOGRAM_MAX_COUNT;
	ok(survives(empty), "an empty histogram survives");
	ok(survives(make_histogram(0, 1, 1)), "a full histogram survives");
	ok(survives(make_histogram(3, 17, UINT64CONST(1) << 40)), "large counts survive");
	ok(survives(largest), "the largest count survives");
	is_int(VARSIZE_ANY_EXHDR(dbops_histogram_form(empty)), 0, "an empty histogram has no bytes");
	is_int(VARSIZE_ANY_EXHDR(dbops_histogram_form(make_histogram(0, 1, 1))) < 3 * HISTOGRAM_BUCKETS,
	       true, "a bucket takes less than three bytes");
}

static struct varlena *
make_value(const char *bytes, Size size)
{
	struct varlena *value = palloc(VARHDRSZ + size);

	memcpy(VARDATA(value), bytes, size);
	SET_VARSIZE(value, VARHDRSZ + size);
	return value;
}

static void
refuse(const char *bytes, Size size, const char *fact)
{
	expect_error(ERRCODE_DATA_CORRUPTED, fact, dbops_histogram_deform(make_value(bytes, size)));
}

static void
test_malformed(void)
{
	refuse("\x05", 1, "a bucket without a count is refused");
	refuse("\x05\x00", 2, "a count of zero is refused");
	refuse("\x80\x04\x01", 3, "a bucket beyond the last is refused");
	refuse("\xff\x03\x01\x00\x01", 5, "a bucket after the last is refused");
	refuse("\x05\x81\x00", 3, "a count with a needless byte is refused");
	refuse("\x05\x81", 2, "a count cut short is refused");
	refuse("\x05\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, "a count beyond 2^63 is refused");
	refuse("\x05\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x01", 12,
	       "counts that sum up beyond 2^63 are refused");
	refuse("\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12,
	       "a count of too many bytes is refused");
}

/* Whatever is read is written with the same bytes: no two values are the same histogram. */
static void
test_canonical(void)
{
	bool canonical = true;
	int read = 0;

	for (int i = 0; i < 65536; i++)
	{
		char bytes[4] = {(char) (i & 0xff), (char) (i >> 8), (char) (i * 7 & 0x7f), 1};
		struct varlena *value = make_value(bytes, sizeof(bytes));
		Histogram *volatile histogram = NULL;
		sigjmp_buf here;
		sigjmp_buf *outer = stub_error_catch(&here);
		struct varlena *again;

		if (sigsetjmp(here, 0) == 0)
			histogram = dbops_histogram_deform(value);
		PG_exception_stack = outer;
		if (histogram == NULL)
			continue;
		read++;
		again = dbops_histogram_form(histogram);
		canonical = canonical && VARSIZE(again) == VARSIZE(value) &&
		            memcmp(VARDATA(again), bytes, sizeof(bytes)) == 0;
	}
	note("%d of 65536 byte strings are histograms", read);
	ok(read > 1000 && canonical, "what is read is written with the same bytes");
}

int
main(void)
{
	test_round_trip();
	test_malformed();
	test_canonical();
	return tap_done();
}
