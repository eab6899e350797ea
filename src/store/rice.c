/*
 * store/rice.c
 *		Rice codes; see rice.h.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "store/rice.h"

/* Unary codes of numbers beyond this are hopeless, and their sums could overflow. */
#define MAX_NUMBER PG_UINT32_MAX

/* Bits on their way into a StringInfo. */
typedef struct BitWriter
{
	StringInfo out;
	uint64 pending;
	int npending; /* less than 8 between calls */
} BitWriter;

/* At most 32 bits at a time. */
static void
write_bits(BitWriter *writer, uint64 bits, int n)
{
	writer->pending |= bits << writer->npending;
	for (writer->npending += n; writer->npending >= 8; writer->npending -= 8, writer->pending >>= 8)
		appendStringInfoCharMacro(writer->out, (char) (writer->pending & 0xFF));
}

int
dbops_rice_choose(const uint64 *numbers, int n, uint64 *bits)
{
	uint64 sum = 0;
	int middle;
	int best = 0;

	*bits = PG_UINT64_MAX;
	for (int i = 0; i < n; i++)
	{
		if (numbers[i] > MAX_NUMBER)
			return 0;
		sum += numbers[i];
	}
	if (n == 0)
		return 0;
	/* For geometric numbers the best shift is about the binary logarithm of their mean. */
	middle = pg_leftmost_one_pos64(sum / (uint64) n + 1);
	for (int shift = Max(middle - 2, 0); shift <= Min(middle + 1, RICE_MAX_SHIFT); shift++)
	{
		uint64 length = (uint64) n * (uint64) (shift + 1);

		for (int i = 0; i < n; i++)
			length += numbers[i] >> shift;
		if (length < *bits)
		{
			*bits = length;
			best = shift;
		}
	}
	return best;
}

void
dbops_rice_put(StringInfo out, const uint64 *numbers, int n, int shift)
{
	BitWriter writer = {.out = out};
	uint64 mask = (UINT64CONST(1) << shift) - 1;

	for (int i = 0; i < n; i++)
	{
		uint64 ones = numbers[i] >> shift;

		for (; ones >= 31; ones -= 31)
			write_bits(&writer, (UINT64CONST(1) << 31) - 1, 31);
		write_bits(&writer, (UINT64CONST(1) << ones) - 1, (int) ones + 1);
		write_bits(&writer, numbers[i] & mask, shift);
	}
	if (writer.npending > 0)
		write_bits(&writer, 0, 8 - writer.npending);
}

/* The bits from position `bit` on, at least 57 of them; zeros follow the last byte. */
static inline uint64
load_bits(const ByteReader *in, uint64 bit)
{
	Size offset = bit >> 3;
	Size left = dbops_reader_left(in);
	uint8 tail[sizeof(uint64)] = {0};

	if (left - offset >= sizeof(uint64) && offset < left)
		return dbops_load_le64(in->at + offset) >> (bit & 7);
	if (offset < left)
		memcpy(tail, in->at + offset, left - offset);
	return dbops_load_le64(tail) >> (bit & 7);
}

void
dbops_rice_get(ByteReader *in, uint64 *numbers, int n, int shift)
{
	uint64 end = (uint64) dbops_reader_left(in) * 8;
	uint64 mask = (UINT64CONST(1) << shift) - 1;
	uint64 bit = 0;

	for (int i = 0; i < n; i++)
	{
		uint64 ones = 0;
		uint64 word = load_bits(in, bit);

		/* The loop ends at the latest with the zeros behind the input. */
		while ((word & 0xFFFFFFFF) == 0xFFFFFFFF)
		{
			ones += 32;
			bit += 32;
			word = load_bits(in, bit);
		}
		ones += pg_rightmost_one_pos64(~word);
		bit += pg_rightmost_one_pos64(~word) + 1;
		numbers[i] = (ones << shift) | (load_bits(in, bit) & mask);
		bit += shift;
		if (bit > end)
			dbops_corrupted("data ends early");
	}
	dbops_reader_bytes(in, (bit + 7) / 8);
}
