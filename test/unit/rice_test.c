/*
 * test/unit/rice_test.c
 *		Rice codes come back as written, are as short as they say, and end within their input.
 *
 * sources: src/store/rice.c
 */
#include "postgres.h"

#include "store/rice.h"

#include "tap.h"

#define MAX_NUMBERS 1000

static uint64 seed = 88172645463325252;

static uint64
random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static bool
comes_back(const uint64 *numbers, int n, int shift, int *length)
{
	StringInfoData out;
	uint64 back[MAX_NUMBERS] = {0};
	ByteReader in;

	initStringInfo(&out);
	appendStringInfoChar(&out, 'x');
	dbops_rice_put(&out, numbers, n, shift);
	*length = out.len - 1;
	in = dbops_reader(out.data + 1, *length);
	dbops_rice_get(&in, back, n, shift);
	return dbops_reader_left(&in) == 0 && memcmp(numbers, back, sizeof(uint64) * n) == 0;
}

static void
test_round_trip(void)
{
	uint64 numbers[MAX_NUMBERS];
	bool same = true;
	bool as_long = true;
	int length;

	for (int round = 0; round < 2000; round++)
	{
		int n = 1 + (int) (random64() % MAX_NUMBERS);
		int width = (int) (random64() % 33);
		uint64 bits;
		int shift;

		for (int i = 0; i < n; i++)
			numbers[i] = (random64() & ((UINT64CONST(1) << width) - 1)) >> (random64() % 8);
		shift = dbops_rice_choose(numbers, n, &bits);
		same &= comes_back(numbers, n, shift, &length);
		as_long &= (uint64) length == (bits + 7) / 8;
	}
	ok(same, "numbers of any distribution come back, and reading ends where writing ended");
	ok(as_long, "the length is what the choice said");

	for (int i = 0; i < MAX_NUMBERS; i++)
		numbers[i] = i % 100 == 0 ? 31 * (uint64) i + 32 : 0;
	ok(comes_back(numbers, MAX_NUMBERS, 0, &length), "long unary codes come back");
}

static void
test_choice(void)
{
	uint64 numbers[MAX_NUMBERS];
	uint64 bits;

	for (int i = 0; i < MAX_NUMBERS; i++)
		numbers[i] = i % 2;
	is_int(dbops_rice_choose(numbers, MAX_NUMBERS, &bits), 0,
	       "the gaps of a dense set are a bitmap");
	numbers[7] = UINT64CONST(1) << 32;
	dbops_rice_choose(numbers, MAX_NUMBERS, &bits);
	ok(bits == PG_UINT64_MAX, "a huge number rules Rice codes out");
	dbops_rice_choose(numbers, 0, &bits);
	ok(bits == PG_UINT64_MAX, "there is no choice without numbers");
}

static bool
refuses(const char *bytes, int size, int n, int shift)
{
	sigjmp_buf here;
	sigjmp_buf *outer = stub_error_catch(&here);
	volatile bool refused = false;
	uint64 back[MAX_NUMBERS];
	/* On the heap and of its exact size, so that a sanitizer sees a byte too many. */
	char *copy = malloc(size + 1);
	char *end = realloc(copy, size > 0 ? size : 1);
	ByteReader in = dbops_reader(end, size);

	memcpy(end, bytes, size);
	if (sigsetjmp(here, 0) == 0)
		dbops_rice_get(&in, back, n, shift);
	else
		refused = stub_last_error()->sqlerrcode == ERRCODE_DATA_CORRUPTED;
	PG_exception_stack = outer;
	free(end);
	return refused;
}

static void
test_garbage(void)
{
	uint64 numbers[MAX_NUMBERS];
	char ones[64];
	StringInfoData out;
	bool refused = true;

	for (int i = 0; i < MAX_NUMBERS; i++)
		numbers[i] = random64() % 50;
	initStringInfo(&out);
	dbops_rice_put(&out, numbers, MAX_NUMBERS, 4);
	for (int size = 0; size < out.len; size++)
		refused &= refuses(out.data, size, MAX_NUMBERS, 4);
	ok(refused, "codes cut anywhere are refused");

	memset(ones, 0xFF, sizeof(ones));
	for (int size = 0; size <= (int) sizeof(ones); size++)
		refused &= refuses(ones, size, 1, RICE_MAX_SHIFT);
	ok(refused, "a unary code without end is refused");
}

int
main(void)
{
	test_round_trip();
	test_choice();
	test_garbage();
	return tap_done();
}
