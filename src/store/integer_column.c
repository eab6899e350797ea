/*
 * store/integer_column.c
 *		A column of integers in few bytes; see integer_column.h.
 *
 * All arithmetic on values wraps in 64 bits, so every int64 comes back, whatever its neighbours.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "store/integer_column.h"
#include "store/family.h"
#include "store/rice.h"

#define ENCODING_MASK 0x07
#define FLAG_NULLS 0x08        /* packed: 0 is NULL, every other number is one higher */
#define FLAG_SCALED 0x10       /* packed: numbers are multiples of a common divisor */
#define FLAG_DEFAULT_NULL 0x20 /* sparse: what is not listed is NULL, not 0 */

/* Delta is not tried on columns that packing brings below this many bits a value. */
#define DELTA_MIN_BITS 6

/* A sparse column lists what is not 0; those may be sparse once more for what is not NULL. */
#define MAX_DEPTH 2

/* Numbers in Rice codes: this and their shift stand in place of the width. */
#define RICE_WIDTH 128

/* What one look at the values tells. */
typedef struct ColumnShape
{
	int nulls;
	int zeros;
	int64 min; /* of those that are not NULL */
	int64 max;
} ColumnShape;

/* How numbers are packed: `width` bits each, and how long that comes out, in bits. */
typedef struct Packing
{
	int width;
	int exceptions;
	uint64 bits;
} Packing;

static ColumnShape look_at(const int64 *values, int n);
static void get_column(ByteReader *in, int depth, int64 *values, int n);
static Packing choose_packing(const uint64 *numbers, int n);
static void
put_packed_numbers(StringInfo out, const uint64 *numbers, int n, const Packing *packing);
static void get_packed_numbers(ByteReader *in, uint64 *numbers, int n);

static inline int
bit_length(uint64 number)
{
	return number == 0 ? 0 : pg_leftmost_one_pos64(number) + 1;
}

static uint64
common_divisor(uint64 a, uint64 b)
{
	while (b != 0)
	{
		uint64 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Makes numbers of the values: distance to the smallest, divided by what divides them all; with
 * NULLs among them, one higher and 0 for NULL.  Returns the divisor.
 */
static uint64
make_numbers(const int64 *values, int n, const ColumnShape *shape, uint64 *numbers)
{
	uint64 base = (uint64) shape->min;
	uint64 divisor = 0;
	uint64 shift = shape->nulls > 0 ? 1 : 0;

	for (int i = 0; i < n && divisor != 1; i++)
	{
		uint64 distance = (uint64) values[i] - base;

		if (values[i] != FAMILY_NULL && (divisor == 0 || distance % divisor != 0))
			divisor = common_divisor(distance, divisor);
	}
	if (divisor <= 1)
	{
		for (int i = 0; i < n; i++)
			numbers[i] = values[i] == FAMILY_NULL ? 0 : (uint64) values[i] - base + shift;
		return 1;
	}
	for (int i = 0; i < n; i++)
		numbers[i] = values[i] == FAMILY_NULL ? 0 : ((uint64) values[i] - base) / divisor + shift;
	return divisor;
}

/* Lists gaps and values of what is not the default; returns how many. */
static int
make_sparse(const int64 *values, int n, int64 skip, int64 *listed, uint64 *gaps)
{
	int count = 0;
	int last = -1;

	for (int i = 0; i < n; i++)
	{
		if (values[i] == skip)
			continue;
		gaps[count] = i - last - 1;
		listed[count++] = values[i];
		last = i;
	}
	return count;
}

static void
put_sparse(StringInfo out, const int64 *listed, const uint64 *gaps, int count, bool skip_null)
{
	Packing packing = choose_packing(gaps, count);

	appendStringInfoChar(out, INTEGER_SPARSE | (skip_null ? FLAG_DEFAULT_NULL : 0));
	dbops_put_varint(out, count);
	put_packed_numbers(out, gaps, count, &packing);
	dbops_integer_column_put(out, listed, count);
}

/* Tries the sparse encoding: true when it was written because it is shorter than `limit` bits. */
static bool
try_sparse(StringInfo out, const int64 *values, int n, const ColumnShape *shape, uint64 limit)
{
	bool skip_null = shape->nulls > shape->zeros;
	int count = n - (skip_null ? shape->nulls : shape->zeros);
	int64 *listed;
	uint64 *gaps;
	int start = out->len;
	bool shorter;

	if (count == n || count > n - n / 4)
		return false;
	listed = palloc(sizeof(int64) * count);
	gaps = palloc(sizeof(uint64) * count);
	make_sparse(values, n, skip_null ? FAMILY_NULL : 0, listed, gaps);
	put_sparse(out, listed, gaps, count, skip_null);
	shorter = (uint64) (out->len - start) * 8 < limit;
	if (!shorter)
	{
		out->len = start;
		out->data[start] = '\0';
	}
	pfree(listed);
	pfree(gaps);
	return shorter;
}

/* Tries differences; they replace what stands in numbers[]. */
static bool
try_delta(StringInfo out, const int64 *values, int n, uint64 *numbers, uint64 limit)
{
	Packing packing;

	for (int i = 1; i < n; i++)
		numbers[i - 1] = dbops_zigzag((int64) ((uint64) values[i] - (uint64) values[i - 1]));
	packing = choose_packing(numbers, n - 1);
	if (packing.bits >= limit)
		return false;
	appendStringInfoChar(out, INTEGER_DELTA);
	dbops_put_signed(out, values[0]);
	put_packed_numbers(out, numbers, n - 1, &packing);
	return true;
}

static void
put_packed(StringInfo out, const uint64 *numbers, int n, const ColumnShape *shape, uint64 divisor)
{
	Packing packing = choose_packing(numbers, n);

	appendStringInfoChar(out, INTEGER_PACKED | (shape->nulls > 0 ? FLAG_NULLS : 0) |
	                              (divisor > 1 ? FLAG_SCALED : 0));
	dbops_put_signed(out, shape->min);
	if (divisor > 1)
		dbops_put_varint(out, divisor);
	put_packed_numbers(out, numbers, n, &packing);
}

void
dbops_integer_column_put(StringInfo out, const int64 *values, int n)
{
	ColumnShape shape = look_at(values, n);
	uint64 *numbers;
	uint64 divisor;
	Packing packing;

	if (shape.zeros == n)
	{
		appendStringInfoChar(out, INTEGER_ZERO);
		return;
	}
	if (shape.nulls == n)
	{
		appendStringInfoChar(out, INTEGER_NULL);
		return;
	}
	if (shape.nulls == 0 && shape.min == shape.max)
	{
		appendStringInfoChar(out, INTEGER_CONST);
		dbops_put_signed(out, shape.min);
		return;
	}

	numbers = palloc(sizeof(uint64) * n);
	divisor = make_numbers(values, n, &shape, numbers);
	packing = choose_packing(numbers, n);
	if (!try_sparse(out, values, n, &shape, packing.bits) &&
	    (packing.bits < (uint64) n * DELTA_MIN_BITS ||
	     !try_delta(out, values, n, numbers, packing.bits)))
	{
		/* The attempt at differences spoilt the numbers. */
		make_numbers(values, n, &shape, numbers);
		put_packed(out, numbers, n, &shape, divisor);
	}
	pfree(numbers);
}

static void
get_packed(ByteReader *in, uint8 flags, int64 *values, int n)
{
	uint64 base = (uint64) dbops_reader_signed(in);
	uint64 divisor = (flags & FLAG_SCALED) ? dbops_reader_varint(in) : 1;
	uint64 *numbers = (uint64 *) values;

	get_packed_numbers(in, numbers, n);
	if (flags & FLAG_NULLS)
	{
		for (int i = 0; i < n; i++)
			values[i] = numbers[i] == 0 ? FAMILY_NULL : (int64) (base + (numbers[i] - 1) * divisor);
		return;
	}
	for (int i = 0; i < n; i++)
		values[i] = (int64) (base + numbers[i] * divisor);
}

static void
get_sparse(ByteReader *in, uint8 flags, int depth, int64 *values, int n)
{
	int count = (int) dbops_reader_count(in, n - n / 4);
	int64 skip = (flags & FLAG_DEFAULT_NULL) ? FAMILY_NULL : 0;
	uint64 *gaps = palloc(sizeof(uint64) * count);
	int64 *listed = palloc(sizeof(int64) * count);
	uint64 at = 0;

	for (int i = 0; i < n; i++)
		values[i] = skip;
	get_packed_numbers(in, gaps, count);
	get_column(in, depth + 1, listed, count);
	for (int i = 0; i < count; i++)
	{
		if (gaps[i] >= (uint64) n - at)
			dbops_corrupted("a sparse column lists more than there are rows");
		at += gaps[i];
		values[at++] = listed[i];
	}
	pfree(gaps);
	pfree(listed);
}

static void
get_delta(ByteReader *in, int64 *values, int n)
{
	uint64 value = (uint64) dbops_reader_signed(in);

	if (n < 1)
		dbops_corrupted("differences of nothing");
	get_packed_numbers(in, (uint64 *) &values[1], n - 1);
	values[0] = (int64) value;
	for (int i = 1; i < n; i++)
	{
		value += (uint64) dbops_unzigzag((uint64) values[i]);
		values[i] = (int64) value;
	}
}

static void
get_column(ByteReader *in, int depth, int64 *values, int n)
{
	uint8 head = dbops_reader_byte(in);
	int64 same = 0;

	switch (head & ENCODING_MASK)
	{
		case INTEGER_PACKED:
			get_packed(in, head, values, n);
			return;
		case INTEGER_SPARSE:
			if (depth >= MAX_DEPTH)
				dbops_corrupted("columns are nested too deeply");
			get_sparse(in, head, depth, values, n);
			return;
		case INTEGER_DELTA:
			get_delta(in, values, n);
			return;
		case INTEGER_ZERO:
			break;
		case INTEGER_NULL:
			same = FAMILY_NULL;
			break;
		case INTEGER_CONST:
			same = dbops_reader_signed(in);
			break;
		default:
			dbops_corrupted("a column has an unknown encoding");
	}
	for (int i = 0; i < n; i++)
		values[i] = same;
}

void
dbops_integer_column_get(ByteReader *in, int64 *values, int n)
{
	get_column(in, 0, values, n);
}

static ColumnShape
look_at(const int64 *values, int n)
{
	ColumnShape shape = {.min = PG_INT64_MAX, .max = PG_INT64_MIN};

	for (int i = 0; i < n; i++)
	{
		int64 value = values[i];

		if (value == FAMILY_NULL)
		{
			shape.nulls++;
			continue;
		}
		shape.zeros += value == 0;
		shape.min = Min(shape.min, value);
		shape.max = Max(shape.max, value);
	}
	return shape;
}

/*
 * The number of bits that makes the whole shortest: numbers that need more become exceptions, which
 * cost a byte or so for their place and a varint for their upper bits.  Or Rice codes, if shorter.
 */
static Packing
choose_packing(const uint64 *numbers, int n)
{
	int lengths[65] = {0};
	int longest = 0;
	Packing best = {.bits = PG_UINT64_MAX};
	uint64 rice_bits;
	int shift;

	for (int i = 0; i < n; i++)
		lengths[bit_length(numbers[i])]++;
	for (int length = 0; length <= 64; length++)
	{
		if (lengths[length] > 0)
			longest = length;
	}
	for (int width = longest; width >= 0; width--)
	{
		Packing packing = {.width = width, .bits = (uint64) n * width};

		for (int length = width + 1; length <= longest; length++)
		{
			packing.exceptions += lengths[length];
			packing.bits += (uint64) lengths[length] * (8 + 8 * ((length - width + 6) / 7));
		}
		if (packing.bits < best.bits)
			best = packing;
	}
	shift = dbops_rice_choose(numbers, n, &rice_bits);
	/* They take longer to read, so they must be worth it. */
	if (rice_bits < best.bits - best.bits / 32)
		best = (Packing){.width = RICE_WIDTH + shift, .bits = rice_bits};
	return best;
}

static void
put_bits(StringInfo out, const uint64 *numbers, int n, int width)
{
	Size size = ((uint64) n * width + 7) / 8;
	uint64 mask = width == 64 ? PG_UINT64_MAX : (UINT64CONST(1) << width) - 1;
	uint64 pending = 0;
	int npending = 0;
	uint8 *at;

	enlargeStringInfo(out, size + sizeof(uint64));
	at = (uint8 *) out->data + out->len;
	for (int i = 0; i < n; i++)
	{
		uint64 number = numbers[i] & mask;

		/* At most 7 bits wait, so 56 more always fit; a wider number goes in two steps. */
		if (width > 56)
		{
			pending |= (number & 0xFFFFFFFF) << npending;
			for (npending += 32; npending >= 8; npending -= 8, pending >>= 8)
				*at++ = (uint8) pending;
			number >>= 32;
			pending |= number << npending;
			npending += width - 32;
		}
		else
		{
			pending |= number << npending;
			npending += width;
		}
		for (; npending >= 8; npending -= 8, pending >>= 8)
			*at++ = (uint8) pending;
	}
	if (npending > 0)
		*at++ = (uint8) pending;
	out->len += size;
	out->data[out->len] = '\0';
}

static void
get_bits(const uint8 *bytes, Size size, uint64 *numbers, int n, int width)
{
	uint64 mask = width == 64 ? PG_UINT64_MAX : (UINT64CONST(1) << width) - 1;
	uint8 tail[24] = {0};
	Size tail_at = size > 16 ? size - 16 : 0;

	/* The last numbers are read from a copy, so that loading a whole word stays within bounds. */
	memcpy(tail, bytes + tail_at, size - tail_at);
	for (int i = 0; i < n; i++)
	{
		uint64 bit = (uint64) i * width;
		Size offset = bit >> 3;
		int shift = bit & 7;
		const uint8 *from = offset + 9 <= size ? bytes + offset : tail + (offset - tail_at);
		uint64 number = dbops_load_le64(from) >> shift;

		if (shift + width > 64)
			number |= (uint64) from[8] << (64 - shift);
		numbers[i] = number & mask;
	}
}

static void
put_packed_numbers(StringInfo out, const uint64 *numbers, int n, const Packing *packing)
{
	int last = -1;

	appendStringInfoChar(out, (char) packing->width);
	if (packing->width >= RICE_WIDTH)
	{
		dbops_rice_put(out, numbers, n, packing->width - RICE_WIDTH);
		return;
	}
	dbops_put_varint(out, packing->exceptions);
	put_bits(out, numbers, n, packing->width);
	for (int i = 0; i < n && packing->exceptions > 0; i++)
	{
		if (bit_length(numbers[i]) <= packing->width)
			continue;
		dbops_put_varint(out, i - last - 1);
		dbops_put_varint(out, numbers[i] >> packing->width);
		last = i;
	}
}

static void
get_packed_numbers(ByteReader *in, uint64 *numbers, int n)
{
	int width = dbops_reader_byte(in);
	int exceptions;
	Size size;
	uint64 at = 0;

	if (width >= RICE_WIDTH && width <= RICE_WIDTH + RICE_MAX_SHIFT)
	{
		dbops_rice_get(in, numbers, n, width - RICE_WIDTH);
		return;
	}
	exceptions = (int) dbops_reader_count(in, n);
	if (width > 64 || (width == 64 && exceptions > 0))
		dbops_corrupted("a number has too many bits");
	size = ((uint64) n * width + 7) / 8;
	if (width == 0)
		memset(numbers, 0, sizeof(uint64) * n);
	else
		get_bits(dbops_reader_bytes(in, size), size, numbers, n, width);
	for (int i = 0; i < exceptions; i++)
	{
		uint64 gap = dbops_reader_varint(in);

		if (gap >= (uint64) n - at)
			dbops_corrupted("an exception lies beyond the last row");
		at += gap;
		numbers[at++] |= dbops_reader_varint(in) << width;
	}
}
