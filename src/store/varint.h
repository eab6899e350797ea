/*
 * store/varint.h
 *		Variable-length integers: LEB128, zigzag for signed ones, and a reader that never runs over.
 *
 * A file of its own because ticks, columns and chunks are all written with it.  Writing appends to
 * a StringInfo; reading goes through a ByteReader, which raises ERRCODE_DATA_CORRUPTED instead of
 * reading beyond its end.
 */
#pragma once

#include "lib/stringinfo.h"
#include "port/pg_bswap.h"

#define VARINT_MAX_BYTES 10

typedef struct ByteReader
{
	const uint8 *at;
	const uint8 *end;
} ByteReader;

static inline void
dbops_corrupted(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("history data is corrupted"),
	                errdetail_internal("%s", what)));
}

static inline ByteReader
dbops_reader(const void *data, Size size)
{
	return (ByteReader){.at = data, .end = (const uint8 *) data + size};
}

static inline Size
dbops_reader_left(const ByteReader *in)
{
	return (Size) (in->end - in->at);
}

/* The next `size` bytes, stepped over. */
static inline const uint8 *
dbops_reader_bytes(ByteReader *in, uint64 size)
{
	const uint8 *bytes = in->at;

	if (size > dbops_reader_left(in))
		dbops_corrupted("data ends early");
	in->at += size;
	return bytes;
}

static inline uint8
dbops_reader_byte(ByteReader *in)
{
	return *dbops_reader_bytes(in, 1);
}

static inline uint64
dbops_reader_varint(ByteReader *in)
{
	uint64 value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8 byte = dbops_reader_byte(in);

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return value;
	}
	dbops_corrupted("an integer is too long");
	return 0;
}

/* A varint that may not exceed `limit`. */
static inline uint64
dbops_reader_count(ByteReader *in, uint64 limit)
{
	uint64 value = dbops_reader_varint(in);

	if (value > limit)
		dbops_corrupted("a count is out of range");
	return value;
}

/* Eight bytes, the lowest first. */
static inline uint64
dbops_load_le64(const uint8 *bytes)
{
	uint64 word;

	memcpy(&word, bytes, sizeof(word));
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
}

static inline uint64
dbops_zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (uint64) (value < 0 ? -1 : 0);
}

static inline int64
dbops_unzigzag(uint64 value)
{
	return (int64) ((value >> 1) ^ (0 - (value & 1)));
}

static inline int64
dbops_reader_signed(ByteReader *in)
{
	return dbops_unzigzag(dbops_reader_varint(in));
}

static inline void
dbops_put_varint(StringInfo out, uint64 value)
{
	uint8 bytes[VARINT_MAX_BYTES];
	int n = 0;

	while (value >= 0x80)
	{
		bytes[n++] = (uint8) value | 0x80;
		value >>= 7;
	}
	bytes[n++] = (uint8) value;
	appendBinaryStringInfo(out, (const char *) bytes, n);
}

static inline void
dbops_put_signed(StringInfo out, int64 value)
{
	dbops_put_varint(out, dbops_zigzag(value));
}
