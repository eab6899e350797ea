/*
 * store/text_column.c
 *		A text label of many entities as bytes; see text_column.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/frame.h"
#include "store/integer_column.h"
#include "store/text_column.h"

typedef struct TextPlace
{
	int64 hash;
	const char *text;
	int row;
} TextPlace;

static int
compare_texts(const TextPlace *a, const TextPlace *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return strcmp(a->text, b->text);
}

static int
compare_places(const void *a, const void *b)
{
	const TextPlace *place_a = a;
	const TextPlace *place_b = b;
	int order = compare_texts(place_a, place_b);

	return order != 0 ? order : place_a->row - place_b->row;
}

/* Sets numbers[row] to the first row that has the same text. */
static void
find_first_rows(const char *const *texts, const int64 *hashes, int nrows, int64 *numbers)
{
	TextPlace *places = palloc_extended(sizeof(TextPlace) * nrows, MCXT_ALLOC_HUGE);

	for (int i = 0; i < nrows; i++)
		places[i] = (TextPlace){.hash = hashes[i], .text = texts[i], .row = i};
	qsort(places, nrows, sizeof(TextPlace), compare_places);
	for (int i = 0; i < nrows; i++)
	{
		bool same = i > 0 && compare_texts(&places[i - 1], &places[i]) == 0;

		numbers[places[i].row] = same ? numbers[places[i - 1].row] : places[i].row;
	}
	pfree(places);
}

void
dbops_text_column_put(StringInfo out, const char *const *texts, const int64 *hashes, int nrows)
{
	int64 *numbers = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	int64 *lengths = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	const char **different = palloc_extended(sizeof(char *) * nrows, MCXT_ALLOC_HUGE);
	int ndifferent = 0;

	find_first_rows(texts, hashes, nrows, numbers);
	for (int i = 0; i < nrows; i++)
	{
		if (numbers[i] != i)
		{
			numbers[i] = numbers[numbers[i]];
			continue;
		}
		different[ndifferent] = texts[i];
		lengths[ndifferent] = (int64) strlen(texts[i]);
		numbers[i] = ndifferent++;
	}

	dbops_put_varint(out, ndifferent);
	dbops_integer_column_put(out, lengths, ndifferent);
	for (int i = 0; i < ndifferent; i++)
		appendBinaryStringInfo(out, different[i], (int) lengths[i]);
	if (ndifferent < nrows)
		dbops_integer_column_put(out, numbers, nrows);
	pfree(numbers);
	pfree(lengths);
	pfree(different);
}

/* The different texts, in an array of `ndifferent`. */
static void
get_different(ByteReader *in, ColumnText *different, int64 *numbers, int ndifferent)
{
	dbops_integer_column_get(in, numbers, ndifferent);
	for (int i = 0; i < ndifferent; i++)
	{
		ColumnText *found = &different[i];

		if (numbers[i] < 0 || numbers[i] > MaxAllocSize)
			dbops_corrupted("a text has no sane length");
		found->size = (int) numbers[i];
		found->bytes = (const char *) dbops_reader_bytes(in, found->size);
		if (memchr(found->bytes, '\0', found->size) != NULL)
			dbops_corrupted("a text contains a zero byte");
		found->hash = dbops_bytes_hash(found->bytes, found->size);
	}
}

void
dbops_text_column_get(ByteReader *in, ColumnText *texts, int nrows)
{
	int ndifferent = (int) dbops_reader_count(in, nrows);
	int64 *numbers;
	ColumnText *different;

	numbers = palloc_extended(sizeof(int64) * nrows, MCXT_ALLOC_HUGE);
	if (ndifferent == nrows)
	{
		get_different(in, texts, numbers, ndifferent);
		pfree(numbers);
		return;
	}
	different = palloc_extended(sizeof(ColumnText) * ndifferent, MCXT_ALLOC_HUGE);
	get_different(in, different, numbers, ndifferent);
	dbops_integer_column_get(in, numbers, nrows);
	for (int i = 0; i < nrows; i++)
	{
		if (numbers[i] < 0 || numbers[i] >= ndifferent)
			dbops_corrupted("a row has a text that its column lacks");
		texts[i] = different[numbers[i]];
	}
	pfree(different);
	pfree(numbers);
}
