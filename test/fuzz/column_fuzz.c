/*
 * test/fuzz/column_fuzz.c
 *		Columns of integers, in groups or not, of histograms and of texts.
 *
 * The first byte chooses what is read, the next two are the number of rows, the fourth how many
 * make a group.
 *
 * sources: src/store/text_column.c src/store/integer_column.c src/store/histogram_column.c
 * sources: src/store/rice.c src/store/grouped_column.c src/store/frame.c src/store/registry.c
 * sources: src/math/histogram_type.c src/math/histogram.c test/fuzz/families.c
 */
#include "postgres.h"

#include "math/histogram.h"
#include "math/histogram_type.h"
#include "store/histogram_column.h"
#include "store/integer_column.h"
#include "store/rice.h"
#include "store/text_column.h"

#include "families.h"
#include "fuzz.h"

#define HEAD_SIZE 4
#define MAX_ROWS 4096

typedef struct Input
{
	ByteReader in;
	int nrows;
	int group;
	RowGroups groups;
	int64 *values;
} Input;

static void
read_integers(Input *input)
{
	int64 *again = palloc(sizeof(int64) * (input->nrows + 1));
	StringInfoData out;
	ByteReader back;

	dbops_integer_column_get(&input->in, input->values, input->nrows);
	initStringInfo(&out);
	dbops_integer_column_put(&out, input->values, input->nrows);
	back = dbops_reader(out.data, out.len);
	dbops_integer_column_get(&back, again, input->nrows);
	FUZZ_PROVE(dbops_reader_left(&back) == 0);
	FUZZ_PROVE(memcmp(again, input->values, sizeof(int64) * input->nrows) == 0);
}

static void
read_grouped(Input *input)
{
	int64 *like = palloc(sizeof(int64) * (input->nrows + 1));
	int64 *again = palloc(sizeof(int64) * (input->nrows + 1));
	StringInfoData out;
	ByteReader back;

	for (int i = 0; i < input->nrows; i++)
		like[i] = i % 7;
	dbops_grouped_column_get(&input->in, input->values, input->nrows, &input->groups, like);
	initStringInfo(&out);
	dbops_grouped_column_put(&out, input->values, input->nrows, &input->groups, like);
	back = dbops_reader(out.data, out.len);
	dbops_grouped_column_get(&back, again, input->nrows, &input->groups, like);
	FUZZ_PROVE(dbops_reader_left(&back) == 0);
	FUZZ_PROVE(memcmp(again, input->values, sizeof(int64) * input->nrows) == 0);
}

static void
read_histograms(Input *input)
{
	PackedRows rows = {.nrows = input->nrows, .groups = &input->groups};

	dbops_histogram_column_get(&input->in, &rows, CurrentMemoryContext, input->values);
	for (int i = 0; i < input->nrows; i++)
	{
		const Histogram *histogram = dbops_frame_histogram(&input->values[i], 0);

		if (histogram != NULL)
			(void) dbops_histogram_deform(dbops_histogram_form(histogram));
	}
}

static void
read_texts(Input *input)
{
	ColumnText *texts = palloc(sizeof(ColumnText) * (input->nrows + 1));

	dbops_text_column_get(&input->in, texts, input->nrows);
	for (int i = 0; i < input->nrows; i++)
		FUZZ_PROVE(dbops_bytes_hash(texts[i].bytes, texts[i].size) == texts[i].hash);
}

static void
read_rice(Input *input)
{
	dbops_rice_get(&input->in, (uint64 *) input->values, input->nrows,
	               input->group % (RICE_MAX_SHIFT + 1));
}

static void (*const readers[])(Input *input) = {read_integers, read_grouped, read_histograms,
                                                read_texts, read_rice};

/* Groups of so many rows, the last one of the rest. */
static void
make_groups(Input *input)
{
	int64 *sizes = palloc(sizeof(int64) * (input->nrows / input->group + 1));

	for (int row = 0; row < input->nrows; row += input->group)
		sizes[input->groups.ngroups++] = Min(input->group, input->nrows - row);
	input->groups.sizes = sizes;
}

void
fuzz_decode(const uint8 *data, Size size)
{
	Input input = {.in = dbops_reader(data, size)};

	if (size < HEAD_SIZE)
		return;
	input.nrows = (data[1] + 256 * data[2]) % MAX_ROWS;
	input.group = 1 + data[3];
	input.values = palloc(sizeof(int64) * (input.nrows + 1));
	input.in.at += HEAD_SIZE;
	make_groups(&input);
	readers[data[0] % lengthof(readers)](&input);
}

static void
put_head(StringInfo out, int reader, int nrows, int group)
{
	initStringInfo(out);
	appendStringInfoChar(out, (char) reader);
	appendStringInfoChar(out, (char) (nrows % 256));
	appendStringInfoChar(out, (char) (nrows / 256));
	appendStringInfoChar(out, (char) (group - 1));
}

/* A shape of numbers for each encoding. */
static int64
make_number(int shape, int i)
{
	switch (shape)
	{
		case 0:
			return fuzz_below(20) == 0 ? fuzz_below(1000000) : 0;
		case 1:
			return fuzz_below(4) == 0 ? 60 * fuzz_below(100) : FAMILY_NULL;
		case 2:
			return INT64CONST(1000000000000) + i * 1000 + fuzz_below(9);
		case 3:
			return (int64) fuzz_random();
		case 4:
			return (i / 8) % 2 ? i % 7 * 3 : 5;
		default:
			return fuzz_below(3);
	}
}

void
fuzz_seeds(void)
{
	const int nrows = 100;
	const int group = 8;
	Frame *frame = fuzz_frame(&fuzz_families[1], nrows);
	int64 *values = palloc(sizeof(int64) * nrows);
	const char **texts = palloc(sizeof(char *) * nrows);
	Input input = {.nrows = nrows, .group = group};
	StringInfoData out;

	make_groups(&input);
	for (int shape = 0; shape < 6; shape++)
	{
		for (int i = 0; i < nrows; i++)
			values[i] = make_number(shape, i);
		put_head(&out, 0, nrows, group);
		dbops_integer_column_put(&out, values, nrows);
		fuzz_seed(out.data, out.len);
		put_head(&out, 1, nrows, group);
		dbops_grouped_column_put(&out, values, nrows, &input.groups, NULL);
		fuzz_seed(out.data, out.len);
	}
	for (int i = 0; i < nrows; i++)
		values[i] = dbops_frame_row(frame, i)[3];
	put_head(&out, 2, nrows, group);
	dbops_histogram_column_put(&out, values, nrows, &input.groups);
	fuzz_seed(out.data, out.len);
	for (int i = 0; i < nrows; i++)
	{
		texts[i] = dbops_texts_at(frame->texts[i], 1);
		values[i] = dbops_entity_hash(texts[i]);
	}
	put_head(&out, 3, nrows, group);
	dbops_text_column_put(&out, texts, values, nrows);
	fuzz_seed(out.data, out.len);
	for (int i = 0; i < nrows; i++)
		values[i] = fuzz_below(20);
	put_head(&out, 4, nrows, 3);
	dbops_rice_put(&out, (uint64 *) values, nrows, 2);
	fuzz_seed(out.data, out.len);
}
